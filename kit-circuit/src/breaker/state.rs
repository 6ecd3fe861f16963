use std::fmt;

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// Calls pass, and are counted.
    Closed,
    /// Calls are refused until the open time is over; the first call after it finds the breaker half-open.
    Open,
    /// A few calls pass, to find out how the backend is.
    HalfOpen,
    /// Held open by hand: every call is refused.
    ForcedOpen,
    /// Held closed by hand: calls pass and are counted, and nothing opens it.
    ForcedClosed,
    /// As if it were not there: calls pass and nothing is counted.
    Disabled,
}

impl State {
    /// Every state, for tables and labels.
    pub const ALL: [State; 6] =
        [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::ForcedClosed, State::Disabled];

    /// The name in logs and labels: `half_open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            State::ForcedOpen => "forced_open",
            State::ForcedClosed => "forced_closed",
            State::Disabled => "disabled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who decides how a breaker stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What it counts.
    #[default]
    Automatic,
    /// A person: [`State::ForcedOpen`].
    ForcedOpen,
    /// A person: [`State::ForcedClosed`].
    ForcedClosed,
    /// Nobody: [`State::Disabled`].
    Disabled,
}
