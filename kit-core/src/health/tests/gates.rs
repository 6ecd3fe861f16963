use super::*;
use crate::Code;

#[tokio::test(start_paused = true)]
async fn a_process_is_not_ready_before_it_has_started_and_alive_all_the_while() {
    let health = Health::new();
    assert_eq!(failing(&health, Probe::Startup).await, [STARTED]);
    assert_eq!(failing(&health, Probe::Readiness).await, [STARTED]);
    assert!(health.report(Probe::Liveness).await.is_healthy());
    health.set_started();
    for probe in [Probe::Startup, Probe::Readiness, Probe::Liveness] {
        assert!(health.report(probe).await.is_healthy(), "{probe}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_refuses_readiness_and_not_life() {
    let health = Health::new();
    health.set_started();
    health.set_ready(false);
    assert_eq!(failing(&health, Probe::Readiness).await, [READY]);
    assert!(health.report(Probe::Liveness).await.is_healthy());
    assert!(health.report(Probe::Startup).await.is_healthy());
    health.set_ready(true);
    assert!(health.report(Probe::Readiness).await.is_healthy());
}

#[tokio::test(start_paused = true)]
async fn only_checks_of_liveness_fail_liveness() {
    let health = Health::new();
    let fails = || ready(Err(Error::unavailable("down")));
    health.add(Probe::Readiness, "db", fails).unwrap();
    health.add(Probe::Startup, "migration", fails).unwrap();
    assert!(health.report(Probe::Liveness).await.is_healthy());
    health.add(Probe::Liveness, "worker", fails).unwrap();
    assert_eq!(failing(&health, Probe::Liveness).await, ["worker"]);
    assert_eq!(failing(&health, Probe::Readiness).await, [STARTED, "migration", "db"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_done_stays_done_and_its_checks_run_no_more() {
    let (health, migration) = (Health::new(), Played::default());
    migration.set(Error::unavailable("behind"));
    health.add(Probe::Startup, "migration", migration.clone()).unwrap();
    health.set_started();
    assert_eq!(failing(&health, Probe::Startup).await, ["migration"]);
    assert_eq!(failing(&health, Probe::Readiness).await, ["migration"]);
    migration.set(None);
    tokio::time::advance(2 * S).await;
    assert!(health.report(Probe::Readiness).await.is_healthy());
    assert_eq!(migration.runs(), 2);

    migration.set(Error::unavailable("again"));
    tokio::time::advance(2 * S).await;
    assert!(health.report(Probe::Startup).await.is_healthy());
    assert!(health.report(Probe::Readiness).await.is_healthy());
    assert_eq!(migration.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_passed_before_the_start_was_done_is_asked_again() {
    let (health, migration) = (Health::new(), Played::default());
    health.add(Probe::Startup, "migration", migration.clone()).unwrap();
    assert_eq!(failing(&health, Probe::Startup).await, [STARTED]);
    migration.set(Error::unavailable("behind"));
    health.set_started();
    tokio::time::advance(2 * S).await;
    assert_eq!(failing(&health, Probe::Startup).await, ["migration"]);
}

#[tokio::test(start_paused = true)]
async fn a_report_has_its_gates_and_checks_in_order_and_nothing_but_names_and_times() {
    let health = with(Played::taking(S / 10));
    health.add(Probe::Readiness, "cache", || ready(Err(Error::unavailable("10.0.0.7: no such secret")))).unwrap();
    let report = health.report(Probe::Readiness).await;
    let seen: Vec<_> = report.checks().iter().map(|check| (&*check.name, check.status, check.took)).collect();
    let zero = Duration::ZERO;
    assert_eq!(
        seen,
        [
            (STARTED, Status::Healthy, zero),
            (READY, Status::Healthy, zero),
            ("db", Status::Healthy, S / 10),
            ("cache", Status::Unhealthy, zero)
        ]
    );
    assert_eq!((report.probe(), report.status()), (Probe::Readiness, Status::Unhealthy));
    assert!(!format!("{report:?}").contains("secret"));
    // The start is done: it is no longer asked.
    assert_eq!(health.report(Probe::Readiness).await.checks().len(), 3);
    assert_eq!(health.report(Probe::Startup).await.checks().len(), 1);
}

#[test]
fn names_are_there_and_their_own() {
    let health = Health::new();
    let add = |probe, name: &str| health.add(probe, name, || ready(Ok(())));
    add(Probe::Liveness, "db").unwrap();
    add(Probe::Readiness, "db").unwrap();
    assert_eq!(add(Probe::Readiness, "db").unwrap_err().code(), Code::AlreadyExists);
    for name in ["", STARTED, READY] {
        assert_eq!(add(Probe::Readiness, name).unwrap_err().code(), Code::InvalidArgument);
    }
    let never = Limits { deadline: Duration::ZERO, ..Limits::default() };
    let refused = health.add_within(Probe::Liveness, "x", never, || ready(Ok(()))).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
