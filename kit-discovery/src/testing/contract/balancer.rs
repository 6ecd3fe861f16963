use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit_core::health::Status;
use kit_core::{Code, Context, Error, Gate, GateState, Instance, Outcome};
use tokio::time::Instant;

use super::{BalancerRig, Report};
use crate::balance::{Balancer, Candidates, Config, Pick, Roster, Standing};
use crate::policy::NoInstances;

/// Plays the rules of a balancer, each on a fresh one, in a roster as a client has it.
///
/// Time is the rules' own: nothing waits.
///
/// # Panics
/// At the first rule that is broken.
pub fn balancer<R: BalancerRig>(rig: &R) -> Report {
    let mut report = Report::default();
    macro_rules! play {
        ($($name:literal => $rule:ident)*) => {$({
            $rule(&Rule { name: $name, rig, balancer: rig.balancer(), start: Instant::now() });
            report.note($name, Ok(()));
        })*};
    }
    play! {
        "picks nobody of none" => none
        "picks the only one" => only
        "tries another one first" => another
        "calls the lowest priority" => priority
        "passes over the unhealthy" => unhealthy
        "stays away from the ejected" => ejected
        "stays away from whom a gate refuses" => refused
        "asks nobody again who refused" => declined
        "follows the set" => follows
        "picks from many threads" => threads
    }
    report
}

struct Rule<'a, R: BalancerRig> {
    name: &'static str,
    rig: &'a R,
    balancer: R::Balancer,
    start: Instant,
}

/// Picks this id, for a rule that needs calls to end somewhere.
struct At<'a>(&'a str);

impl Balancer for At<'_> {
    fn pick(&self, _cx: &Context, set: &Candidates) -> Option<usize> {
        set.iter().position(|one| &*one.instance().id == self.0)
    }
}

/// Refuses while it is set.
#[derive(Default)]
struct Shut(AtomicBool);

impl Gate for Shut {
    fn state(&self, _now: Instant) -> GateState {
        if self.0.load(Ordering::Relaxed) { GateState::Refused { until: None } } else { GateState::Open }
    }
}

const CALLS: u64 = 500;

impl<R: BalancerRig> Rule<'_, R> {
    #[track_caller]
    fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        assert!(holds, "rule {:?} is broken: {}", self.name, what());
    }

    /// The context of this call, long after what is in the set has come.
    fn call(&self, number: u64) -> Context {
        self.rig.context(number, self.start + Duration::from_millis(number))
    }

    fn pick(&self, roster: &Roster, cx: &mut Context) -> Pick {
        match roster.pick(cx, &self.balancer) {
            Ok(pick) => pick,
            Err(error) => panic!("rule {:?} is broken: nobody is picked: {error}", self.name),
        }
    }

    /// Many calls go to some of these, and all work.
    #[track_caller]
    fn goes_to(&self, roster: &Roster, wanted: &[&str]) {
        for number in 0..CALLS {
            let mut cx = self.call(number);
            let pick = self.pick(roster, &mut cx);
            let id = Arc::clone(&pick.instance().id);
            self.check(wanted.contains(&&*id), || format!("{id} is picked, of {wanted:?}"));
            pick.end(Outcome::Success, cx.now() + Duration::from_millis(1));
        }
    }
}

fn changed(mut instance: Instance, change: impl FnOnce(&mut Instance)) -> Instance {
    change(&mut instance);
    instance
}

fn instance(id: &str) -> Instance {
    let mut instance = Instance::new(format!("{id}:80"));
    instance.id = id.into();
    instance
}

fn roster(instances: impl IntoIterator<Item = Instance>) -> Roster {
    let roster = Roster::new(Config::default()).expect("the default is in its ranges");
    set(&roster, instances);
    roster
}

fn set(roster: &Roster, instances: impl IntoIterator<Item = Instance>) {
    roster.replace(Ok(instances.into_iter().map(|instance| (Arc::new(instance), ())).collect()));
}

fn none<R: BalancerRig>(rule: &Rule<'_, R>) {
    let nobody: Roster = Roster::new(Config::default()).expect("the default is in its ranges");
    for why in [NoInstances::Pending { error: None }, NoInstances::Empty] {
        nobody.replace(Err(why.clone()));
        let error = nobody.pick(&mut rule.call(0), &rule.balancer).err();
        let said = error.as_ref().and_then(|error| error.cause::<NoInstances>()).map(ToString::to_string);
        rule.check(said == Some(why.to_string()), || format!("the cause is {said:?}, not {why}"));
    }
}

fn only<R: BalancerRig>(rule: &Rule<'_, R>) {
    rule.goes_to(&roster([instance("a")]), &["a"]);
}

fn another<R: BalancerRig>(rule: &Rule<'_, R>) {
    let ids = ["a", "b", "c", "d", "e"];
    let roster = roster(ids.map(instance));
    for number in 0..CALLS / 10 {
        let mut cx = rule.call(number);
        cx.attempts_mut().track();
        for _ in ids {
            rule.pick(&roster, &mut cx).end(Outcome::Rejected, cx.now());
        }
        let mut tried = cx.attempts().tried();
        tried.sort();
        rule.check(tried.iter().map(|id| &**id).eq(ids), || format!("of five instances these are tried: {tried:?}"));
        // All were tried: one of them again, rather than nobody.
        rule.pick(&roster, &mut cx).end(Outcome::Success, cx.now());
    }
}

fn priority<R: BalancerRig>(rule: &Rule<'_, R>) {
    let spare = |id| changed(instance(id), |one| one.priority = 7);
    rule.goes_to(&roster([spare("a"), instance("b"), spare("c"), instance("d")]), &["b", "d"]);
    rule.goes_to(&roster([spare("a"), spare("c")]), &["a", "c"]);
}

fn unhealthy<R: BalancerRig>(rule: &Rule<'_, R>) {
    let sick = |id| changed(instance(id), |one| one.health = Status::Unhealthy);
    let spare = changed(instance("d"), |one| one.priority = 7);
    rule.goes_to(&roster([sick("a"), instance("b"), sick("c")]), &["b"]);
    rule.goes_to(&roster([sick("a"), spare]), &["d"]);
    rule.goes_to(&roster([sick("a"), sick("c")]), &["a", "c"]);
}

fn ejected<R: BalancerRig>(rule: &Rule<'_, R>) {
    let roster = roster(["a", "b", "c", "d"].map(instance));
    for _ in 0..5 {
        let mut cx = rule.call(0);
        let pick = roster.pick(&mut cx, &At("c")).expect("it is there");
        pick.end(Outcome::BackendError, cx.now());
    }
    let now = rule.call(0).now();
    let out = roster.candidates().iter().any(|one| matches!(one.standing(now), Standing::Ejected { .. }));
    rule.check(out, || "five failures in a row eject".into());
    rule.goes_to(&roster, &["a", "b", "d"]);
}

fn refused<R: BalancerRig>(rule: &Rule<'_, R>) {
    let shut: Vec<Arc<Shut>> = (0..3).map(|_| Arc::default()).collect();
    let gates = shut.clone();
    let roster = Roster::new(Config::default()).expect("the default is in its ranges").with_gates(move |instance| {
        let at = usize::from(instance.id.as_bytes()[0] - b'a');
        Arc::clone(&gates[at]) as Arc<dyn Gate>
    });
    set(&roster, ["a", "b", "c"].map(instance));
    shut[1].0.store(true, Ordering::Relaxed);
    rule.goes_to(&roster, &["a", "c"]);
    shut[0].0.store(true, Ordering::Relaxed);
    rule.goes_to(&roster, &["c"]);
    shut[2].0.store(true, Ordering::Relaxed);
    let error = roster.pick(&mut rule.call(0), &rule.balancer).expect_err("all gates are shut");
    let cause = error.cause::<NoInstances>();
    let all = matches!(cause, Some(NoInstances::AllOut { ejected: 0, refused: 3, .. }));
    rule.check(all && error.code() == Code::Unavailable, || format!("all are refused: {error:?}"));
    shut[0].0.store(false, Ordering::Relaxed);
    rule.goes_to(&roster, &["a"]);
}

fn declined<R: BalancerRig>(rule: &Rule<'_, R>) {
    let ids = ["a", "b", "c"];
    let roster = roster(ids.map(instance));
    for number in 0..CALLS / 10 {
        let mut cx = rule.call(number);
        cx.attempts_mut().track();
        for _ in ids {
            let pick = rule.pick(&roster, &mut cx);
            let id = Arc::clone(&pick.instance().id);
            rule.check(!cx.attempts().was_refused(&id), || format!("{id} is picked again, which has refused"));
            let refusal = Error::unavailable("refused here").with_outcome(Outcome::Rejected);
            pick.close(&mut cx, &Err::<(), _>(refusal));
        }
        let nobody = roster.pick(&mut cx, &rule.balancer).err();
        let all = nobody.as_ref().and_then(|error| error.cause::<NoInstances>());
        let all = matches!(all, Some(NoInstances::AllOut { ejected: 0, refused: 0, declined: 3, .. }));
        rule.check(all, || format!("all have refused: {nobody:?}"));
    }
    rule.goes_to(&roster, &ids);
}

fn follows<R: BalancerRig>(rule: &Rule<'_, R>) {
    let roster = roster(["a", "b"].map(instance));
    rule.goes_to(&roster, &["a", "b"]);
    set(&roster, ["b", "c", "d"].map(instance));
    rule.goes_to(&roster, &["b", "c", "d"]);
    set(&roster, ["e"].map(instance));
    rule.goes_to(&roster, &["e"]);
}

fn threads<R: BalancerRig>(rule: &Rule<'_, R>) {
    let roster = roster(["a", "b", "c"].map(instance));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (roster, balancer, rig, start) = (&roster, &rule.balancer, rule.rig, rule.start);
            scope.spawn(move || {
                for number in 0..CALLS {
                    let mut cx = rig.context(number * 2 + thread, start);
                    let pick = roster.pick(&mut cx, balancer).expect("the set is never empty");
                    pick.end(Outcome::Success, cx.now());
                }
            });
        }
        for round in 0..50 {
            let ids: &[&str] = if round % 2 == 0 { &["b"] } else { &["a", "b", "c"] };
            set(&roster, ids.iter().map(|id| instance(id)));
        }
    });
    let flying: u32 = roster.candidates().iter().map(|one| one.in_flight()).sum();
    rule.check(flying == 0, || format!("{flying} calls are in flight when all have ended"));
}
