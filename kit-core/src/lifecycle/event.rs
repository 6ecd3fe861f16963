use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

/// One step of one part.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The name of the part.
    pub part: Arc<str>,
    /// What happened.
    pub step: Step,
    /// How long the step took, counted as [`Step`] says.
    pub took: Duration,
    /// Why it failed.
    pub error: Option<Error>,
}

/// What happens to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// It starts. Takes no time.
    Starting,
    /// It is ready: time since its start.
    Ready,
    /// A job has done what it was for: time since its start.
    Done,
    /// It was asked to stop. Takes no time.
    Stopping,
    /// It ended well: time since it was asked to stop; none if it ended by itself while others were stopping.
    Stopped,
    /// It failed, panicked, ended unasked, or was not ready in time: time since its start.
    Failed,
    /// It took longer to stop than it may, and was cut off: time since it was asked to stop.
    Aborted,
    /// It was cut off with everything else: time since it was asked to stop; none if it had not been.
    Forced,
    /// It was cut off and has not ended, because it blocks its thread: time since it was cut off. It ends with the process.
    Stuck,
}

impl Step {
    /// The name in logs: `starting`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Step::Starting => "starting",
            Step::Ready => "ready",
            Step::Done => "done",
            Step::Stopping => "stopping",
            Step::Stopped => "stopped",
            Step::Failed => "failed",
            Step::Aborted => "aborted",
            Step::Forced => "forced",
            Step::Stuck => "stuck",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
