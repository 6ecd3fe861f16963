use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use super::part::{Story, story};
use super::parts::Parts;
use super::{Event, Limits, Part};
use crate::error::Error;
use crate::health::Health;
use crate::observer::Observer;

/// Starts the parts of an app in order, and stops them in reverse. See the [module](super) for the rules.
#[must_use = "it does nothing until it is run"]
pub struct Lifecycle {
    parts: Vec<Planned>,
    limits: Limits,
    notice: Duration,
    health: Option<Health>,
    observer: Arc<dyn Observer<Event>>,
    force: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A part that has not been started.
pub(super) struct Planned {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    /// Those of the lifecycle, if it has none.
    limits: Option<Limits>,
    pub(super) story: Story,
}

/// What a part is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Part,
    Job,
    Announcement,
}

/// How a lifecycle ended that no part failed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Whether everything was cut off at once.
    pub forced: bool,
    /// The parts that were cut off, because they took longer than they may or because it was forced.
    pub aborted: Vec<Arc<str>>,
    /// The parts that were cut off and had not ended a second later, because they block their thread. They end with the process.
    pub stuck: Vec<Arc<str>>,
}

impl Stopped {
    /// Whether every part came to an end of its own.
    pub fn is_clean(&self) -> bool {
        !self.forced && self.aborted.is_empty() && self.stuck.is_empty()
    }
}

impl Lifecycle {
    /// Without parts.
    pub fn new() -> Self {
        Self {
            parts: Vec::new(),
            limits: Limits::default(),
            notice: Duration::ZERO,
            health: None,
            observer: Arc::new(()),
            force: Box::pin(std::future::pending()),
        }
    }

    /// Adds a part, which runs, on a task of its own, until it is asked to stop: one that ends before that has failed. See
    /// [`Part`].
    ///
    /// It is dropped at its next await when a limit has passed, when everything is forced, and when the run is dropped.
    pub fn part<F, Fut>(self, name: impl Into<Arc<str>>, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.add(name.into(), Kind::Part, None, story(run))
    }

    /// Adds a part with limits of its own.
    pub fn part_within<F, Fut>(self, name: impl Into<Arc<str>>, limits: Limits, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.add(name.into(), Kind::Part, Some(limits), story(run))
    }

    /// Adds a part that may end by itself: a migration, a warm-up, a batch. Its end counts as ready, if it has not said so before.
    ///
    /// A lifecycle of jobs alone ends with the last of them.
    pub fn job<F, Fut>(self, name: impl Into<Arc<str>>, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.add(name.into(), Kind::Job, None, story(run))
    }

    /// Adds a job with limits of its own.
    pub fn job_within<F, Fut>(self, name: impl Into<Arc<str>>, limits: Limits, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.add(name.into(), Kind::Job, Some(limits), story(run))
    }

    /// Adds a part that tells others that this app is there. Wherever it is added, it starts once all other parts are ready and
    /// the start gate is open, and is asked to stop before the [notice](Self::notice): who hears of it goes elsewhere while
    /// everything goes on.
    pub fn announcement<F, Fut>(self, name: impl Into<Arc<str>>, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.add(name.into(), Kind::Announcement, None, story(run))
    }

    /// The limits of the parts that have none of their own, whenever they are added. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long everything goes on after readiness is refused, for load balancers to notice. Default 0: who is told by a registrar
    /// or by GOAWAY needs no such wait; behind a balancer that probes, it is the probe's interval times its failures.
    pub fn notice(mut self, notice: Duration) -> Self {
        self.notice = notice;
        self
    }

    /// Whose start gate is opened when all parts are ready, before the first announcement, and whose readiness is closed as the first step of a stop, and when
    /// the run is dropped. Default: none.
    pub fn health(mut self, health: &Health) -> Self {
        self.health = Some(health.clone());
        self
    }

    /// Who is told of each step of each part. Default: nobody.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// What cuts everything off at once, whenever it comes: the second signal. Default: nothing does.
    pub fn force(mut self, second: impl Future<Output = ()> + Send + 'static) -> Self {
        self.force = Box::pin(second);
        self
    }

    /// Starts the parts, runs until `shutdown` or until a part fails, and stops them.
    ///
    /// # Errors
    /// `InvalidArgument` before anything is started, for a lifecycle without parts, two parts of one name, a limit out of its range.
    /// Else the error of the part that failed first, under its id and its code, with the part's name in the line and a
    /// [`PartFailed`](super::PartFailed) as the cause; the others are told to the observer.
    ///
    /// # Panics
    /// Outside a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the run cuts every part off: its task is dropped at its next await. Nothing is asked to stop in order.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<Stopped, Error> {
        self.check()?;
        let Self { parts: mut planned, limits, notice, health, observer, mut force } = self;
        planned.sort_by_key(|part| part.kind == Kind::Announcement);
        let mut parts = Parts::new(health, notice, observer);
        let planned = planned.into_iter().map(|part| (part.limits.unwrap_or(limits), part));
        let forced = {
            // What it has done is kept in `parts`, also when it is dropped half way.
            let orderly = pin!(parts.run(planned, shutdown));
            tokio::select! {
                biased;
                () = &mut force => true,
                () = orderly => false,
            }
        };
        if forced {
            parts.force().await;
        }
        parts.result(forced)
    }

    fn add(mut self, name: Arc<str>, kind: Kind, limits: Option<Limits>, story: Story) -> Self {
        self.parts.push(Planned { name, kind, limits, story });
        self
    }

    fn check(&self) -> Result<(), Error> {
        if self.parts.is_empty() {
            return Err(Error::invalid_argument("a lifecycle without parts"));
        }
        for (index, part) in self.parts.iter().enumerate() {
            part.limits.as_ref().unwrap_or(&self.limits).check(&part.name)?;
            if self.parts[..index].iter().any(|other| other.name == part.name) {
                return Err(Error::invalid_argument(format!("two parts are named {:?}", part.name)));
            }
        }
        Ok(())
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parts.iter().map(|part| &part.name).collect();
        f.debug_struct("Lifecycle")
            .field("parts", &names)
            .field("limits", &self.limits)
            .field("notice", &self.notice)
            .finish_non_exhaustive()
    }
}
