use std::sync::Arc;

use kit_core::{Error, Instance};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::overview::{Known, Link};
use crate::backoff::Pauses;
use crate::balance::Candidate;
use crate::check::Tally;
use crate::trouble::Trouble;

/// One instance and its channel, from the first attempt to make it to its end.
pub(super) struct Member<C> {
    pub(super) instance: Arc<Instance>,
    pub(super) stage: Stage<C>,
    /// It came beside others.
    pub(super) late: bool,
    pub(super) attempts: u32,
    /// What making its channel last failed with.
    pub(super) error: Option<Error>,
    pub(super) pauses: Pauses,
    pub(super) trouble: Trouble,
    /// What its checks say, once one has been answered.
    pub(super) tally: Option<Tally>,
    pub(super) errand: Option<AbortHandle>,
}

pub(super) enum Stage<C> {
    /// There is no channel yet.
    Making,
    /// There is one, and its first check is out.
    Trying { channel: Arc<C> },
    /// It is in the set.
    In { channel: Arc<C>, candidate: Arc<Candidate> },
    /// It has left the set, and its calls go on.
    Draining { channel: Arc<C>, candidate: Arc<Candidate>, until: Option<Instant> },
    /// Its channel is being closed.
    Closing {
        /// Calls that had not ended.
        cut: u32,
    },
}

impl<C> Member<C> {
    pub(super) fn new(instance: Arc<Instance>, late: bool, pauses: Pauses) -> Self {
        Self {
            instance,
            stage: Stage::Making,
            late,
            attempts: 0,
            error: None,
            pauses,
            trouble: Trouble::default(),
            tally: None,
            errand: None,
        }
    }

    /// As discovery describes it now.
    pub(super) fn describe(&mut self, instance: &Arc<Instance>) {
        if Arc::ptr_eq(&self.instance, instance) {
            return;
        }
        self.instance = Arc::clone(instance);
        if let Stage::In { candidate, .. } = &mut self.stage {
            *candidate = Arc::new(candidate.described(Arc::clone(instance)));
        }
    }

    /// What runs for it is not wanted any more.
    pub(super) fn stop(&mut self) {
        if let Some(errand) = self.errand.take() {
            errand.abort();
        }
    }

    /// Whether it is that instance: the same id at the same address.
    pub(super) fn is(&self, instance: &Instance) -> bool {
        self.instance.id == instance.id && self.instance.address == instance.address
    }

    /// What calls need, if it is in the set.
    pub(super) fn ready(&self) -> Option<(Arc<Candidate>, Arc<C>)> {
        match &self.stage {
            Stage::In { channel, candidate } => Some((Arc::clone(candidate), Arc::clone(channel))),
            _ => None,
        }
    }

    /// What is to be known of it outside.
    pub(super) fn known(&self) -> Known {
        let (link, candidate) = match &self.stage {
            Stage::Making => (Link::Making { attempts: self.attempts, error: self.error.clone() }, None),
            Stage::Trying { .. } => (Link::Trying, None),
            Stage::In { candidate, .. } => (Link::Made, Some(Arc::clone(candidate))),
            Stage::Draining { candidate, until, .. } => (Link::Draining { until: *until }, Some(Arc::clone(candidate))),
            Stage::Closing { .. } => (Link::Closing, None),
        };
        let failing = self.tally.as_ref().and_then(Tally::failing).cloned();
        Known { instance: Arc::clone(&self.instance), candidate, link, failing }
    }
}
