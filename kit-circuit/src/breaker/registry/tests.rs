use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::{Context, Endpoint, Error, Gate, GateState, Instance, Routed, endpoint_fn};
use tokio::time::{Instant, advance};

use super::super::{Event, Mode, OpenTime, State};
use super::*;
use crate::breaker;

const SECOND: Duration = Duration::from_secs(1);

/// Breakers that open on the first failure, for 10 s.
fn config(max: usize) -> Config {
    let open = OpenTime::fixed(10 * SECOND);
    let breaker = breaker::Config { consecutive: Some(1), failures: None, open, ..Default::default() };
    Config { max, breaker, ..Config::default() }
}

fn registry(max: usize) -> Registry<u32> {
    Registry::new(config(max)).unwrap()
}

/// Fails if it is told to; the key is the number, 0 has none.
fn backend(registry: &Registry<u32>) -> impl Endpoint<(u32, bool), Response = ()> {
    let backend = endpoint_fn(async |_cx, (_, fails): (u32, bool)| match fails {
        true => Err(Error::unavailable("down")),
        false => Ok(()),
    });
    backend.layer(registry.layer(|_: &Context, call: &(u32, bool)| Some(call.0).filter(|key| *key != 0)))
}

async fn call(backend: &impl Endpoint<(u32, bool), Response = ()>, key: u32, fails: bool) -> bool {
    // The order of calls is that of their times.
    advance(Duration::from_millis(1)).await;
    backend.call(&mut Context::new(), (key, fails)).await.is_ok()
}

fn keys(registry: &Registry<u32>) -> Vec<u32> {
    let mut keys: Vec<_> = registry.statuses().into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_breaker_of_its_own_and_a_call_without_a_key_none() {
    let registry = registry(10);
    let backend = backend(&registry);
    assert!(!call(&backend, 1, true).await);
    assert!(!call(&backend, 1, false).await, "refused");
    assert!(call(&backend, 2, false).await);
    assert!(!call(&backend, 0, true).await);
    assert!(call(&backend, 0, false).await);
    assert_eq!((keys(&registry), registry.len()), (vec![1, 2], 2));
    assert_eq!(registry.get(&1).unwrap().stats().refused, 1);
    assert!(registry.get(&7).is_none() && registry.len() == 2, "asking makes none");
    assert!(registry.remove(&1) && !registry.remove(&1));
    assert!(call(&backend, 1, false).await);
}

#[tokio::test(start_paused = true)]
async fn the_closed_breaker_that_was_called_least_recently_makes_room() {
    let registry = registry(3);
    let backend = backend(&registry);
    for key in [1, 2, 3, 1] {
        call(&backend, key, false).await;
    }
    call(&backend, 4, false).await;
    assert_eq!(keys(&registry), [1, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_stays_while_a_closed_one_can_go() {
    let registry = registry(3);
    let backend = backend(&registry);
    call(&backend, 1, true).await;
    call(&backend, 2, true).await;
    for key in 3..100 {
        call(&backend, key, false).await;
        assert_eq!(registry.len(), 3.min(key as usize));
    }
    assert_eq!(keys(&registry), [1, 2, 99]);
}

#[tokio::test(start_paused = true)]
async fn when_none_is_closed_the_open_one_called_least_recently_goes_and_the_held_one_last() {
    let registry = registry(3);
    let backend = backend(&registry);
    registry.get_or_make(&1).force(Mode::ForcedClosed);
    for key in [2, 3, 4] {
        call(&backend, key, true).await;
    }
    assert_eq!(keys(&registry), [1, 3, 4]);
    for key in [5, 6] {
        call(&backend, key, true).await;
    }
    assert_eq!(keys(&registry), [1, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn an_eighth_goes_at_once_so_that_making_one_stays_cheap() {
    let registry = registry(80);
    let backend = backend(&registry);
    for key in 1..=81 {
        call(&backend, key, false).await;
    }
    assert_eq!(keys(&registry), (11..=81).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn those_idle_for_long_go_unless_they_are_open() {
    let registry = Registry::new(Config { idle: 60 * SECOND, ..config(100) }).unwrap();
    let backend = backend(&registry);
    for key in 1..=5 {
        call(&backend, key, key == 5).await;
    }
    advance(59 * SECOND).await;
    call(&backend, 1, false).await;
    advance(SECOND).await;
    call(&backend, 6, false).await;
    assert_eq!(keys(&registry), [1, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn settings_reach_every_breaker_and_open_ones_stay_open() {
    let registry = registry(10);
    let backend = backend(&registry);
    call(&backend, 1, true).await;
    call(&backend, 2, false).await;
    let three = breaker::Config { consecutive: Some(3), ..config(10).breaker };
    registry.set(Config { breaker: three, ..config(10) }).unwrap();
    assert_eq!(registry.config().breaker, three);
    for key in [2, 3] {
        call(&backend, key, true).await;
        assert_eq!(registry.get(&key).unwrap().state(), State::Closed);
    }
    assert_eq!(registry.get(&1).unwrap().state(), State::Open);
    let error = registry.set(Config { max: 0, ..config(10) }).unwrap_err();
    assert_eq!(error.to_string(), "max is 0, it must be at least 1");
}

#[tokio::test(start_paused = true)]
async fn a_balancer_asks_by_key_whichever_breaker_that_is() {
    let registry = registry(10);
    let backend = backend(&registry);
    let gate = registry.gate(1);
    let ask = || gate.state(Instant::now());
    assert_eq!(ask(), GateState::Open);
    assert!(registry.is_empty(), "asking makes none");
    call(&backend, 1, true).await;
    assert_eq!(ask(), GateState::Refused { until: Some(Instant::now() + 10 * SECOND) });
    registry.remove(&1);
    assert_eq!(ask(), GateState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_gate_follows_its_key_through_breakers_that_come_and_go() {
    let registry = registry(10);
    let (gate, other) = (registry.gate(1), registry.gate(2));
    let ask = |gate: &KeyGate<u32>| gate.admits(Instant::now());
    let open = |key| registry.get_or_make(&key).force(Mode::ForcedOpen);
    assert!(ask(&gate) && ask(&other));
    open(1);
    assert!(!ask(&gate) && !ask(&gate.clone()) && ask(&other));
    let mut watch = registry.get(&1).unwrap().watch();
    registry.remove(&1);
    assert!(watch.changed().await.is_err(), "the gate does not keep what has gone");
    assert!(ask(&gate));
    open(2);
    open(1);
    assert!(!ask(&gate) && !ask(&other));
    registry.get(&1).unwrap().force(Mode::Automatic);
    registry.get(&1).unwrap().reset();
    assert!(ask(&gate) && !ask(&other), "and sees how it stands at each look");
}

#[tokio::test(start_paused = true)]
async fn one_layer_keeps_the_instances_of_requests_of_any_type_apart() {
    let registry = Registry::new(config(10)).unwrap();
    let layer = registry.layer(ByInstance);
    let texts = endpoint_fn(async |_cx, routed: Routed<(), &str>| match routed.request {
        "" => Err(Error::unavailable("down")),
        text => Ok(text.len()),
    });
    let (texts, numbers) =
        (texts.layer(layer.clone()), endpoint_fn(async |_cx, _: Routed<(), u32>| Ok(())).layer(layer));
    let (a, b) = (Arc::new(Instance::new("a:1")), Arc::new(Instance::new("b:1")));
    let to = |instance: &Arc<Instance>| Arc::clone(instance);
    let cx = &mut Context::new();
    assert!(texts.call(cx, Routed { instance: to(&a), channel: (), request: "" }).await.is_err());
    assert!(numbers.call(cx, Routed { instance: to(&a), channel: (), request: 1 }).await.is_err(), "refused");
    assert!(numbers.call(cx, Routed { instance: to(&b), channel: (), request: 1 }).await.is_ok());
    assert!(
        !registry.gate(Arc::clone(&a.id)).admits(Instant::now()) && registry.gate(b.id.clone()).admits(Instant::now())
    );
}

#[tokio::test(start_paused = true)]
async fn events_are_told_under_the_name_of_the_key() {
    let names = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&names);
    let registry = registry(10).observe(move |event: &Event| {
        if let Event::Changed { name: Some(name), .. } = event {
            heard.lock().unwrap().push(name.to_string());
        }
    });
    let backend = backend(&registry);
    call(&backend, 7, true).await;
    call(&backend, 12, true).await;
    assert_eq!(*names.lock().unwrap(), ["7", "12"]);
}

#[test]
fn threads_that_call_many_keys_never_pass_the_bound() {
    let registry = registry(16);
    let backend = backend(&registry);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (registry, backend) = (&registry, &backend);
            scope.spawn(move || {
                for n in 0..2_000_u32 {
                    let key = n.wrapping_mul(2_654_435_761).wrapping_add(thread) % 64 + 1;
                    let _ = backend.call(&mut Context::new(), (key, key % 7 == 0)).now_or_never();
                    assert!(registry.len() <= 16);
                }
            });
        }
    });
}

#[test]
fn a_file_names_bounds_and_the_settings_of_each() {
    let read: Config = toml::from_str("max = 50\nidle = \"1m\"\n[breaker]\nconsecutive = 3").unwrap();
    let breaker = breaker::Config { consecutive: Some(3), ..Default::default() };
    assert_eq!(read, Config { max: 50, idle: 60 * SECOND, breaker });
    assert!(Registry::<u32>::new(Config { idle: Duration::ZERO, ..read }).is_err());
}
