use tokio::time::advance;

use super::*;
use crate::ejection;

/// Nobody is ejected: what the balancer does alone.
fn unjudged(instances: Vec<Instance>) -> Roster {
    let ejection = ejection::Config { max_share: 0.0, ..Default::default() };
    let roster = Roster::new(Config { ejection, ..Default::default() }).unwrap();
    set(&roster, instances);
    roster
}

fn works(_: &str) -> (Duration, Outcome) {
    (10 * MS, Outcome::Success)
}

#[tokio::test(start_paused = true)]
async fn an_instance_500_ms_slower_falls_from_its_quarter_to_a_twentieth_in_10_s() {
    let roster = unjudged(weighted(&[1, 1, 1, 1]));
    let balancer = PeakEwma::from_source(seeded());
    let mut traffic = Traffic::new(&roster, &balancer);
    let before = share(&traffic.run(10 * SECOND, works), "b");
    assert!((0.2..0.3).contains(&before), "{before}");
    let slow = |id: &str| if id == "b" { (510 * MS, Outcome::Success) } else { works(id) };
    traffic.run(9 * SECOND, slow);
    let after = share(&traffic.run(SECOND, slow), "b");
    assert!(after <= 0.05, "{after}");
    // Well again, it is called again.
    traffic.run(6 * SECOND, works);
    let again = share(&traffic.run(10 * SECOND, works), "b");
    assert!((0.2..0.3).contains(&again), "{again}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_hung_once_is_called_again_within_10_s() {
    let roster = unjudged(weighted(&[1, 1, 1, 1]));
    let balancer = PeakEwma::from_source(seeded());
    let mut traffic = Traffic::new(&roster, &balancer);
    let quick = |_: &str| (2 * MS, Outcome::Success);
    traffic.run(5 * SECOND, quick);
    let hangs = |id: &str| if id == "b" { (SECOND, Outcome::TimedOut) } else { quick(id) };
    traffic.run(2 * SECOND, hangs);
    // While it hangs, few calls find out.
    let during = share(&traffic.run(20 * SECOND, hangs), "b");
    assert!(during <= 0.01, "{during}");
    traffic.run(9 * SECOND, quick);
    let again = share(&traffic.run(SECOND, quick), "b");
    assert!((0.15..0.35).contains(&again), "{again}");
}

#[tokio::test(start_paused = true)]
async fn failing_fast_attracts_nothing() {
    for outcome in [Outcome::BackendError, Outcome::TimedOut] {
        let roster = unjudged(weighted(&[1, 1, 1, 1]));
        let balancer = PeakEwma::from_source(seeded());
        let mut traffic = Traffic::new(&roster, &balancer);
        traffic.run(5 * SECOND, works);
        let fails = |id: &str| if id == "b" { (MS, outcome) } else { works(id) };
        let first = share(&traffic.run(SECOND, fails), "b");
        assert!(first < 0.25, "{first}");
        let later = share(&traffic.run(SECOND, fails), "b");
        assert!(later < 0.02, "{later}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_fast_from_its_first_call_is_not_preferred() {
    let roster = unjudged(weighted(&[1, 1, 1, 1]));
    let balancer = PeakEwma::from_source(seeded());
    let fails = |id: &str| if id == "b" { (MS, Outcome::BackendError) } else { works(id) };
    let shares = Traffic::new(&roster, &balancer).run(SECOND, fails);
    assert!(share(&shares, "b") < 0.05, "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_instance_is_ramped_up_to_its_fair_share() {
    for balancer in [
        &PeakEwma::from_source(seeded()) as &dyn Balancer,
        &LeastRequests::from_source(seeded()),
        &RoundRobin::new(),
        &SmoothWeighted::new(),
        &Random::from_source(seeded()),
    ] {
        let roster = unjudged(weighted(&[1, 1, 1]));
        let mut traffic = Traffic::new(&roster, balancer);
        traffic.run(2 * SECOND, works);
        advance(10 * SECOND).await;
        traffic.now = Instant::now();
        set(&roster, weighted(&[1, 1, 1, 1]));
        let mut seconds = Vec::new();
        for _ in 0..15 {
            seconds.push(share(&traffic.run(SECOND, works), "d"));
        }
        assert!(seconds[0] < 0.06, "{seconds:?}");
        assert!(seconds[4] < 0.2, "{seconds:?}");
        assert!(seconds.iter().all(|&share| share < 0.29), "{seconds:?}");
        let after = seconds[10..].iter().sum::<f64>() / 5.0;
        assert!((0.2..0.28).contains(&after), "{seconds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_set_is_not_ramped_up() {
    let roster = unjudged(weighted(&[1, 1]));
    let now = Instant::now();
    assert!(roster.candidates().iter().all(|one| one.standing(now) == Standing::In));
    advance(10 * SECOND).await;
    set(&roster, weighted(&[1, 1, 1]));
    assert_eq!(roster.candidates()[2].standing(Instant::now()), Standing::Ramping(0.1));
    advance(5 * SECOND).await;
    assert_eq!(roster.candidates()[2].standing(Instant::now()), Standing::Ramping(0.5));
}

#[tokio::test(start_paused = true)]
async fn those_that_come_soon_after_the_first_are_ramped_up_by_as_much_as_they_are_behind() {
    let roster = unjudged(weighted(&[1]));
    let newest = || roster.candidates().last().unwrap().standing(Instant::now());
    advance(SECOND).await;
    set(&roster, weighted(&[1, 1]));
    assert_eq!(newest(), Standing::In);
    advance(4 * SECOND).await;
    set(&roster, weighted(&[1, 1, 1]));
    assert_eq!(newest(), Standing::Ramping(0.2));
    // After an outage of all it begins anew.
    set(&roster, []);
    set(&roster, weighted(&[1]));
    advance(500 * MS).await;
    set(&roster, weighted(&[1, 1]));
    assert_eq!(newest(), Standing::In);
}

#[tokio::test(start_paused = true)]
async fn fewer_requests_go_where_more_are_in_flight() {
    let roster = unjudged(weighted(&[1, 1]));
    let balancer = LeastRequests::from_source(seeded());
    let slow = |id: &str| if id == "b" { (90 * MS, Outcome::Success) } else { works(id) };
    let shares = Traffic::new(&roster, &balancer).run(10 * SECOND, slow);
    assert!((0.08..0.14).contains(&share(&shares, "b")), "{shares:?}");
}
