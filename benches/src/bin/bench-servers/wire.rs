//! What the servers speak: who is measured, with what load, and beside whom.

use std::fmt;

use crate::subject::{RAW, TONIC};

/// The first word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Http,
    Grpc,
}

impl Wire {
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "http" => Some(Self::Http),
            "grpc" => Some(Self::Grpc),
            _ => None,
        }
    }

    /// Whom the others are compared with.
    pub(crate) fn baseline(self) -> &'static str {
        match self {
            Wire::Http => RAW,
            Wire::Grpc => TONIC,
        }
    }

    /// How the load comes.
    pub(crate) fn load(self) -> &'static str {
        match self {
            Wire::Http => "64 connections with one request in flight each",
            Wire::Grpc => "8 connections with 8 calls in flight each (h2load)",
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wire::Http => "http",
            Wire::Grpc => "grpc",
        })
    }
}
