//! Whether a call would be let through: what a balancer asks of a breaker.

use tokio::time::Instant;

/// What a gate says of a call that might be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateState {
    /// Calls pass.
    Open,
    /// A few pass, to find out how things are: prefer another way.
    Probing,
    /// None passes before this time, as far as is known.
    Refused {
        /// When to ask again; `None` if nobody knows.
        until: Option<Instant>,
    },
}

/// Something in front of an instance that may refuse calls: a breaker, an ejection, a drain.
///
/// The word is a door's: an *open* gate lets calls through, where an open circuit does not.
///
/// Asking takes no permit and changes nothing; a call that is let through here may still be refused when it is made.
pub trait Gate: Send + Sync {
    /// How it stands at `now`.
    fn state(&self, now: Instant) -> GateState;

    /// Whether a call may be sent this way at all.
    fn admits(&self, now: Instant) -> bool {
        !matches!(self.state(now), GateState::Refused { .. })
    }
}

/// A gate that is always open.
impl Gate for () {
    fn state(&self, _now: Instant) -> GateState {
        GateState::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Standing(GateState);

    impl Gate for Standing {
        fn state(&self, _now: Instant) -> GateState {
            self.0
        }
    }

    #[test]
    fn only_a_refusal_keeps_calls_away() {
        let now = Instant::now();
        assert!(().admits(now));
        assert!(Standing(GateState::Probing).admits(now));
        assert!(!Standing(GateState::Refused { until: None }).admits(now));
    }
}
