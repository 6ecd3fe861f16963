use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_core::sources::Random;
use kit_core::{Context, Error, Outcome, Retry};

use super::{Config, Why};
use crate::budget::Budget;

/// What [`RetryLayer::decide`](super::RetryLayer::decide) says of a failed attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// What the error's hint and the method allow.
    ByRule,
    /// Again, whatever they allow: within attempts, deadline and budget all the same.
    Again,
    /// No more: the error is the answer.
    Stop,
    /// No more, and this is the answer.
    StopWith(Error),
}

/// What a repeat costs after a time-out. The attempt may still run where it was sent, and whoever is in between has waited and
/// perhaps repeated as well: in a chain, a leaf that hangs is not known as such by anybody above.
const TIMED_OUT: u32 = 2;

pub(super) type Decide = Arc<dyn Fn(u32, &Error) -> Verdict + Send + Sync>;

/// What a layer decides with, besides its settings.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) budget: Budget,
    pub(super) random: Arc<dyn Random>,
    pub(super) decide: Option<Decide>,
}

/// What follows a failed attempt.
pub(super) enum Next {
    Again(Duration),
    No(Why),
    /// And another answer.
    Answer(Error),
}

impl Plan {
    /// Called once for each failed attempt, right after it: `cx` has just been stamped.
    pub(super) fn after(&self, cx: &Context, config: &Config, failed: u32, error: &Error) -> Next {
        let verdict = self.decide.as_ref().map_or(Verdict::ByRule, |decide| decide(failed, error));
        match verdict {
            Verdict::Again => {}
            Verdict::ByRule if error.retry().permits(is_idempotent(cx)) => {}
            Verdict::ByRule => return Next::No(Why::Unrepeatable),
            Verdict::Stop => return Next::No(Why::Decided),
            Verdict::StopWith(error) => return Next::Answer(error),
        }
        if failed >= config.attempts {
            return Next::No(Why::Attempts);
        }
        let pause = match error.retry() {
            Retry::After(asked) if asked > config.max_asked_pause => return Next::No(Why::Pause),
            Retry::After(asked) => asked + self.drawn(config, failed, error),
            _ => self.drawn(config, failed, error),
        };
        if cx.remaining().is_some_and(|left| left <= pause) {
            return Next::No(Why::Deadline);
        }
        let cost = if error.outcome() == Outcome::TimedOut { TIMED_OUT } else { 1 };
        if !self.budget.spend(cx.now(), cost) {
            return Next::No(Why::Budget);
        }
        Next::Again(pause)
    }

    fn drawn(&self, config: &Config, failed: u32, error: &Error) -> Duration {
        let limit = config.limit(failed);
        match error.outcome() {
            Outcome::Rejected => limit / 2 + self.random.jitter(limit / 2),
            _ => self.random.jitter(limit),
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// A call that nobody has named may do anything.
fn is_idempotent(cx: &Context) -> bool {
    cx.method().is_some_and(|method| method.is_idempotent())
}
