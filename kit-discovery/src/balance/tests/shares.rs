use super::*;

/// The shares of so many calls, by χ².
#[track_caller]
fn follows(roster: &Roster, balancer: &dyn Balancer, calls: u32, expected: &[(&str, f64)]) {
    let shares = shares(roster, balancer, calls);
    let off: f64 = expected.iter().map(|&(id, of)| f64::from(calls) * (share(&shares, id) - of).powi(2) / of).sum();
    assert!(off < THREE, "χ² is {off}: {shares:?}");
}

/// For p = 0.01 with three degrees of freedom.
const THREE: f64 = 11.345;

const EVEN: [(&str, f64); 4] = [("a", 0.25), ("b", 0.25), ("c", 0.25), ("d", 0.25)];

#[tokio::test(start_paused = true)]
async fn round_robin_gives_each_exactly_its_turn() {
    let roster = roster(weighted(&[1, 1, 9]));
    let balancer = RoundRobin::new();
    let counts: Vec<Vec<u32>> = (0..7)
        .scan(vec![0; 3], |counts, _| {
            let at = roster.pick(&mut Context::new(), &balancer).unwrap().instance().id.as_bytes()[0] - b'a';
            counts[usize::from(at)] += 1;
            Some(counts.clone())
        })
        .collect();
    // Go kit's sequence.
    assert_eq!(counts, [[1, 0, 0], [1, 1, 0], [1, 1, 1], [2, 1, 1], [2, 2, 1], [2, 2, 2], [3, 2, 2]]);
}

#[tokio::test(start_paused = true)]
async fn the_turns_of_one_that_was_tried_are_dealt_to_all_others() {
    let roster = roster(weighted(&[1, 1, 1, 1]));
    let (balancer, tried) = (RoundRobin::new(), Arc::from("b"));
    let mut counts = BTreeMap::new();
    for _ in 0..1_200 {
        let mut cx = Context::new();
        cx.attempts_mut().track();
        cx.attempts_mut().record(&tried);
        *counts.entry(roster.pick(&mut cx, &balancer).unwrap().instance().id.to_string()).or_insert(0) += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [400, 400, 400]);
}

#[tokio::test(start_paused = true)]
async fn chance_gives_each_its_share() {
    let random = Random::from_source(seeded());
    follows(&roster(weighted(&[1, 1, 1, 1])), &random, 10_000, &EVEN);
    let by_weight = [("a", 0.1), ("b", 0.2), ("c", 0.3), ("d", 0.4)];
    follows(&roster(weighted(&[10, 20, 30, 40])), &random, 10_000, &by_weight);
}

#[tokio::test(start_paused = true)]
async fn of_two_choices_alike_each_gets_its_share() {
    let least = LeastRequests::from_source(seeded());
    follows(&roster(weighted(&[1, 1, 1, 1])), &least, 100_000, &EVEN);
    let ewma = PeakEwma::from_source(seeded());
    let roster = roster(weighted(&[1, 1, 1, 1]));
    let shares = Traffic::new(&roster, &ewma).run(10 * SECOND, |_| (10 * MS, Outcome::Success));
    for (id, share) in &shares {
        assert!((0.22..0.28).contains(share), "{id} of {shares:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_choices_go_by_weight() {
    for balancer in [&LeastRequests::from_source(seeded()) as &dyn Balancer, &PeakEwma::from_source(seeded())] {
        let roster = roster(weighted(&[1, 1, 1, 3]));
        let shares = Traffic::new(&roster, balancer).run(10 * SECOND, |_| (20 * MS, Outcome::Success));
        assert!((0.42..0.55).contains(&share(&shares, "d")), "{shares:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn smooth_weights_are_exact_and_spread_out() {
    let roster = roster(weighted(&[5, 1, 1]));
    let balancer = SmoothWeighted::new();
    let picks: String =
        (0..700).map(|_| roster.pick(&mut Context::new(), &balancer).unwrap().instance().id.to_string()).collect();
    let count = |id: char| picks.chars().filter(|&picked| picked == id).count();
    assert_eq!((count('a'), count('b'), count('c')), (500, 100, 100));
    assert!(!picks.contains("aaaaaa"), "{picks}");
}

#[tokio::test(start_paused = true)]
async fn a_weight_of_0_is_called_now_and_then() {
    for balancer in [&Random::from_source(seeded()) as &dyn Balancer, &SmoothWeighted::new()] {
        let shares = shares(&roster(weighted(&[0, 99])), balancer, 10_000);
        assert!((0.005..0.02).contains(&share(&shares, "a")), "{shares:?}");
    }
}
