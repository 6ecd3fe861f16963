use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::builder::{Kind, Planned, Stopped};
use super::error::{Misstep, PartFailed};
use super::slot::Slot;
use super::{Event, Limits, Part, Step};
use crate::clock::later;
use crate::error::{Code, Error};
use crate::health::Health;
use crate::observer::Observer;
use crate::task::caught;

/// What a part that was cut off has to be dropped; one that blocks its thread takes longer, or for ever.
const CUT_WAIT: Duration = Duration::from_secs(1);

/// The parts that were started. Dropped, it cuts them off.
pub(super) struct Parts {
    slots: Vec<Slot>,
    tasks: JoinSet<Result<(), Error>>,
    health: Option<Health>,
    notice: Duration,
    observer: Arc<dyn Observer<Event>>,
    /// Parts are being asked to stop: one that ends with them, unasked, has not failed.
    stopping: bool,
    failure: Option<Error>,
    stopped: Stopped,
}

/// A task that has ended.
type Joined = Result<(Id, Result<(), Error>), JoinError>;

/// Whether the next part may start.
#[derive(PartialEq)]
enum Next {
    Start,
    Stop,
}

impl Parts {
    pub(super) fn new(health: Option<Health>, notice: Duration, observer: Arc<dyn Observer<Event>>) -> Self {
        Self {
            slots: Vec::new(),
            tasks: JoinSet::new(),
            health,
            notice,
            observer,
            stopping: false,
            failure: None,
            stopped: Stopped::default(),
        }
    }

    /// The whole story, in order.
    pub(super) async fn run(
        &mut self,
        planned: impl Iterator<Item = (Limits, Planned)>,
        shutdown: impl Future<Output = ()>,
    ) {
        let mut shutdown = pin!(shutdown);
        for (limits, planned) in planned {
            if planned.kind == Kind::Announcement {
                self.started();
            }
            if self.start(limits, planned, shutdown.as_mut()).await == Next::Stop {
                return self.stop().await;
            }
        }
        self.started();
        self.work(shutdown).await;
        self.refuse();
        self.stop_each(|slot| slot.kind == Kind::Announcement).await;
        self.last_calls().await;
        self.stop().await;
    }

    /// Starts a part and waits until the next may start.
    async fn start(
        &mut self,
        limits: Limits,
        planned: Planned,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Next {
        let (index, mut ready) = self.spawn(limits, planned);
        let until = later(self.slots[index].began, limits.start);
        let mut listening = true;
        loop {
            tokio::select! {
                biased;
                () = shutdown.as_mut() => return Next::Stop,
                Some(joined) = self.tasks.join_next_with_id() => {
                    self.ended(joined);
                    if self.failure.is_some() {
                        return Next::Stop;
                    }
                    if self.slots[index].over {
                        return Next::Start;
                    }
                }
                said = said_ready(&mut ready), if listening => {
                    if said {
                        self.tell(index, Step::Ready, None);
                        return Next::Start;
                    }
                    // It has ended, which is about to be seen; or it gave its `Part` away, and has until its limit to end.
                    listening = false;
                }
                () = sleep_until(until) => {
                    self.fail(index, Misstep::NotReady { within: limits.start }.error());
                    self.cut_off(index, Step::Failed).await;
                    return Next::Stop;
                }
            }
        }
    }

    fn spawn(&mut self, limits: Limits, planned: Planned) -> (usize, watch::Receiver<bool>) {
        let index = self.slots.len();
        let (part, ready, ask) = Part::new(Arc::clone(&planned.name));
        let task = self.tasks.spawn(caught((planned.story)(part)));
        self.slots.push(Slot::new(planned.name, planned.kind, limits, ask, task));
        self.tell(index, Step::Starting, None);
        (index, ready)
    }

    /// Until something stops it, or there is nothing left to wait for.
    async fn work(&mut self, mut shutdown: Pin<&mut impl Future<Output = ()>>) {
        while self.failure.is_none() && self.any_left() {
            tokio::select! {
                biased;
                () = shutdown.as_mut() => return,
                Some(joined) = self.tasks.join_next_with_id() => self.ended(joined),
            }
        }
    }

    /// Everything goes on, until whoever sends calls has noticed.
    async fn last_calls(&mut self) {
        let until = later(Instant::now(), self.notice);
        while self.any_left() && self.join(until).await {}
    }

    /// Stops what runs, the last first.
    async fn stop(&mut self) {
        self.refuse();
        self.stopping = true;
        self.stop_each(|_| true).await;
    }

    async fn stop_each(&mut self, which: impl Fn(&Slot) -> bool) {
        for index in (0..self.slots.len()).rev() {
            if self.slots[index].over || !which(&self.slots[index]) {
                continue;
            }
            // Told first: what it does once it is asked is told by itself, and stands after this in a log.
            self.tell(index, Step::Stopping, None);
            let until = later(self.slots[index].ask(), self.slots[index].limits.stop);
            while !self.slots[index].over {
                if !self.join(until).await {
                    self.cut_off(index, Step::Aborted).await;
                }
            }
        }
    }

    /// Cuts everything off at once.
    pub(super) async fn force(&mut self) {
        self.refuse();
        self.stopping = true;
        for slot in self.slots.iter_mut().filter(|slot| !slot.over) {
            slot.cut(Step::Forced);
        }
        let until = later(Instant::now(), CUT_WAIT);
        while self.any_left() && self.join(until).await {}
        for index in 0..self.slots.len() {
            self.give_up(index);
        }
    }

    pub(super) fn result(mut self, forced: bool) -> Result<Stopped, Error> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(Stopped { forced, ..std::mem::take(&mut self.stopped) }),
        }
    }

    /// Drops a part, and waits until it is gone.
    async fn cut_off(&mut self, index: usize, step: Step) {
        self.slots[index].cut(step);
        let until = later(Instant::now(), CUT_WAIT);
        while !self.slots[index].over && self.join(until).await {}
        self.give_up(index);
    }

    /// A part that was cut off and is still there is left behind.
    fn give_up(&mut self, index: usize) {
        if !self.slots[index].over {
            self.slots[index].over = true;
            self.stopped.stuck.push(Arc::clone(&self.slots[index].name));
            self.tell(index, Step::Stuck, None);
        }
    }

    /// Waits for the end of any part; whether one came by then.
    async fn join(&mut self, until: Instant) -> bool {
        match timeout_at(until, self.tasks.join_next_with_id()).await {
            Ok(Some(joined)) => {
                self.ended(joined);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    fn any_left(&self) -> bool {
        self.slots.iter().any(|slot| !slot.over)
    }

    fn ended(&mut self, joined: Joined) {
        let (id, result) = match joined {
            Ok((id, result)) => (id, Some(result)),
            Err(error) if error.is_cancelled() => (error.id(), None),
            // A panic of its drop: those of its run are errors already.
            Err(error) => (error.id(), Some(Err(Error::bug(error)))),
        };
        let Some(index) = self.slots.iter().position(|slot| slot.id() == id && !slot.over) else { return };
        self.slots[index].over = true;
        let slot = &self.slots[index];
        let cut = slot.cut.map(|(step, _)| step);
        match (result, cut) {
            // Told when that was found.
            (_, Some(Step::Failed)) => {}
            (Some(Err(error)), _) => self.fail(index, error),
            (Some(Ok(())), None) if slot.asked.is_none() && slot.kind == Kind::Job => {
                self.tell(index, Step::Done, None)
            }
            (Some(Ok(())), None) if slot.asked.is_none() && !self.stopping => {
                self.fail(index, Misstep::EndedUnasked.error());
            }
            (Some(Ok(())), _) => self.tell(index, Step::Stopped, None),
            (None, Some(step)) => {
                self.stopped.aborted.push(Arc::clone(&slot.name));
                self.tell(index, step, None);
            }
            // Its runtime is being shut down, and this with it.
            (None, None) => self.fail(index, Error::from_code(Code::Cancelled)),
        }
    }

    fn fail(&mut self, index: usize, error: Error) {
        self.tell(index, Step::Failed, Some(error.clone()));
        let name = Arc::clone(&self.slots[index].name);
        self.failure.get_or_insert_with(|| PartFailed::wrap(name, error));
    }

    fn tell(&self, index: usize, step: Step, error: Option<Error>) {
        let slot = &self.slots[index];
        self.observer.observe(&Event { part: Arc::clone(&slot.name), step, took: slot.took(step), error });
    }

    /// All parts are ready.
    fn started(&self) {
        if let Some(health) = &self.health {
            health.set_started();
        }
    }

    /// No more calls, please.
    fn refuse(&self) {
        if let Some(health) = &self.health {
            health.set_ready(false);
        }
    }
}

/// Whether the part says that it is ready before it can no longer do so.
async fn said_ready(ready: &mut watch::Receiver<bool>) -> bool {
    ready.wait_for(|&ready| ready).await.is_ok()
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.refuse();
    }
}
