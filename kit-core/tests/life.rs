//! Heartbeat, health and lifecycle from outside the crate, and all three together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit_core::health::{Check, Limits, Probe, Status, check_with};
use kit_core::heartbeat::{Pulse, Restart, Steward, Vital};
use kit_core::sources::SeededRandom;
use kit_core::{Error, Health, Lifecycle};
use tokio::time::sleep;

const S: Duration = Duration::from_secs(1);

/// A check of somebody else's make.
struct Flag(Arc<AtomicBool>);

impl Check for Flag {
    async fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Ok(()) } else { Err(Error::unavailable("the flag is down")) }
    }

    fn limits(&self) -> Limits {
        Limits { cache: Duration::ZERO, ..Limits::default() }
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_of_another_crate_brings_its_own_limits() {
    let (health, flag) = (Health::new(), Arc::new(AtomicBool::new(true)));
    health.add(Probe::Liveness, "own type", Flag(Arc::clone(&flag))).unwrap();
    let by_function = check_with(Arc::clone(&flag), async |flag| match flag.load(Ordering::Relaxed) {
        true => Ok(()),
        false => Err(Error::unavailable("down")),
    });
    health.add(Probe::Liveness, "function", by_function).unwrap();
    assert!(health.report(Probe::Liveness).await.is_healthy());
    flag.store(false, Ordering::Relaxed);
    // The function's answer of before still holds.
    assert_eq!(health.report(Probe::Liveness).await.failing().collect::<Vec<_>>(), ["own type"]);
    tokio::time::advance(S).await;
    assert_eq!(health.report(Probe::Liveness).await.failing().count(), 2);
}

#[test]
fn a_pulse_takes_no_memory_whoever_hears_it() {
    let pulse = Pulse::new();
    let units = || (0..10_000).for_each(|_| pulse.unit());
    assert_eq!(allocation_counter::measure(units).count_total, 0);
    let (_late, _later) = (pulse.listen(), pulse.listen());
    let watcher = pulse.watch(S).unwrap();
    assert_eq!(allocation_counter::measure(units).count_total, 0);
    assert_eq!((watcher.vital(), watcher.last().unwrap().progress), (Vital::Alive, 20_000));
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// A consumer that hangs in its third message; its steward is a part, and its pulse what liveness asks.
#[tokio::test(start_paused = true)]
async fn a_stewards_ward_falls_silent_is_reported_returns_and_is_gone_when_the_lifecycle_is() {
    let (health, before) = (Health::new(), tasks());
    let registry = health.clone();
    let consumer = async move |part: kit_core::lifecycle::Part| {
        let restart = Restart { silence: 2 * S, pause: 4 * S, ..Restart::default() };
        let steward =
            Steward::of("consumer").restart(restart).random(SeededRandom::new(3)).start(async |pulse: Pulse| {
                for _message in 0..3 {
                    pulse.unit();
                    sleep(S).await;
                }
                std::future::pending().await
            })?;
        registry.add(Probe::Liveness, "consumer", steward.ward())?;
        part.ready();
        part.stopping().await;
        match steward.stop(S).await {
            true => Ok(()),
            false => Err(Error::deadline_exceeded("the consumer did not stop")),
        }
    };
    let run = Lifecycle::new().health(&health).part("consumer", consumer).run(sleep(20 * S));
    let probes = async {
        let mut alive = Vec::new();
        sleep(S / 2).await;
        while health.report(Probe::Readiness).await.is_healthy() {
            alive.push(health.report(Probe::Liveness).await.status() == Status::Healthy);
            sleep(S).await;
        }
        alive
    };
    let (stopped, alive) = tokio::join!(run, probes);
    assert!(stopped.unwrap().is_clean());
    // The last pulse at 2 s, silent at 4 s, back after a pause of two to four seconds.
    assert_eq!(alive[..6], [true, true, true, true, false, false]);
    assert!(alive[8], "{alive:?}");
    assert_eq!(alive.len(), 20);
    drop(health);
    tokio::task::yield_now().await;
    assert_eq!(tasks(), before);
}
