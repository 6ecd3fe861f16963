//! What every backend that is handed snapshots implements.

use std::io;

use crate::snapshot::Snapshot;

/// Somewhere snapshots go.
///
/// A backend reads and never resets, so any number of them may read one registry. One that needs differences, as
/// StatsD does, keeps what it sent last by [`SeriesSnapshot::id`](crate::snapshot::SeriesSnapshot::id). A
/// [`Reporter`](crate::Reporter) calls it from a thread of its own, so it may wait, and may fail: it is handed the next
/// snapshot all the same. Those of kit pass the contract suite in `kit_metrics::contract` (feature `testing`); yours
/// can.
///
/// # Examples
/// ```
/// use kit_metrics::{Backend, Snapshot};
///
/// struct Families;
///
/// impl Backend for Families {
///     fn name(&self) -> &'static str {
///         "families"
///     }
///
///     fn export(&mut self, snapshot: &Snapshot) -> std::io::Result<()> {
///         snapshot.families().iter().for_each(|family| println!("{}", family.name()));
///         Ok(())
///     }
/// }
/// ```
pub trait Backend: Send {
    /// A short name, for the counters of the [`Reporter`](crate::Reporter).
    fn name(&self) -> &'static str;

    /// Sends or shows one snapshot.
    ///
    /// # Errors
    /// It could not be sent or shown in full. What must not be lost is sent with the next one.
    fn export(&mut self, snapshot: &Snapshot) -> io::Result<()>;
}

/// A backend that throws everything away. Instruments cost the same with and without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Backend for Discard {
    fn name(&self) -> &'static str {
        "discard"
    }

    fn export(&mut self, _: &Snapshot) -> io::Result<()> {
        Ok(())
    }
}

impl Backend for Box<dyn Backend> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn export(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        (**self).export(snapshot)
    }
}
