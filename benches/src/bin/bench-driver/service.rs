//! What the instances do, and what the callers ask for.

use kit::log::{Config, Level, Logger};
use kit::{Error, Method};
use serde::{Deserialize, Serialize};

/// What it is called where it is announced.
pub(crate) const SERVICE: &str = "bench";

/// For calls that may be made twice.
pub(crate) static EXECUTE: Method = Method::new(SERVICE, "execute").path("/execute").idempotent();

/// The same operation, for calls that may not.
pub(crate) static EXECUTE_ONCE: Method = Method::new(SERVICE, "execute_once").path("/execute");

/// Makes an instance slow or failing, or well again.
pub(crate) static FAULT: Method = Method::new(SERVICE, "fault").path("/fault").idempotent();

/// A call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Execute {
    pub(crate) id: String,
}

/// Who executed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) instance: String,
}

/// What is wrong with an instance: nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fault {
    /// How long each call takes, in milliseconds.
    pub(crate) delay_ms: u64,
    /// The share of calls that fail, within `[0.0, 1.0]`.
    pub(crate) fail_ratio: f64,
}

impl Fault {
    pub(crate) const LONGEST_MS: u64 = 600_000;
}

/// What is out of the ordinary, to stderr: a line for each call would be a second ledger.
pub(crate) fn log() -> Result<Logger, Error> {
    Config { level: Level::Warn.into(), ..Config::default() }.logger(std::io::stderr()).map_err(Error::bug)
}
