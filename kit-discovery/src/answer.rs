use std::fmt;

use kit_core::Instance;

use crate::malformed::{Malformed, Shown};

/// What a source has to say of its service: who answers for it, or that nothing has changed.
///
/// It is always the complete set. What could not be read stands beside it, so that one bad entry hides no good one.
#[derive(Clone, Debug)]
pub struct Answer(pub(crate) Option<Found>);

/// A complete set and what had to be left out of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) instances: Vec<Instance>,
    pub(crate) skipped: Vec<Skipped>,
    /// With those that are not named in `skipped`.
    pub(crate) count: usize,
}

/// An entry that names no instance, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// What the source calls it: a key, a line, a record. Quoted, escaped and cut to a line.
    pub item: String,
    /// Why it is no instance.
    pub reason: String,
}

impl Answer {
    /// Entries of one answer that are named; of the rest only the number is known.
    pub const NAMED: usize = 8;

    /// These answer, and nobody else.
    pub fn new(instances: impl IntoIterator<Item = Instance>) -> Self {
        Self(Some(Found { instances: instances.into_iter().collect(), ..Found::default() }))
    }

    /// The source is well, and what it said last still holds.
    pub fn unchanged() -> Self {
        Self(None)
    }

    /// With what `item` turned out to be: one more instance, or one more that was skipped.
    ///
    /// Of an answer that says nothing has changed, it makes one that holds this alone.
    pub fn with(mut self, item: &str, read: Result<Instance, Malformed>) -> Self {
        self.add(item, read);
        self
    }

    /// As [`with`](Self::with), in place.
    pub fn add(&mut self, item: &str, read: Result<Instance, Malformed>) {
        let found = self.0.get_or_insert_default();
        match read {
            Ok(instance) => found.instances.push(instance),
            Err(malformed) => found.skip(item, malformed),
        }
    }
}

impl Found {
    pub(crate) fn skip(&mut self, item: &str, why: Malformed) {
        self.count += 1;
        if self.skipped.len() < Answer::NAMED {
            self.skipped.push(Skipped { item: Shown(item).to_string(), reason: why.to_string() });
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.item, self.reason)
    }
}
