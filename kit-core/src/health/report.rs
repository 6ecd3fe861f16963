use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a prober asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// Does the process work, or must it be killed and started again? Only the checks registered for it answer: a process
    /// that starts, drains, or waits for a dependency is alive.
    Liveness,
    /// May calls be sent here? Not before start-up is done, not while the gate is closed, not while a check fails.
    Readiness,
    /// Is the start done? Once it has been, this stays healthy for good, and its checks run no more.
    Startup,
}

impl Probe {
    /// The name in logs and labels: `readiness`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Probe::Liveness => "liveness",
            Probe::Readiness => "readiness",
            Probe::Startup => "startup",
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One word on a check, or on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It works.
    Healthy,
    /// It does not, or did not say so in time.
    Unhealthy,
}

impl Status {
    /// The name in logs and answers: `healthy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Healthy => "healthy",
            Status::Unhealthy => "unhealthy",
        }
    }

    pub(super) const fn of(healthy: bool) -> Self {
        if healthy { Status::Healthy } else { Status::Unhealthy }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer to a probe. A stranger may read all of it: it has names and times, and no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    probe: Probe,
    checks: Vec<CheckReport>,
}

/// How one check stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The name it was registered under; [`STARTED`](super::STARTED) and [`READY`](super::READY) for the gates.
    pub name: Arc<str>,
    /// How it stands.
    pub status: Status,
    /// How long the check took. Zero for a gate.
    pub took: Duration,
    /// How long ago the check ended. Zero for a gate, and for a check that has not ended in time.
    pub age: Duration,
}

impl Report {
    pub(super) fn new(probe: Probe, checks: Vec<CheckReport>) -> Self {
        Self { probe, checks }
    }

    /// What was asked.
    pub fn probe(&self) -> Probe {
        self.probe
    }

    /// Healthy if every check is.
    pub fn status(&self) -> Status {
        Status::of(self.failing().next().is_none())
    }

    /// Whether every check is healthy.
    pub fn is_healthy(&self) -> bool {
        self.status() == Status::Healthy
    }

    /// Each gate and each check that was asked: those of the start, then the probe's own, checks in the order they were
    /// registered.
    pub fn checks(&self) -> &[CheckReport] {
        &self.checks
    }

    /// The names of those that are not healthy.
    pub fn failing(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().filter(|check| check.status == Status::Unhealthy).map(|check| &*check.name)
    }
}

impl CheckReport {
    pub(super) fn gate(name: &str, open: bool) -> Self {
        Self { name: name.into(), status: Status::of(open), took: Duration::ZERO, age: Duration::ZERO }
    }
}
