use std::sync::atomic::{AtomicBool, Ordering};

use kit_core::{Gate, GateState};

use super::*;
use crate::policy::NoInstances;

fn in_zone(id: &str, zone: &str) -> Instance {
    changed(instance(id), |one| one.zone = Some(zone.into()))
}

/// Shut or probing, by id.
fn gated(state: impl Fn(&str) -> GateState + Send + Sync + Clone + 'static, config: Config) -> Roster {
    struct Said<F>(String, F);
    impl<F: Fn(&str) -> GateState + Send + Sync> Gate for Said<F> {
        fn state(&self, _now: Instant) -> GateState {
            (self.1)(&self.0)
        }
    }
    Roster::new(config).unwrap().with_gates(move |instance| Arc::new(Said(instance.id.to_string(), state.clone())))
}

const REFUSED: GateState = GateState::Refused { until: None };

#[tokio::test(start_paused = true)]
async fn calls_stay_in_the_zone_while_half_of_it_may_be_called() {
    static SHUT: AtomicBool = AtomicBool::new(false);
    let shut = |id: &str| {
        let refused = id == "b" || (SHUT.load(Ordering::Relaxed) && id == "c");
        if refused { REFUSED } else { GateState::Open }
    };
    let roster = gated(shut, Config { zone: Some("here".into()), ..Default::default() });
    let here = ["a", "b", "c"].map(|id| in_zone(id, "here"));
    set(&roster, here.into_iter().chain(["x", "y"].map(|id| in_zone(id, "there"))));
    let random = Random::from_source(seeded());
    let near = shares(&roster, &random, 1_000);
    assert_eq!(near.keys().collect::<Vec<_>>(), ["a", "c"]);
    SHUT.store(true, Ordering::Relaxed);
    let all = shares(&roster, &random, 1_000);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "x", "y"]);
    assert!(share(&all, "a") < 0.6, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_is_no_reason_to_leave_the_priority() {
    let roster = Roster::new(Config { zone: Some("here".into()), ..Default::default() }).unwrap();
    let spare = changed(in_zone("a", "here"), |one| one.priority = 1);
    set(&roster, [spare, in_zone("b", "there")]);
    assert!(share(&shares(&roster, &RoundRobin::new(), 100), "b") > 0.999);
}

#[tokio::test(start_paused = true)]
async fn the_next_priority_is_called_when_a_gate_refuses_all_of_the_first() {
    let roster = gated(|id| if id == "b" { GateState::Open } else { REFUSED }, Config::default());
    set(&roster, [instance("a"), changed(instance("b"), |one| one.priority = 1)]);
    assert!(share(&shares(&roster, &RoundRobin::new(), 100), "b") > 0.999);
}

#[tokio::test(start_paused = true)]
async fn a_probing_instance_is_called_now_and_then() {
    let roster = gated(|id| if id == "a" { GateState::Probing } else { GateState::Open }, Config::default());
    set(&roster, weighted(&[1, 1]));
    for balancer in [&Random::from_source(seeded()) as &dyn Balancer, &RoundRobin::new(), &SmoothWeighted::new()] {
        let probes = share(&shares(&roster, balancer, 2_000), "a");
        assert!((0.02..0.15).contains(&probes), "{probes}");
    }
    set(&roster, weighted(&[1]));
    assert!(share(&shares(&roster, &RoundRobin::new(), 10), "a") > 0.999);
}

#[tokio::test(start_paused = true)]
async fn an_error_says_when_the_first_gate_opens() {
    let at = Instant::now() + 3 * SECOND;
    let refused = move |id: &str| GateState::Refused { until: (id == "b").then_some(at) };
    let roster = gated(refused, Config::default());
    set(&roster, weighted(&[1, 1]));
    let error = roster.pick(&mut Context::new(), &RoundRobin::new()).unwrap_err();
    let Some(NoInstances::AllOut { ejected: 0, refused: 2, until, .. }) = error.cause() else { panic!("{error:?}") };
    assert_eq!(*until, Some(at));
    assert_eq!((error.reason(), error.outcome()), (Some(NoInstances::REASON), Outcome::Rejected));
    assert_eq!(error.message(), "all instances are out: 2 refused by their gates");
}
