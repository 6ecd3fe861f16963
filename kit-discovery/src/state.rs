use std::sync::Arc;
use std::time::Duration;

use kit_core::Error;
use tokio::time::Instant;

use crate::answer::Skipped;
use crate::instances::Instances;

/// What discovery knows of one service: the last good set, how good it still is, and what is wrong.
///
/// A failing source changes the error and the age, never the set. A clone is a few counted references.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(crate) generation: u64,
    pub(crate) instances: Option<Instances>,
    pub(crate) last_full: Option<Instances>,
    pub(crate) empty_since: Option<Instant>,
    pub(crate) answered_at: Option<Instant>,
    pub(crate) error: Option<Error>,
    pub(crate) failing_since: Option<Instant>,
    pub(crate) skipped: Arc<[Skipped]>,
    pub(crate) skipped_count: usize,
    pub(crate) totals: Totals,
}

/// What has happened since the source was started. Each only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Answers of the source, those that say nothing has changed with them.
    pub answers: u64,
    /// Failures: of the source, and of answers in which nothing could be read.
    pub failures: u64,
    /// Answers that said that nobody answers for the service.
    pub empty: u64,
    /// Entries that were skipped because they name no instance.
    pub skipped: u64,
}

impl State {
    /// How many different sets there have been: 0 before the first, and one more with each that differs from the last. A
    /// failure, and the same set again, leave it as it is.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The set that the source gave last, perhaps empty; none before it gave one. It outlives every failure.
    ///
    /// A consumer that should bridge an empty answer or refuse a stale set reads a [`View`](crate::View) instead.
    pub fn instances(&self) -> Option<&Instances> {
        self.instances.as_ref()
    }

    /// The last set with somebody in it: what is served while an empty answer is not yet believed.
    pub fn last_full(&self) -> Option<&Instances> {
        self.last_full.as_ref()
    }

    /// What the source last failed with; none while it works.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// How old the set may be: how long the source has been failing; zero while it works.
    pub fn age(&self, now: Instant) -> Duration {
        self.failing_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// How long the source has been saying that nobody answers; none while somebody does, and before its first answer.
    pub fn empty_for(&self, now: Instant) -> Option<Duration> {
        self.empty_since.map(|since| now.saturating_duration_since(since))
    }

    /// When the source last answered, if only that nothing has changed.
    pub fn answered_at(&self) -> Option<Instant> {
        self.answered_at
    }

    /// What the last answer held that names no instance: the first few ([`Answer::NAMED`](crate::Answer::NAMED)), with the
    /// reason.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many entries of the last answer were skipped.
    pub fn skipped_count(&self) -> usize {
        self.skipped_count
    }

    /// What has happened so far, for counters.
    pub fn totals(&self) -> Totals {
        self.totals
    }
}
