//! The two clocks this crate reads, behind one trait so that a test can set them.
//!
//! The wall clock dates lines; the monotonic one measures windows, because the wall clock jumps.

// The one module that reads the machine's clock. There is no tokio here to pause: a test passes its own `Clock`.
#![allow(clippy::disallowed_types)]

use std::panic::RefUnwindSafe;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// Where a drain reads the time.
pub trait Clock: Send + Sync + RefUnwindSafe + 'static {
    /// The date of an event.
    fn wall(&self) -> SystemTime;

    /// Time since some fixed moment, never less than it was.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks: what a drain reads unless told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
