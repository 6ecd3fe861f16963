use std::fmt;
use std::mem::discriminant;

use kit_core::Error;
use tokio::time::{Instant, sleep_until};

use crate::instances::Instances;
use crate::policy::{NoInstances, Policy};
use crate::state::State;
use crate::subscription::{Stopped, Subscription};

/// The set as one consumer may use it: its [`Policy`] applied to the state of the source.
///
/// A clone is a consumer of its own with the same policy.
#[derive(Clone)]
pub struct View {
    subscription: Subscription,
    policy: Policy,
    given: Option<Given>,
}

/// What was last waited for: enough of it to tell whether another answer says something else.
#[derive(Clone)]
struct Given {
    verdict: Result<Instances, std::mem::Discriminant<NoInstances>>,
}

impl View {
    pub(crate) fn new(subscription: Subscription, policy: Policy) -> Result<Self, Error> {
        Ok(Self { subscription, policy: policy.check()?, given: None })
    }

    /// Whom to call now: never an empty set.
    ///
    /// # Errors
    /// [`NoInstances`]: nobody yet, nobody any more, or nobody who could be trusted to be there still.
    pub fn instances(&self) -> Result<Instances, NoInstances> {
        self.subscription.serve(&self.policy, Instant::now()).0
    }

    /// Waits until [`instances`](Self::instances) says something else than when last waited for, by a change of the state or
    /// because its time is up; the first wait gives what it says now. Then gives it: of several changes nobody saw, the latest.
    ///
    /// Two reasons to call nobody differ if their kinds do; an older age, or another failure, is not something else.
    ///
    /// # Errors
    /// [`Stopped`] once the instancer has stopped and what it knew last was given. What [`instances`](Self::instances)
    /// says may still change as its time runs out.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait loses no change.
    pub async fn changed(&mut self) -> Result<Result<Instances, NoInstances>, Stopped> {
        loop {
            match self.news() {
                Ok(verdict) => return Ok(verdict),
                Err(None) => self.subscription.changed().await.map(drop)?,
                Err(Some(until)) => tokio::select! {
                    changed = self.subscription.changed() => changed.map(drop)?,
                    () = sleep_until(until) => {}
                },
            }
        }
    }

    /// The same once the instancer has stopped: what time alone still changes, and for ever nothing after that.
    pub(crate) async fn outlived(&mut self) -> Result<Instances, NoInstances> {
        loop {
            match self.news() {
                Ok(verdict) => return verdict,
                Err(None) => std::future::pending().await,
                Err(Some(until)) => sleep_until(until).await,
            }
        }
    }

    /// What it says now, if that is something else than what was given last; else until when that holds, if time changes it.
    fn news(&mut self) -> Result<Result<Instances, NoInstances>, Option<Instant>> {
        let (verdict, until) = self.subscription.serve(&self.policy, Instant::now());
        let given = Given::of(&verdict);
        if self.given.as_ref() == Some(&given) {
            return Err(until);
        }
        self.given = Some(given);
        Ok(verdict)
    }

    /// The service, as the source calls it.
    pub fn service(&self) -> &str {
        self.subscription.service()
    }

    /// The state behind it: generation, error, age and the rest.
    pub fn state(&self) -> State {
        self.subscription.state()
    }

    /// Its policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }
}

impl Given {
    fn of(verdict: &Result<Instances, NoInstances>) -> Self {
        Self { verdict: verdict.clone().map_err(|reason| discriminant(&reason)) }
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        self.verdict == other.verdict
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("subscription", &self.subscription)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
