use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::check::Erased;
use super::{Changed, CheckReport, Limits, NoAnswer, Probe, Status};
use crate::clock::later;
use crate::error::{Code, Error};
use crate::observer::Observer;
use crate::task::{Owned, caught};

/// One check with its last run, or the one under way.
pub(super) struct Entry {
    pub(super) probe: Probe,
    pub(super) name: Arc<str>,
    limits: Limits,
    check: Arc<dyn Erased>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    run: Option<Run>,
    /// What the observer was last told, and of a run that ended when.
    told: Option<(Status, Instant)>,
}

/// A task, so that a prober who leaves spoils no answer for the others, and a check that blocks its thread keeps no prober
/// past the deadline. It ends with its entry.
struct Run {
    began: Instant,
    ended: Ended,
    task: Owned<()>,
}

/// Where a run leaves its answer.
type Ended = watch::Receiver<Option<Ran>>;

/// A run that is over, or that is waited for no more.
#[derive(Clone)]
pub(super) struct Ran {
    at: Instant,
    took: Duration,
    error: Option<Error>,
}

/// What a probe gets from the last run.
pub(super) enum Answer {
    Ran(Ran),
    /// The answer of the one that began then, if it comes in time.
    Wait(Ended, Instant),
}

impl Entry {
    pub(super) fn new(probe: Probe, name: Arc<str>, limits: Limits, check: Arc<dyn Erased>) -> Self {
        Self { probe, name, limits, check, state: Mutex::default() }
    }

    /// The last answer if it still holds; else that of the run under way; else that of one that begins now.
    pub(super) fn ask(&self, now: Instant) -> Answer {
        let mut state = self.lock();
        if let Some(run) = &state.run {
            let until = later(run.began, self.limits.deadline);
            // In this order: one that has ended has left its answer, if it has one.
            let over = run.task.is_finished();
            let ran = run.ended.borrow().clone();
            match ran {
                Some(ran) if now.saturating_duration_since(ran.at) < self.limits.cache => return Answer::Ran(ran),
                None if !over && now < until => return Answer::Wait(run.ended.clone(), run.began),
                // It blocks its thread and cannot be stopped: another one would block another.
                None if !over => return Answer::Ran(self.late(run.began, now)),
                Some(_) | None => {}
            }
        }
        let run = self.run(now);
        let ended = run.ended.clone();
        state.run = Some(run);
        Answer::Wait(ended, now)
    }

    /// How the check stands, by that answer.
    pub(super) async fn report(&self, mut answer: Answer, observer: &dyn Observer<Changed>) -> CheckReport {
        for _ in 0..2 {
            match answer {
                Answer::Ran(ran) => return self.settle(ran, observer),
                Answer::Wait(ended, began) => {
                    if let Some(ran) = self.wait(ended, began).await {
                        return self.settle(ran, observer);
                    }
                }
            }
            // Cut off with a runtime, perhaps one of another prober's: once more, from here.
            answer = self.ask(Instant::now());
        }
        let error = Error::boundary(Code::Cancelled, NoAnswer::CutOff);
        self.settle(Ran { at: Instant::now(), took: Duration::ZERO, error: Some(error) }, observer)
    }

    /// Waits for the answer of a run; none if the run was cut off.
    async fn wait(&self, mut ended: Ended, began: Instant) -> Option<Ran> {
        let until = later(began, self.limits.deadline);
        if let Ok(ran) = timeout_at(until, ended.wait_for(Option::is_some)).await {
            return ran.ok()?.clone();
        }
        let ran = ended.borrow().clone();
        Some(ran.unwrap_or_else(|| self.late(began, Instant::now())))
    }

    fn run(&self, began: Instant) -> Run {
        let (answer, ended) = watch::channel(None);
        let (check, deadline) = (Arc::clone(&self.check), self.limits.deadline);
        let task = Owned::spawn(async move {
            // Making the future may panic as polling it may.
            let checked = timeout(deadline, caught(async { check.check_boxed().await })).await;
            let at = Instant::now();
            let took = at - began;
            let error = match checked {
                Ok(Err(error)) => Some(error),
                Ok(Ok(())) if took <= deadline => None,
                // A check that blocked its thread may come back with an answer; it is late as well.
                Ok(Ok(())) | Err(_) => Some(late(deadline)),
            };
            answer.send_replace(Some(Ran { at, took, error }));
        });
        Run { began, ended, task }
    }

    fn late(&self, began: Instant, now: Instant) -> Ran {
        Ran { at: now, took: now - began, error: Some(late(self.limits.deadline)) }
    }

    /// Tells of a change, once, and makes of the answer what a stranger may read.
    fn settle(&self, ran: Ran, observer: &dyn Observer<Changed>) -> CheckReport {
        let Ran { at, took, error } = ran;
        let status = Status::of(error.is_none());
        let changed = {
            let mut state = self.lock();
            let (before, when) = state.told.unwrap_or((Status::Healthy, at));
            // A prober that was held up brings old news.
            let news = at >= when;
            if news {
                state.told = Some((status, at));
            }
            news && before != status
        };
        if changed {
            let name = Arc::clone(&self.name);
            observer.observe(&Changed { probe: self.probe, name, status, error, took });
        }
        CheckReport { name: Arc::clone(&self.name), status, took, age: at.elapsed() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only whole assignments happen under it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn late(deadline: Duration) -> Error {
    Error::boundary(Code::DeadlineExceeded, NoAnswer::Late { deadline })
}
