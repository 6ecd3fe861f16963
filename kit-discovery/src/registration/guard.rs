use std::fmt;
use std::sync::Arc;

use kit_core::recover::Contained;
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Code, Error, Instance, Observer};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::{Config, Event, Keeper, task};

/// An instance that is announced for as long as this is held.
///
/// Dropped, it is withdrawn in the background as far as the runtime lasts: a task outlives it by at most
/// [`Config::withdraw`]. A shutdown calls [`withdraw`](Self::withdraw), which waits for that.
#[must_use = "dropping it withdraws the instance"]
pub struct Registration {
    instance: Arc<Instance>,
    standing: watch::Receiver<Standing>,
    /// Dropped or sent, it ends the task.
    end: Option<oneshot::Sender<()>>,
}

/// How an instance stands in its registry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Standing {
    /// It is being announced for the first time.
    Announcing,
    /// It is registered.
    #[non_exhaustive]
    Registered {
        /// How often it was announced: 1 at first, and one more with each loss.
        times: u64,
    },
    /// It is not, or may not be; it is announced again until it is.
    #[non_exhaustive]
    Lost {
        /// Since when.
        since: Instant,
        /// Why, or why the last attempt failed.
        error: Error,
    },
    /// It was withdrawn.
    Withdrawn,
    /// It was to be withdrawn and could not be: it stays until the registry's own time limit.
    #[non_exhaustive]
    Left {
        /// Why.
        error: Error,
    },
    /// It could not be announced in the first place.
    #[non_exhaustive]
    Failed {
        /// Why.
        error: Error,
    },
}

/// A [`Registration`] that is not announced yet.
pub struct Builder<K> {
    pub(super) service: Arc<str>,
    pub(super) instance: Arc<Instance>,
    pub(super) keeper: K,
    pub(super) config: Config,
    pub(super) observer: Arc<dyn Observer<Event>>,
    pub(super) random: Arc<dyn Random>,
}

impl Registration {
    /// Of `instance` for `service`, by what `keeper` does in its registry.
    pub fn of<K: Keeper>(service: impl Into<Arc<str>>, instance: Instance, keeper: K) -> Builder<K> {
        Builder {
            service: service.into(),
            instance: Arc::new(instance),
            keeper,
            config: Config::default(),
            observer: Arc::new(()),
            random: Arc::new(ThreadRandom),
        }
    }

    /// What is announced.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// How it stands now.
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// How it stands, now and later; it closes after the last.
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Withdraws it, within [`Config::withdraw`].
    ///
    /// # Errors
    /// It may still be registered, until the registry's own time limit: `DeadlineExceeded`, or what the registry said.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the withdrawal to go on in the background.
    pub async fn withdraw(mut self) -> Result<(), Error> {
        drop(self.end.take());
        self.ended().await
    }

    /// Waits for the end of the task.
    async fn ended(&mut self) -> Result<(), Error> {
        while self.standing.changed().await.is_ok() {}
        match &*self.standing.borrow() {
            Standing::Withdrawn => Ok(()),
            Standing::Left { error } | Standing::Failed { error } => Err(error.clone()),
            _ => Err(Error::new(Code::Cancelled, "the runtime ended before the instance was withdrawn")),
        }
    }
}

impl<K: Keeper> Builder<K> {
    /// With these settings.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Tells `observer` what becomes of it; if it panics, that is a bug, and the registration goes on.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(Contained(observer));
        self
    }

    /// With pauses jittered by `random`.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Spawns the task, and waits until the instance is announced.
    ///
    /// # Errors
    /// It could not be: `InvalidArgument` for a setting out of its range, `DeadlineExceeded` after [`Config::announce`], or
    /// what the registry said. It was withdrawn again, as far as it could be; nothing tries again.
    ///
    /// # Cancel safety
    /// Dropping the future withdraws what it may have announced, in the background.
    pub async fn start(mut self) -> Result<Registration, Error> {
        self.config = self.config.check()?;
        let instance = Arc::clone(&self.instance);
        let (tell, standing) = watch::channel(Standing::Announcing);
        let (end, ended) = oneshot::channel();
        // Not a task that is stopped with its owner: it has the instance to withdraw first, and a bound for that.
        tokio::spawn(task::run(self, tell, ended));
        let mut registration = Registration { instance, standing, end: Some(end) };
        let known = |standing: &Standing| !matches!(standing, Standing::Announcing);
        let first = registration.standing.wait_for(known).await.map(|standing| standing.clone());
        if matches!(first, Ok(Standing::Registered { .. } | Standing::Lost { .. })) {
            return Ok(registration);
        }
        match registration.ended().await {
            Err(error) => Err(error),
            Ok(()) => Err(Error::new(Code::Cancelled, "the runtime ended before the instance was announced")),
        }
    }
}

impl Standing {
    /// Whether it is registered, as far as is known.
    pub fn is_registered(&self) -> bool {
        matches!(self, Standing::Registered { .. })
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("instance", &self.instance).field("standing", &self.standing()).finish()
    }
}

impl<K> fmt::Debug for Builder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service", &self.service)
            .field("instance", &self.instance)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
