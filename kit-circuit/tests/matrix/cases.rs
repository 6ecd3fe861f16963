//! How calls end.

use std::time::Duration;

use crate::backend::Plays;

/// One way for calls to end.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What the backend does.
    pub(crate) plays: Plays,
    /// The time that callers have.
    pub(crate) deadline: Option<Duration>,
    /// When callers go away, and which of those who called together: all, or the first.
    pub(crate) leave: Option<(Duration, Who)>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Who {
    All,
    First,
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// How long the backend takes where it answers.
pub(crate) const WORK: Duration = ms(10);

/// Callers leave after the hedge was sent (see [`layers`](crate::layers)), before the backend has answered.
pub(crate) const CASES: &[Case] = &[
    Case { name: "ok", plays: Plays::Answers, deadline: None, leave: None },
    Case { name: "error", plays: Plays::Fails, deadline: None, leave: None },
    Case { name: "timeout", plays: Plays::Hangs, deadline: Some(ms(300)), leave: None },
    Case { name: "timeout of the callee", plays: Plays::TimesOut, deadline: None, leave: None },
    Case { name: "cancel", plays: Plays::Hangs, deadline: None, leave: Some((ms(7), Who::All)) },
    Case { name: "cancel of one of them", plays: Plays::Answers, deadline: None, leave: Some((ms(7), Who::First)) },
    Case { name: "cancel among errors", plays: Plays::Fails, deadline: None, leave: Some((ms(17), Who::All)) },
    Case { name: "panic", plays: Plays::Panics, deadline: None, leave: None },
    Case { name: "panic and cancel", plays: Plays::Panics, deadline: None, leave: Some((ms(7), Who::First)) },
];
