//! Events of the ecosystem's other two ways to log, as events of this crate: fields, level and target, under the same
//! levels.
//!
//! Libraries log with the `log` crate or with `tracing`; hyper, tonic and hickory with the latter. A program installs
//! one bridge for each, once. The target, usually the module, is what [`Levels`](crate::Levels) go by, and is printed
//! as the pair `target`.

#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "tracing")]
pub mod tracing;

use std::fmt;

use slog::{BorrowedKV, KV, RecordLocation, RecordStatic, SingleKV};

use crate::level::Level;
use crate::logger::Logger;

/// An event as the other side describes it.
struct Foreign<'a> {
    level: Level,
    target: &'a str,
    file: Option<&'static str>,
    line: Option<u32>,
    module: Option<&'static str>,
}

impl Foreign<'_> {
    /// Prints the event, which its levels let pass.
    fn print(&self, log: &Logger, message: &fmt::Arguments<'_>, fields: impl KV) {
        let location = RecordLocation {
            file: self.file.unwrap_or_default(),
            line: self.line.unwrap_or_default(),
            column: 0,
            function: "",
            module: self.module.unwrap_or_default(),
        };
        let fixed = RecordStatic { location: &location, tag: "", level: self.level.to_slog() };
        // slog's order: what comes last is printed first.
        let pairs = (fields, SingleKV::from(("target", self.target)));
        log.print(&slog::Record::new(&fixed, message, BorrowedKV(&pairs)));
    }
}
