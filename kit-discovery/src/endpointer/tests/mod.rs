//! Rules across types, over a registry in memory and channels that know what became of them. Time stands still until a test moves it.

mod any_story;
mod calls;
mod channels;
mod checks;
mod drain;
mod explain;
mod faults;
mod lines;
mod panics;
mod settings;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Context, Endpoint, Error, Instance, Outcome, Routed, endpoint_fn, endpoint_with};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use self::lines::{Line, Lines, Order};
use super::*;
use crate::balance::{PeakEwma, RoundRobin, Standing};
use crate::discovery::Discovery;
use crate::instancer::Instancer as _;
use crate::policy::NoInstances;
use crate::testing::memory::Registry;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn at(id: &str, port: u16) -> Instance {
    let mut instance = Instance::new(format!("10.0.0.1:{port}"));
    instance.id = id.into();
    instance
}

/// Those of these names, each at a port of its own.
fn named(ids: &str) -> Vec<Instance> {
    ids.chars().map(|id| at(&id.to_string(), id as u16)).collect()
}

/// Lets every task go as far as it gets; no time passes.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// A registry, who follows it, and an endpointer over that.
struct Stage {
    registry: Registry,
    discovery: Discovery,
    lines: Lines,
    endpointer: Endpointer<Line>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    async fn of(ids: &str) -> Self {
        Self::with(ids, Lines::default(), |builder| builder).await
    }

    async fn with(ids: &str, lines: Lines, build: impl FnOnce(Builder<Lines>) -> Builder<Lines>) -> Self {
        let (registry, heard) = (Registry::new(), Arc::<Mutex<Vec<String>>>::default());
        registry.set("strings", named(ids));
        let discovery = registry.instancer("strings").random(SeededRandom::new(3)).start().unwrap();
        let hears = Arc::clone(&heard);
        let observer = move |event: &Event| hears.lock().unwrap().push(told(event));
        let builder =
            Endpointer::of(discovery.subscribe(), lines.clone()).random(SeededRandom::new(7)).observer(observer);
        let endpointer = build(builder).start().unwrap();
        let stage = Self { registry, discovery, lines, endpointer, heard };
        settle().await;
        stage
    }

    async fn set(&self, instances: Vec<Instance>) {
        self.registry.set("strings", instances);
        settle().await;
    }

    /// The ids of those that may be picked or are out for a while.
    fn roster(&self) -> String {
        let mut ids: Vec<_> =
            self.endpointer.roster().candidates().iter().map(|one| one.instance().id.to_string()).collect();
        ids.sort();
        ids.concat()
    }

    fn standing(&self, id: &str) -> Standing {
        let candidates = self.endpointer.roster().candidates();
        let one = candidates.iter().find(|one| &*one.instance().id == id).expect("it is in the set");
        one.standing(Instant::now())
    }

    /// Why a call finds nobody.
    fn why(&self) -> NoInstances {
        let error = self.endpointer.roster().pick(&mut Context::new(), &RoundRobin::new()).unwrap_err();
        error.cause::<NoInstances>().expect("a cause").clone()
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

fn told(event: &Event) -> String {
    let id = &event.instance;
    match &event.news {
        News::Made { attempts } => format!("{id} made, {attempts}"),
        News::NotMade { error, attempts } => format!("{id} not made, {attempts}: {error}"),
        News::Left { in_flight } => format!("{id} left, {in_flight}"),
        News::Returned => format!("{id} returned"),
        News::Closed { cut, late: None } => format!("{id} closed, {cut}"),
        News::Closed { cut, late: Some(late) } => format!("{id} closed, {cut}, not within {late:?}"),
        News::FailsChecks { error } => format!("{id} fails: {error}"),
        News::PassesChecks => format!("{id} passes"),
        News::Ejection(crate::ejection::Event::Ejected { times, .. }) => format!("{id} ejected, {times}"),
        News::Ejection(crate::ejection::Event::Spared { .. }) => format!("{id} spared"),
    }
}

/// Answers with the id of its instance after so long; in the middle of it the channel must not be closed.
fn echo() -> impl Endpoint<Routed<Arc<Line>, Duration>, Response = String> + Clone {
    endpoint_fn(async |_cx, call: Routed<Arc<Line>, Duration>| {
        call.channel.used();
        if !call.request.is_zero() {
            sleep(call.request).await;
            call.channel.used();
        }
        Ok(call.instance.id.to_string())
    })
}
