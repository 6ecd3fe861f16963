//! What stands round hyper on a connection's task: its times, its age, and its part in a drain.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use kit_core::sources::{Random as _, ThreadRandom};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::Place;
use super::link::Link;
use super::stats;

/// How long a connection that has nothing to do any more is waited for: until its peer has seen GOAWAY, until resets are written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a server tells all of its connections at once.
#[derive(Debug, Default)]
pub(super) struct Signal {
    stage: AtomicU8,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Stage {
    Serving,
    Draining,
    /// The time of the drain is over.
    Cut,
}

impl Signal {
    pub(super) fn set(&self, stage: Stage) {
        self.stage.store(stage as u8, SeqCst);
        self.changed.notify_waiters();
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(SeqCst) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            _ => Stage::Cut,
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// Cut off with something in flight.
    Aborted,
}

/// A part of a connection's life: finding its version out, HTTP/1, HTTP/2.
pub(super) trait Served {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<()>;

    /// Finish what is in flight, begin nothing more. An unused HTTP/1 connection ends with it.
    fn shut(&mut self);
}

/// What a connection is doing, as far as time counts. Each with what changes when the time begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A call is in flight: it has its own times.
    Busy,
    /// Nothing was asked yet.
    Fresh,
    /// The head of a later request is on its way.
    Head(u64),
    /// Nothing is asked, after so many calls.
    Idle(u64),
    /// The client takes nothing, after so many bytes.
    Blocked(u64),
}

pub(super) struct Watch {
    link: Arc<Link>,
    signal: Arc<Signal>,
    mode: Mode,
    since: Instant,
    aged_at: Instant,
    idle_timeout: Duration,
    closing: Option<Closing>,
    cut: Option<CutAt>,
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether the alarm has the task's waker.
    alarm_knows: bool,
}

#[derive(Clone, Copy)]
struct CutAt {
    end: End,
    /// When nothing is waited for any more.
    over: Instant,
    last_poll: bool,
}

#[derive(Clone, Copy)]
struct Closing {
    /// Since when the whole server drains: it does not wait long for unused connections.
    drains: Option<Instant>,
    /// When what is still in flight is cut off; a drain says so itself.
    cut_at: Option<Instant>,
    /// When hyper was told.
    shut: Option<Instant>,
}

enum Next {
    Wait,
    Again,
    End(End),
}

impl Watch {
    pub(super) fn new(link: Arc<Link>, signal: Arc<Signal>) -> Self {
        let now = Instant::now();
        let config = &link.host.config;
        let shorter = |time: Duration| time - ThreadRandom.jitter(time / 10);
        let (aged_at, idle_timeout) = (later(now, shorter(config.max_age)), shorter(config.idle_timeout));
        let (mode, closing, cut) = (Mode::Fresh, None, None);
        Self { link, signal, mode, since: now, aged_at, idle_timeout, closing, cut, alarm: None, alarm_knows: false }
    }

    /// Runs a part of the connection to its end, or to the connection's: then `Some`.
    pub(super) async fn over(&mut self, served: &mut impl Served) -> Option<End> {
        let signal = Arc::clone(&self.signal);
        let mut changed = pin!(signal.changed.notified());
        let mut registered: Option<Waker> = None;
        poll_fn(|task| {
            // Over HTTP/1.1 nobody asks for it.
            let polled = self.link.is_http2().then(|| self.link.polled.stamp());
            // The waker of a task is the same at every poll: it is left with the signal and the alarm once, not each time.
            let new = !registered.as_ref().is_some_and(|waker| waker.will_wake(task.waker()));
            if new {
                registered = Some(task.waker().clone());
                self.alarm_knows = false;
            }
            let mut stage = signal.stage();
            if new || stage != Stage::Serving {
                while changed.as_mut().poll(task).is_ready() {
                    changed.set(signal.changed.notified());
                }
                stage = signal.stage();
            }
            loop {
                if served.poll(task).is_ready() {
                    return Poll::Ready(self.cut.map(|cut| cut.end));
                }
                match self.next(served, stage, polled, task) {
                    Next::Again => {}
                    Next::Wait => return Poll::Pending,
                    Next::End(end) => return Poll::Ready(Some(end)),
                }
            }
        })
        .await
    }

    fn next(&mut self, served: &mut impl Served, stage: Stage, polled: Option<Instant>, task: &mut Task<'_>) -> Next {
        let in_flight = self.link.in_flight();
        let mode = self.find();
        if mode != self.mode {
            self.mode = mode;
            self.since = polled.unwrap_or_else(Instant::now);
        }
        if stage >= Stage::Draining && self.closing.is_none_or(|closing| closing.drains.is_none()) {
            return self.close(served, Some(Instant::now()), None);
        }
        if stage == Stage::Cut && self.cut.is_none() {
            return self.cut_off(Instant::now());
        }
        if let Some(cut) = &mut self.cut {
            let written = in_flight == 0 && !matches!(mode, Mode::Blocked(_));
            if !self.link.is_http2() || written && cut.last_poll {
                return Next::End(cut.end);
            }
            // The resets of the last streams may stand in a queue still.
            if written {
                cut.last_poll = true;
                return Next::Again;
            }
        }
        if self.closing.is_some() && in_flight > 0 {
            self.link.wait_for_end(task.waker());
            if self.link.in_flight() == 0 {
                return Next::Again;
            }
        }
        self.wait(served, task)
    }

    fn find(&self) -> Mode {
        let (link, calls) = (&self.link, self.link.calls());
        if let Some(written) = link.blocked() {
            return Mode::Blocked(written);
        }
        if link.in_flight() > 0 {
            return Mode::Busy;
        }
        match link.place() {
            _ if calls == 0 && !link.is_http2() => Mode::Fresh,
            Place::Between => Mode::Idle(calls),
            Place::Head | Place::Over => Mode::Head(calls),
            // hyper reads on for whoever still reads, or closes.
            Place::Fixed | Place::Chunked => Mode::Busy,
        }
    }

    /// What ends next, and when; `None` while a call is in flight.
    fn end_of_mode(&self) -> Option<Instant> {
        let config = &self.link.host.config;
        let time = match self.mode {
            // Nobody wakes an HTTP/2 connection when its last stream has ended: it looks again.
            Mode::Busy if self.link.is_http2() => self.idle_timeout,
            Mode::Busy => return None,
            Mode::Fresh | Mode::Head(_) => config.header_timeout,
            Mode::Idle(_) => self.idle_timeout,
            Mode::Blocked(_) => config.write_timeout,
        };
        let end = later(self.since, time);
        let unused = match self.mode {
            Mode::Idle(_) => true,
            Mode::Fresh => self.link.place() == Place::Between,
            _ => false,
        };
        match self.closing {
            // Also where the connection was too long unused already: a request that crosses GOAWAY on the wire is answered.
            Some(Closing { shut: Some(shut), .. }) if unused => Some(later(shut.max(self.since), LAST_WORDS)),
            Some(Closing { drains: Some(at), .. }) if unused => Some(end.min(later(at, config.drain_idle))),
            _ => Some(end),
        }
    }

    fn wait(&mut self, served: &mut impl Served, task: &mut Task<'_>) -> Next {
        let whole = match (self.cut, self.closing) {
            (Some(cut), _) => Some(cut.over),
            (None, Some(closing)) => closing.cut_at,
            (None, None) => Some(self.aged_at),
        };
        let Some(end) = self.end_of_mode().into_iter().chain(whole).min() else { return Next::Wait };
        loop {
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if alarm.is_elapsed() {
                let now = Instant::now();
                if now >= end {
                    return self.over_time(now, served);
                }
            } else if alarm.deadline() <= end {
                // One that rings early is set again when it does: mostly it stays where it is.
                if self.alarm_knows {
                    return Next::Wait;
                }
                self.alarm_knows = true;
                match alarm.as_mut().poll(task) {
                    Poll::Pending => return Next::Wait,
                    Poll::Ready(()) => continue,
                }
            }
            alarm.as_mut().reset(end);
            self.alarm_knows = false;
        }
    }

    fn over_time(&mut self, now: Instant, served: &mut impl Served) -> Next {
        if let Some(cut) = self.cut
            && now >= cut.over
        {
            return Next::End(cut.end);
        }
        if self.closing.is_some_and(|closing| closing.cut_at.is_some_and(|cut| now >= cut)) {
            return self.cut_off(now);
        }
        let counts = self.link.host.stats.counts();
        if self.end_of_mode().is_some_and(|end| now >= end) {
            let shut = self.closing.and_then(|closing| closing.shut);
            match (self.mode, shut) {
                (Mode::Busy, _) => self.since = now,
                (Mode::Blocked(_), _) => {
                    stats::add(&counts.write_timeouts);
                    self.link.reset();
                    return Next::End(End::Aborted);
                }
                (Mode::Idle(_), None) if self.closing.is_none() => {
                    stats::add(&counts.idle_closed);
                    return self.end_unused(now, served);
                }
                // It was told, and nothing came of it.
                (_, Some(_)) => return Next::End(End::Done),
                (Mode::Fresh | Mode::Head(_), None) if self.link.place() != Place::Between => {
                    if self.link.is_expired() {
                        return Next::End(End::Done);
                    }
                    stats::add(&counts.header_timeouts);
                    self.link.expire();
                    self.since = now;
                    return Next::Again;
                }
                (Mode::Fresh, None) if self.closing.is_none() => {
                    stats::add(&counts.header_timeouts);
                    return self.end_unused(now, served);
                }
                (Mode::Fresh | Mode::Idle(_) | Mode::Head(_), None) => return self.end_unused(now, served),
            }
        }
        if self.closing.is_none() && now >= self.aged_at {
            stats::add(&counts.aged);
            let cut_at = later(now, self.link.host.config.max_age_grace);
            return self.close(served, None, Some(cut_at));
        }
        Next::Again
    }

    /// Begins the connection's end.
    fn close(&mut self, served: &mut impl Served, drains: Option<Instant>, cut_at: Option<Instant>) -> Next {
        self.link.close();
        let closing = self.closing.get_or_insert(Closing { drains, cut_at, shut: None });
        closing.drains = drains;
        // A request may be on its way on an unused HTTP/1 connection: it gets its answer. HTTP/2 has GOAWAY.
        if closing.shut.is_none() && (self.mode == Mode::Busy || self.link.is_http2()) {
            closing.shut = Some(Instant::now());
            served.shut();
        }
        Next::Again
    }

    fn end_unused(&mut self, now: Instant, served: &mut impl Served) -> Next {
        self.link.close();
        let cut_at = later(now, self.link.host.config.max_age_grace);
        let closing = self.closing.get_or_insert(Closing { drains: None, cut_at: Some(cut_at), shut: None });
        closing.shut = Some(now);
        served.shut();
        Next::Again
    }

    /// Nothing in flight is waited for any longer.
    fn cut_off(&mut self, now: Instant) -> Next {
        let in_flight = self.link.in_flight() > 0 || matches!(self.mode, Mode::Blocked(_));
        let end = if in_flight { End::Aborted } else { End::Done };
        self.cut = Some(CutAt { end, over: later(now, LAST_WORDS), last_poll: false });
        self.link.break_off();
        self.link.cut();
        if in_flight { Next::Again } else { Next::End(end) }
    }
}

fn later(start: Instant, time: Duration) -> Instant {
    // What is further away than the clock reaches never comes.
    start.checked_add(time).unwrap_or_else(|| start + Duration::from_secs(365 * 24 * 3_600))
}
