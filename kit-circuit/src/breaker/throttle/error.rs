/// A throttle refused the call: the cause of the error that its caller gets.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the backend rejects too much: {:.1} % of the calls to it are refused here", .chance * 100.0)]
pub struct Throttled {
    chance: f64,
}

impl Throttled {
    pub(super) fn new(chance: f64) -> Self {
        Self { chance }
    }

    /// The chance that the call had of being refused, `[0.0, 1.0]`.
    pub fn chance(&self) -> f64 {
        self.chance
    }
}
