use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::supervisor::{Publish, Supervisor};
use super::ward::State;
use super::{Care, Pulse, Restart, Ward};
use crate::error::Error;
use crate::observer::Observer;
use crate::sources::{Random, ThreadRandom};
use crate::task::Owned;

/// Keeps a task alive: starts it again when it falls silent, returns, fails or panics. Dropping it stops the task.
///
/// It never gives up, since what a ward needs may return at any time; between two starts it pauses as [`Restart`] says. There is
/// never more than one ward: one that blocks its thread cannot be stopped, and is not replaced but reported
/// ([`Care::Ending`](super::Care::Ending), an unhealthy [`Ward`]).
///
/// A ward is stopped at its next await, by dropping it. What must come to an end of its own (a message half handled, a file
/// half written) belongs into a part of a [`Lifecycle`](crate::Lifecycle), which is told first.
///
/// ```
/// use std::time::Duration;
/// use kit_core::heartbeat::{Pulse, Steward};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
/// let steward = Steward::of("poller").start(async |pulse: Pulse| {
///     let mut rhythm = pulse.every(Duration::from_secs(1))?;
///     for _page in 0..100 {
///         pulse.unit();
///         rhythm.wait(tokio::time::sleep(Duration::from_secs(60))).await;
///     }
///     Ok(()) // starts again
/// })?;
/// let ward = steward.ward(); // for health: it is a check
/// assert_eq!(ward.restarts(), 0);
/// assert!(steward.stop(Duration::from_secs(1)).await);
/// # Ok(()) }
/// ```
///
/// # Source
/// "Concurrency in Go", chapter 5, "Healing unhealthy goroutines".
#[derive(Debug)]
#[must_use = "dropping it stops its ward"]
pub struct Steward {
    state: watch::Receiver<State>,
    stop: watch::Sender<bool>,
    task: Owned<()>,
}

impl Steward {
    /// A steward of this name, for events.
    pub fn of(name: impl Into<Arc<str>>) -> StewardBuilder {
        StewardBuilder {
            name: name.into(),
            restart: Restart::default(),
            random: Arc::new(ThreadRandom),
            observer: Arc::new(()),
        }
    }

    /// How the ward is; for health, and for whoever waits for a change.
    pub fn ward(&self) -> Ward {
        Ward::new(self.state.clone())
    }

    /// Stops the ward and waits for its end, at most this long; whether it ended. One that blocks its thread does not.
    ///
    /// # Cancel safety
    /// Dropping the wait leaves the ward stopped, as dropping the steward does.
    pub async fn stop(mut self, within: Duration) -> bool {
        self.stop.send_replace(true);
        timeout(within, &mut self.task).await.is_ok()
    }
}

/// The settings of a [`Steward`]. Made by [`Steward::of`].
pub struct StewardBuilder {
    name: Arc<str>,
    restart: Restart,
    random: Arc<dyn Random>,
    observer: Arc<dyn Observer<Restarting>>,
}

/// A ward is about to start again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Restarting {
    /// The name of its steward.
    pub steward: Arc<str>,
    /// Why: its own error, a panic, or a [`NoPulse`](super::NoPulse).
    pub cause: Error,
    /// The pause before it.
    pub pause: Duration,
    /// How often it was started again, this time counted: `kit_restarts_total`.
    pub restarts: u64,
}

impl StewardBuilder {
    /// When to restart, and how fast. Default: [`Restart::default`].
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Where the jitter of the pauses comes from. Default: [`ThreadRandom`].
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Who is told of restarts. Default: nobody.
    pub fn observer(mut self, observer: impl Observer<Restarting> + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Starts the ward that `make` makes, on a task of its own, and a task that watches it.
    ///
    /// `make` is called for every start, with a pulse of that start.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range.
    ///
    /// # Panics
    /// Outside a tokio runtime with timers.
    pub fn start<M, F>(self, make: M) -> Result<Steward, Error>
    where
        M: FnMut(Pulse) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let Self { name, restart, random, observer } = self;
        restart.check()?;
        let (pulse, watcher) = Pulse::watched(&restart);
        let (publish, state) =
            watch::channel(State { care: Care::Running, restarts: 0, cause: None, watcher: watcher.clone() });
        let (stop, asked) = watch::channel(false);
        let supervisor = Supervisor { name, make, restart, random, observer, asked, state: Publish(publish) };
        let task = Owned::spawn(supervisor.run(pulse, watcher));
        Ok(Steward { state, stop, task })
    }
}

impl fmt::Debug for StewardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StewardBuilder")
            .field("name", &self.name)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}
