//! Rules across types. Time is what a test says it is.

mod contract;
mod guard;
mod hash;
mod load;
mod settings;
mod shares;
mod tiers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Context, Instance, Outcome};
use tokio::time::Instant;

use super::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn changed(mut instance: Instance, change: impl FnOnce(&mut Instance)) -> Instance {
    change(&mut instance);
    instance
}

fn instance(id: &str) -> Instance {
    let mut instance = Instance::new(format!("{id}:80"));
    instance.id = id.into();
    instance
}

fn weighted(weights: &[u32]) -> Vec<Instance> {
    let id = |at: usize| char::from(b'a' + at as u8).to_string();
    weights.iter().enumerate().map(|(at, &weight)| changed(instance(&id(at)), |one| one.weight = weight)).collect()
}

fn set(roster: &Roster, instances: impl IntoIterator<Item = Instance>) {
    roster.replace(Ok(instances.into_iter().map(|instance| (Arc::new(instance), ())).collect()));
}

fn roster(instances: impl IntoIterator<Item = Instance>) -> Roster {
    let roster = Roster::new(Config::default()).unwrap();
    set(&roster, instances);
    roster
}

fn seeded() -> Arc<SeededRandom> {
    Arc::new(SeededRandom::new(17))
}

type Shares = BTreeMap<String, f64>;

/// The shares of so many calls, each ended at once.
fn shares(roster: &Roster, balancer: &dyn Balancer, calls: u32) -> Shares {
    let mut shares = Shares::new();
    for _ in 0..calls {
        let mut cx = Context::new();
        let pick = roster.pick(&mut cx, balancer).unwrap();
        *shares.entry(pick.instance().id.to_string()).or_default() += 1.0 / f64::from(calls);
        pick.end(Outcome::Success, cx.now() + MS);
    }
    shares
}

/// Calls that begin at a steady pace and end when their instance has answered.
struct Traffic<'a> {
    roster: &'a Roster,
    balancer: &'a dyn Balancer,
    now: Instant,
    every: Duration,
    running: Vec<(Instant, Outcome, Pick)>,
}

impl<'a> Traffic<'a> {
    fn new(roster: &'a Roster, balancer: &'a dyn Balancer) -> Self {
        Self { roster, balancer, now: Instant::now(), every: MS, running: Vec::new() }
    }

    /// The shares of the calls of this while, with who answers how.
    fn run(&mut self, span: Duration, answer: impl Fn(&str) -> (Duration, Outcome)) -> Shares {
        let (until, mut picks) = (self.now + span, BTreeMap::new());
        while self.now < until {
            let now = self.now;
            for (end, outcome, pick) in self.running.extract_if(.., |running| running.0 <= now) {
                pick.end(outcome, end);
            }
            let pick = self.roster.pick(&mut Context::at(now), self.balancer).unwrap();
            let id = pick.instance().id.to_string();
            let (took, outcome) = answer(&id);
            *picks.entry(id).or_insert(0) += 1;
            self.running.push((now + took, outcome, pick));
            self.now += self.every;
        }
        let all = f64::from(picks.values().sum::<i32>());
        picks.into_iter().map(|(id, picks)| (id, f64::from(picks) / all)).collect()
    }
}

fn share(shares: &Shares, id: &str) -> f64 {
    shares.get(id).copied().unwrap_or_default()
}
