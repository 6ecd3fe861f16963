//! The rows of the matrix: what is done, and what was promised of it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::promise::{Percent, Promises};
use super::registry::Kind;
use super::scene::{ALL, ATTEMPT, Plan, Record, Scene, VICTIM};
use crate::Failed;
use crate::clock::nanos;
use crate::ledger::Call;
use crate::service::Fault;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    Kill,
    Pause,
    Slow,
    FailFast,
    Flap,
    Roll,
    AllDown,
    DiscoveryDown,
    DiscoveryEmpty,
    DiscoveryPartitioned,
}

pub(super) const SECOND: u64 = 1_000_000_000;

fn seconds(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / SECOND as f64
}

impl Row {
    pub(super) const ALL: [Self; 10] = [
        Self::Kill,
        Self::Pause,
        Self::Slow,
        Self::FailFast,
        Self::Flap,
        Self::Roll,
        Self::AllDown,
        Self::DiscoveryDown,
        Self::DiscoveryEmpty,
        Self::DiscoveryPartitioned,
    ];

    /// Those of the short form.
    pub(super) const SHORT: [Self; 4] = [Self::Kill, Self::Pause, Self::Slow, Self::Roll];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Slow => "slow",
            Self::FailFast => "fail-fast",
            Self::Flap => "flap",
            Self::Roll => "roll",
            Self::AllDown => "all-down",
            Self::DiscoveryDown => "discovery-down",
            Self::DiscoveryEmpty => "discovery-empty",
            Self::DiscoveryPartitioned => "discovery-partitioned",
        }
    }

    /// Whether the fault is the registry's, which then has to be one.
    pub(super) const fn is_of_discovery(self) -> bool {
        matches!(self, Self::DiscoveryDown | Self::DiscoveryEmpty | Self::DiscoveryPartitioned)
    }

    pub(super) async fn run(self, plan: Plan, folder: &Path) -> Result<Promises, Failed> {
        let scene = Scene::open(plan, folder).await?;
        match self {
            Self::Kill => kill(scene).await,
            Self::Pause => pause(scene).await,
            Self::Slow => slow(scene).await,
            Self::FailFast => fail_fast(scene).await,
            Self::Flap => flap(scene).await,
            Self::Roll => roll(scene).await,
            Self::AllDown => all_down(scene).await,
            Self::DiscoveryDown => discovery_down(scene).await,
            Self::DiscoveryEmpty => discovery_empty(scene).await,
            Self::DiscoveryPartitioned => discovery_partitioned(scene).await,
        }
    }
}

/// What holds in every row; `may_fail` says which of the calls that must not be made twice may have failed.
fn always(record: &Record, may_fail: impl Fn(&Call) -> bool) -> Promises {
    let mut promises = Promises::default();
    let twice = record.judge(0, u64::MAX);
    let what = format!("0 lost of {} idempotent calls", twice.calls);
    promises.that(what, twice.lost == 0, format!("{}{}", twice.lost, errors(&twice.errors)));
    let once = record.judge_once();
    promises.count(format!("0 doubled of {} others", once.calls), once.doubled, 0);
    promises.that("0 lost of those", once.lost == 0, format!("{}{}", once.lost, errors(&once.errors)));
    let others = record.once.calls(0, u64::MAX).filter(|call| !call.is_answered() && !may_fail(call)).count() as u64;
    promises.that(
        "they fail only where they may have run",
        others == 0,
        format!("{others} elsewhere, {} there", once.failed - others.min(once.failed)),
    );
    let says = format!("{} of {}", record.marked, once.failed);
    promises.that("each of their errors says so", record.marked == once.failed, says);
    promises.count("0 answered that nobody executed", twice.unexecuted + once.unexecuted, 0);
    promises
}

fn errors(errors: &std::collections::BTreeMap<String, u64>) -> String {
    let all: Vec<String> = errors.iter().map(|(error, count)| format!("{count} {error}")).collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}

/// In flight at a kill, which takes a moment itself.
fn in_flight(call: &Call, killed: u64) -> bool {
    call.start <= killed + SECOND / 5 && call.end >= killed
}

/// Called the victim while it had its fault.
fn met(call: &Call, from: u64, to: u64) -> bool {
    call.touched(VICTIM) && call.start < to && call.end >= from
}

async fn kill(mut scene: Scene) -> Result<Promises, Failed> {
    let (quick, lag) = (scene.plan.quick, nanos(scene.plan.kind.lag()));
    let killed = scene.kill(VICTIM).await?;
    scene.pass(if quick { 5.0 } else { 8.0 }).await;
    let dropped = scene.forgotten(VICTIM).await?;
    scene.pass(if quick { 2.5 } else { 5.0 }).await;
    let ended = scene.clock.now();
    let record = scene.close().await?;
    let mut promises = always(&record, |call| in_flight(call, killed));
    let (calls, tried) = record.went_to(VICTIM, killed + SECOND, dropped + lag);
    let share = tried as f64 / calls.max(1) as f64;
    let what = "no call to it 1 s later, but to try whether it is back (≤ 1 %)";
    promises.that(what, share <= 0.01, format!("{tried} of {calls}"));
    let (calls, tried) = record.went_to(VICTIM, dropped + lag, ended);
    let what = format!("none {} ms after discovery drops it, {:.1} s after", lag / 1_000_000, seconds(killed, dropped));
    promises.that(what, tried == 0 && calls > 0, format!("{tried} of {calls}"));
    Ok(promises)
}

async fn pause(mut scene: Scene) -> Result<Promises, Failed> {
    let quick = scene.plan.quick;
    let paused = scene.pause(VICTIM).await?;
    scene.pass(if quick { 4.0 } else { 12.0 }).await;
    let resumed = scene.resume(VICTIM).await?;
    scene.pass(if quick { 5.0 } else { 14.0 }).await;
    let record = scene.close().await?;
    let mut promises = always(&record, |call| met(call, paused, resumed));
    let out = paused + nanos(ATTEMPT) + SECOND / 2;
    let (calls, tried) = record.went_to(VICTIM, out, resumed);
    let share = tried as f64 / calls.max(1) as f64;
    let what = "≤ 1 % of the calls touch it once the first attempts have timed out";
    promises.that(what, share <= 0.01 && calls > 0, format!("{} ({tried} of {calls})", Percent(share)));
    // A short run ends before it would have to be back.
    if !quick {
        let answered = |call: &&Call| call.is_answered() && call.instances.last().is_some_and(|last| last == VICTIM);
        let back = record.twice.calls(resumed, u64::MAX).filter(answered).map(|call| call.end).min();
        promises.seconds("back ≤ 10 s after SIGCONT", back.map(|back| seconds(resumed, back)), 10.0);
    }
    Ok(promises)
}

async fn slow(mut scene: Scene) -> Result<Promises, Failed> {
    let quick = scene.plan.quick;
    let begun = scene.clock.now() - 2 * SECOND;
    let slowed = scene.fault(VICTIM, Fault { delay_ms: 500, ..Fault::default() }).await?;
    scene.pass(if quick { 11.0 } else { 20.0 }).await;
    let ended = scene.clock.now();
    let record = scene.close().await?;
    let mut promises = always(&record, |_| false);
    let before = record.judge(begun, slowed);
    let after = record.judge(slowed + 10 * SECOND, ended);
    // A short run looks at a few hundred calls.
    let most = if quick { 0.1 } else { 0.05 };
    promises.share(
        format!("its share falls from {} to ≤ {} in 10 s", Percent(before.touched(VICTIM)), Percent(most)),
        after.touched(VICTIM),
        most,
    );
    if !quick {
        let after = record.judge(slowed + 15 * SECOND, ended);
        let (before, after) = (before.latency(0.99).as_secs_f64(), after.latency(0.99).as_secs_f64());
        let what = format!("p99 of all ≤ 2 x {:.2} ms after 15 s", before * 1e3);
        promises.that(what, after <= 2.0 * before, format!("{:.2} ms", after * 1e3));
    }
    Ok(promises)
}

async fn fail_fast(mut scene: Scene) -> Result<Promises, Failed> {
    let failing = scene.fault(VICTIM, Fault { fail_ratio: 1.0, ..Fault::default() }).await?;
    scene.pass(if scene.plan.quick { 8.0 } else { 15.0 }).await;
    let ended = scene.clock.now();
    let record = scene.close().await?;
    let mut promises = always(&record, |call| met(call, failing, ended));
    let all = record.judge(failing, ended);
    promises.share("who fails fast gets no more than its share (25 %)", all.touched(VICTIM), 0.25);
    let later = record.judge(failing + 2 * SECOND, ended);
    promises.share("and ≤ 5 % from 2 s on", later.touched(VICTIM), 0.05);
    let per_call = all.attempts_per_call();
    promises.that("≤ 1.2 attempts a call", per_call <= 1.2, format!("{per_call:.3}"));
    Ok(promises)
}

async fn flap(mut scene: Scene) -> Result<Promises, Failed> {
    let (mut killed, mut outages) = (Vec::new(), Vec::new());
    for _ in 0..if scene.plan.quick { 3 } else { 6 } {
        let down = scene.kill(VICTIM).await?;
        killed.push(down);
        scene.pass(2.0).await;
        outages.push((down, scene.clock.now()));
        scene.launch(VICTIM)?;
        scene.ready(VICTIM).await?;
        scene.pass(2.0).await;
    }
    let ended = scene.clock.now();
    let record = scene.close().await?;
    let mut promises = always(&record, |call| killed.iter().any(|killed| in_flight(call, *killed)));
    let tried: Vec<(u64, u64)> = outages.iter().map(|(down, up)| record.went_to(VICTIM, down + SECOND, *up)).collect();
    let (calls, touched) = tried.iter().fold((0, 0), |(calls, tried), more| (calls + more.0, tried + more.1));
    let share = touched as f64 / calls.max(1) as f64;
    let each: Vec<String> = tried.iter().map(|(_, tried)| tried.to_string()).collect();
    let what = "≤ 1 % of the calls try it 1 s after it went down";
    promises.that(what, share <= 0.01, format!("{} ({} in each outage)", Percent(share), each.join(", ")));
    let all = record.judge(killed[0], ended);
    promises.share("it never gets more than its share (25 %)", all.touched(VICTIM), 0.25);
    let ejections = record.log.lines().filter(|line| line.contains("instance ejected")).count();
    // Each caller has a view of its own.
    let a_minute = ejections as f64 / 2.0 / seconds(killed[0], ended) * 60.0;
    promises.that("≤ 10 ejections a minute", a_minute <= 10.0, format!("{a_minute:.1}"));
    Ok(promises)
}

async fn roll(mut scene: Scene) -> Result<Promises, Failed> {
    let mut longest = 0.0f64;
    // A file is looked at once a second, and believed at the second look.
    let pause = if scene.plan.kind == Kind::File { 2.2 } else { 1.0 };
    for id in ALL {
        longest = longest.max(scene.stop(id).await?.as_secs_f64());
        scene.launch(id)?;
        scene.ready(id).await?;
        scene.pass(pause).await;
    }
    let record = scene.close().await?;
    let mut promises = always(&record, |_| false);
    let failed = record.judge(0, u64::MAX).failed + record.judge_once().failed;
    promises.count("0 errors while each of 4 is restarted in turn", failed, 0);
    promises.seconds("each drains within 10 s", Some(longest), 10.0);
    Ok(promises)
}

async fn all_down(mut scene: Scene) -> Result<Promises, Failed> {
    let begun = scene.clock.now();
    for id in ALL {
        scene.kill(id).await?;
    }
    let down = scene.clock.now();
    scene.pass(5.0).await;
    let before = scene.clock.now();
    scene.launch(ALL[0])?;
    scene.ready(ALL[0]).await?;
    let up = scene.clock.now();
    scene.pass(4.0).await;
    let record = scene.close().await?;
    // Nobody was healthy: what failed is not lost.
    let mut promises = Promises::default();
    promises.count("0 doubled", record.judge_once().doubled, 0);
    let early = record.judge(0, begun.saturating_sub(5 * SECOND));
    promises.count("0 lost before", early.lost, 0);
    let known = record.judge(down + SECOND, before);
    let (half, most) = (known.latency(0.5).as_secs_f64() * 1e3, known.latency(0.99).as_secs_f64() * 1e3);
    let what = "an error within 5 ms once that is known, 1 s after";
    promises.that(what, known.calls > 0 && half <= 5.0, format!("p50 {half:.2} ms, p99 {most:.2} ms"));
    promises.count("never a hang", known.late, 0);
    let other = known.errors.iter().filter(|(error, _)| !error.ends_with("Unavailable")).map(|(_, count)| count).sum();
    promises.count("and no other than Unavailable", other, 0);
    let answered = record.twice.calls(down, u64::MAX).filter(|call| call.is_answered()).map(|call| call.end).min();
    let back = answered.map(|answered| seconds(up, answered));
    promises.seconds("answered again ≤ 2 s after the first is back", back, 2.0);
    Ok(promises)
}

/// What the faults of a registry have in common: nobody notices.
fn unnoticed(record: &Record, from: u64, to: u64) -> Promises {
    let mut promises = always(record, |_| false);
    let failed = record.judge(0, u64::MAX).failed + record.judge_once().failed;
    promises.count("0 errors", failed, 0);
    let during = record.judge(from, to);
    let least = ALL.iter().map(|id| during.touched(id)).fold(1.0, f64::min);
    // One moment in which it was slow keeps calls away from an instance for long.
    promises.that("all four are called all the while (each ≥ 1 %)", least >= 0.01, format!("least {}", Percent(least)));
    promises
}

async fn discovery_down(mut scene: Scene) -> Result<Promises, Failed> {
    let down = scene.clock.now();
    scene.registry.kill().await?;
    scene.pass(if scene.plan.quick { 12.0 } else { 30.0 }).await;
    let (ended, age) = (scene.clock.now(), scene.watch.age().as_secs_f64());
    let record = scene.close().await?;
    let mut promises = unnoticed(&record, down, ended);
    noticed(&mut promises, &record, down);
    let out = seconds(down, ended);
    let what = format!("its age, which metrics show, rises through the {out:.1} s of the outage");
    promises.that(what, age > 0.0 && age + 15.0 >= out, format!("{age:.1} s"));
    let emptied = record.sightings.iter().filter(|seen| seen.at > down && seen.names != ALL).count() as u64;
    promises.count("the last known set is kept: 0 others are seen", emptied, 0);
    // One for each caller, and one more for each minute.
    let most = 2 * (1 + (seconds(down, ended) / 60.0) as u64);
    let lines = record.log.lines().filter(|line| line.contains("discovery fails")).count() as u64;
    promises.count(format!("one log line a minute at most: ≤ {most} of both callers"), lines, most);
    Ok(promises)
}

async fn discovery_empty(mut scene: Scene) -> Result<Promises, Failed> {
    let down = scene.clock.now();
    scene.registry.restart().await?;
    let up = scene.clock.now();
    scene.pass(if scene.plan.quick { 12.0 } else { 25.0 }).await;
    let ended = scene.clock.now();
    let record = scene.close().await?;
    let mut promises = unnoticed(&record, down, ended);
    let after: Vec<_> = record.sightings.iter().filter(|seen| seen.at >= down).collect();
    // They may be back before this process has seen that it answers.
    let known = match after.iter().rposition(|seen| seen.failing || seen.names != ALL) {
        None => Some(0.0),
        Some(last) => after.get(last + 1).map(|seen| seconds(up, seen.at)),
    };
    let emptied = after.iter().any(|seen| seen.names != ALL);
    promises.seconds(
        format!(
            "all four are registered again ≤ 5 s after it answers{}",
            if emptied { ", having been empty" } else { "" }
        ),
        known,
        5.0,
    );
    Ok(promises)
}

async fn discovery_partitioned(mut scene: Scene) -> Result<Promises, Failed> {
    let cut = scene.clock.now();
    scene.registry.pause().await?;
    scene.pass(if scene.plan.quick { 16.0 } else { 25.0 }).await;
    scene.registry.resume().await?;
    let healed = scene.clock.now();
    scene.launch("e")?;
    scene.ready("e").await?;
    let ready = scene.clock.now();
    scene.pass(6.0).await;
    let record = scene.close().await?;
    let mut promises = unnoticed(&record, cut, healed);
    noticed(&mut promises, &record, cut);
    let first = record.twice.calls(healed, u64::MAX).filter(|call| call.touched("e")).map(|call| call.end).min();
    let found = first.map(|first| seconds(ready, first));
    promises.seconds("no stuck watch: who comes afterwards is called within 5 s", found, 5.0);
    Ok(promises)
}

fn noticed(promises: &mut Promises, record: &Record, since: u64) {
    let noticed = record.sightings.iter().find(|seen| seen.failing && seen.at >= since);
    promises.seconds("it is noticed within 15 s", noticed.map(|seen| seconds(since, seen.at)), 15.0);
}
