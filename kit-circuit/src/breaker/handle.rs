use std::sync::Arc;

use kit_core::{Gate, GateState};
use tokio::sync::watch;
use tokio::time::Instant;

use super::shared::Shared;
use super::{Config, Mode, Reason, State, Status};
use crate::config::ConfigError;
use crate::counts::Counts;

/// Reads a breaker, and sets it. Clones are of one breaker, and so are the endpoints of its layer.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// How it stands. Nothing runs in the background: a breaker whose open time is over is open until the next call comes.
    pub fn state(&self) -> State {
        self.0.read().0.state()
    }

    /// How it stands, since when, until when, and why.
    pub fn status(&self) -> Status {
        *self.0.status().borrow()
    }

    /// Why it last opened; kept when it closes.
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason()
    }

    /// What went through since it was made. A call is counted, as admitted too, when it has ended: counting it twice would cost as much as
    /// all else that a call pays here. Nothing is counted while it is [disabled](State::Disabled).
    pub fn stats(&self) -> Counts {
        self.0.counts()
    }

    /// How often it has opened by itself: closed before, or half-open.
    pub fn opened(&self) -> u64 {
        self.0.opened()
    }

    /// Every change from now on; of several that nobody looked at, the latest. Ends with the breaker.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.0.status().subscribe()
    }

    /// The settings it goes by.
    pub fn config(&self) -> Config {
        self.0.config()
    }

    /// Goes by other settings from now on. What was counted is kept: of a window of another size, as if it had just come. An open
    /// breaker stays open, for as long as it was to, and one that is forced stays so.
    ///
    /// # Errors
    /// [`ConfigError`] as for a new breaker; nothing has changed then.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config)
    }

    /// Takes the decision out of its hands, or gives it back. A breaker that was forced open then sends probes before it closes; one that
    /// was forced closed, or disabled, is closed.
    pub fn force(&self, mode: Mode) {
        self.0.force(mode);
    }

    /// Closes it, unless it is forced, and forgets the calls it has seen and how often it has opened; not the counts.
    pub fn reset(&self) {
        self.0.reset();
    }
}

/// What a balancer asks before it picks.
impl Gate for Handle {
    fn state(&self, now: Instant) -> GateState {
        let (word, until) = self.0.read();
        match word.state() {
            State::Closed | State::ForcedClosed | State::Disabled => GateState::Open,
            State::ForcedOpen => GateState::Refused { until: None },
            State::Open if now < until => GateState::Refused { until: Some(until) },
            State::Open => GateState::Probing,
            State::HalfOpen if word.has_room(self.0.rules()) => GateState::Probing,
            // Its probes are hung: the next call opens it again.
            State::HalfOpen => GateState::Refused { until: None },
        }
    }
}
