use futures_util::future::join_all;
use std::sync::Mutex;
use tokio::time::{Instant, advance, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_unhealthy_at_its_deadline() {
    let (health, check, began) = (Health::new(), Played::taking(3_600 * S), Instant::now());
    health.add(Probe::Liveness, "hangs", check.clone()).unwrap();
    let report = health.report(Probe::Liveness).await;
    assert_eq!((report.failing().collect::<Vec<_>>(), began.elapsed()), (vec!["hangs"], S));
    assert_eq!(report.checks()[0].took, S);
    tokio::task::yield_now().await;
    assert_eq!(check.living(), 0, "and dropped");
}

#[tokio::test(start_paused = true)]
async fn a_check_may_have_limits_of_its_own() {
    let (health, began) = (Health::new(), Instant::now());
    let limits = Limits { deadline: 5 * S, cache: 10 * S };
    let check = Played::taking(4 * S);
    health.add_within(Probe::Liveness, "slow", limits, check.clone()).unwrap();
    assert!(health.report(Probe::Liveness).await.is_healthy());
    assert_eq!(began.elapsed(), 4 * S);
    advance(9 * S).await;
    assert_eq!(health.report(Probe::Liveness).await.checks()[0].age, 9 * S);
    advance(S).await;
    health.report(Probe::Liveness).await;
    assert_eq!(check.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_probes_is_one_check_a_second() {
    let check = Played::default();
    let health = with(check.clone());
    for _ in 0..1_000 {
        assert!(health.report(Probe::Readiness).await.is_healthy());
        advance(S / 100).await;
    }
    assert_eq!(check.runs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_holds_as_long_as_a_good_one() {
    let check = Played::default();
    let health = with(check.clone());
    check.set(Error::unavailable("down"));
    assert_eq!(failing(&health, Probe::Readiness).await, ["db"]);
    check.set(None);
    advance(S - S / 1_000).await;
    assert_eq!(failing(&health, Probe::Readiness).await, ["db"]);
    advance(S / 1_000).await;
    assert!(health.report(Probe::Readiness).await.is_healthy());
    assert_eq!(check.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn probes_that_overlap_share_one_run() {
    let (check, began) = (Played::taking(S / 2), Instant::now());
    let health = with(check.clone());
    let reports = join_all((0..100).map(|_| health.report(Probe::Readiness))).await;
    assert!(reports.iter().all(Report::is_healthy));
    assert_eq!((check.runs(), began.elapsed()), (1, S / 2));
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_only_probes_that_overlap_share() {
    let (health, check) = (Health::new(), Played::taking(S / 2));
    let limits = Limits { cache: Duration::ZERO, ..Limits::default() };
    health.add_within(Probe::Liveness, "fresh", limits, check.clone()).unwrap();
    join_all((0..10).map(|_| health.report(Probe::Liveness))).await;
    assert_eq!(check.runs(), 1);
    health.report(Probe::Liveness).await;
    assert_eq!(check.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn all_checks_run_at_once() {
    let (health, began) = (Health::new(), Instant::now());
    for (name, probe) in [("one", Probe::Readiness), ("two", Probe::Readiness), ("three", Probe::Startup)] {
        health.add(probe, name, Played::taking(S / 2)).unwrap();
    }
    health.set_started();
    assert!(health.report(Probe::Readiness).await.is_healthy());
    assert_eq!(began.elapsed(), S / 2);
}

#[tokio::test(start_paused = true)]
async fn a_prober_who_leaves_cuts_the_run_off_for_nobody() {
    let check = Played::taking(S / 2);
    let health = with(check.clone());
    assert!(timeout(S / 10, health.report(Probe::Readiness)).await.is_err());
    assert!(health.report(Probe::Readiness).await.is_healthy());
    assert_eq!(check.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_with_the_last_clone_of_its_health() {
    let check = Played::taking(S / 2);
    let health = with(check.clone());
    let clone = health.clone();
    assert!(timeout(S / 10, health.report(Probe::Readiness)).await.is_err());
    drop(health);
    tokio::task::yield_now().await;
    assert_eq!(check.living(), 1);
    drop(clone);
    tokio::task::yield_now().await;
    assert_eq!(check.living(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_unhealthy_also_when_its_future_is_made() {
    let health = Health::new();
    health.add(Probe::Liveness, "polled", async || panic!("while polled")).unwrap();
    let made = || -> std::future::Ready<Result<(), Error>> { panic!("while made") };
    health.add(Probe::Liveness, "made", made).unwrap();
    assert_eq!(failing(&health, Probe::Liveness).await, ["polled", "made"]);
}

#[test]
fn a_run_that_was_cut_off_with_its_runtime_is_made_again_on_the_next_probers() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let check = Played::taking(S / 2);
    let health = with(check.clone());
    let first = runtime();
    first.block_on(async { timeout(S / 10, health.report(Probe::Readiness)).await.unwrap_err() });
    drop(first);
    assert_eq!((check.runs(), check.living()), (1, 0));
    runtime().block_on(async {
        assert!(health.report(Probe::Readiness).await.is_healthy());
    });
    assert_eq!(check.runs(), 2);
}

/// Nothing here depends on how fast the real clock goes: the check blocks until it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_blocks_its_thread_keeps_no_prober_and_is_not_doubled() {
    let (release, blocked) = std::sync::mpsc::sync_channel::<()>(0);
    let (blocked, runs) = (Mutex::new(blocked), Arc::new(AtomicU32::new(0)));
    let (health, counted) = (Health::new(), Arc::clone(&runs));
    let limits = Limits { deadline: Duration::from_millis(1), cache: Duration::ZERO };
    let check = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = blocked.lock().unwrap().recv();
        ready(Ok(()))
    };
    health.add_within(Probe::Liveness, "blocks", limits, check).unwrap();
    for _ in 0..3 {
        assert_eq!(failing(&health, Probe::Liveness).await, ["blocks"]);
    }
    assert!(runs.load(Ordering::SeqCst) <= 1);
    drop(release);
}
