//! Instances that are asked whether they are well.

use std::collections::BTreeMap;
use std::future::pending;

use super::*;
use crate::check::{self, Check};

/// Answers as it is told, by id; one that is told nothing is well.
#[derive(Clone, Default)]
struct Doctor(Arc<Mutex<Chart>>);

#[derive(Default)]
struct Chart {
    ill: String,
    mute: String,
    asked: BTreeMap<String, Vec<Instant>>,
}

impl Doctor {
    fn ill(&self, ids: &str) {
        self.0.lock().unwrap().ill = ids.into();
    }

    fn mute(&self, ids: &str) {
        self.0.lock().unwrap().mute = ids.into();
    }

    fn asked(&self, id: &str) -> Vec<Instant> {
        self.0.lock().unwrap().asked.get(id).cloned().unwrap_or_default()
    }
}

impl Check<Line> for Doctor {
    async fn check(&self, instance: &Instance, channel: &Line) -> Result<(), Error> {
        channel.used();
        let id = &*instance.id;
        let mute = {
            let mut chart = self.0.lock().unwrap();
            chart.asked.entry(id.to_owned()).or_default().push(Instant::now());
            if chart.ill.contains(id) {
                return Err(Error::unavailable(format!("{id} is ill")));
            }
            chart.mute.contains(id)
        };
        if mute { pending().await } else { Ok(()) }
    }
}

async fn checked(ids: &str, doctor: &Doctor) -> Stage {
    let doctor = doctor.clone();
    Stage::with(ids, Lines::default(), |builder| builder.check(doctor)).await
}

/// Who 200 calls go to.
async fn called(stage: &Stage) -> String {
    let call = echo().layer(stage.endpointer.layer(RoundRobin::new()));
    let mut called = Vec::new();
    for _ in 0..200 {
        called.push(call.call(&mut Context::new(), Duration::ZERO).await.unwrap());
    }
    called.sort();
    called.dedup();
    called.concat()
}

#[tokio::test(start_paused = true)]
async fn three_failures_in_a_row_take_an_instance_out_and_two_answers_bring_it_back_ramped_up() {
    let doctor = Doctor::default();
    let stage = checked("abcd", &doctor).await;
    assert_eq!((stage.roster(), called(&stage).await), ("abcd".into(), "abcd".into()));
    doctor.ill("b");
    let begun = Instant::now();
    while stage.standing("b") == Standing::In {
        sleep(100 * MS).await;
    }
    let asked = doctor.asked("b");
    assert_eq!(asked.len(), 4, "once when it was new, and three times since");
    assert!((7_200 * MS..10_900 * MS).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!((stage.standing("b"), called(&stage).await), (Standing::FailsChecks, "acd".into()));
    doctor.ill("");
    let begun = Instant::now();
    while stage.standing("b") == Standing::FailsChecks {
        sleep(100 * MS).await;
    }
    assert!(begun.elapsed() < 10 * SECOND, "{:?}", begun.elapsed());
    assert!(matches!(stage.standing("b"), Standing::Ramping(_)), "{:?}", stage.standing("b"));
    let heard = stage.heard();
    assert_eq!(heard[4..], ["b fails: b is ill", "b passes"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_decides_alone_and_nobody_is_called_before_it() {
    let doctor = Doctor::default();
    doctor.ill("a");
    doctor.mute("b");
    let stage = checked("abcde", &doctor).await;
    assert_eq!((stage.roster(), stage.standing("a")), ("acde".into(), Standing::FailsChecks));
    sleep(SECOND).await;
    settle().await;
    assert_eq!((stage.roster(), stage.standing("b")), ("abcde".into(), Standing::FailsChecks));
    assert_eq!(called(&stage).await, "cde");
    let heard = stage.heard();
    assert!(heard.contains(&"b fails: no answer to the check within 1s".to_owned()), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn all_may_fail_their_checks_and_where_most_do_checks_are_passed_over() {
    let doctor = Doctor::default();
    let stage = checked("abcd", &doctor).await;
    doctor.ill("ab");
    sleep(20 * SECOND).await;
    assert_eq!(called(&stage).await, "cd");
    doctor.ill("abc");
    sleep(20 * SECOND).await;
    assert_eq!(stage.standing("c"), Standing::FailsChecks);
    assert_eq!(called(&stage).await, "abcd", "fewer than half are left");
}

#[tokio::test(start_paused = true)]
async fn without_a_panic_share_the_error_says_that_all_fail_their_checks() {
    let doctor = Doctor::default();
    doctor.ill("ab");
    let mut config = Config::default();
    config.balance.ejection.panic_below = 0.0;
    let stage = Stage::with("ab", Lines::default(), |builder| builder.check(doctor).config(config)).await;
    let why = stage.why();
    assert!(matches!(why, NoInstances::AllOut { failing: 2, ejected: 0, .. }), "{why:?}");
    assert_eq!(why.to_string(), "all instances are out: 2 failing their checks");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_well_again_is_back_though_it_was_ejected_for_longer() {
    let doctor = Doctor::default();
    let mut config = Config::default();
    config.balance.ejection.base = 60 * SECOND;
    let asked = doctor.clone();
    let stage = Stage::with("abc", Lines::default(), |builder| builder.check(asked).config(config)).await;
    doctor.ill("a");
    let failing = endpoint_fn(async |_cx, call: Routed<Arc<Line>, ()>| match &*call.instance.id {
        "a" => Err(Error::unavailable("it is down")),
        _ => Ok(()),
    });
    let failing = failing.layer(stage.endpointer.layer(RoundRobin::new()));
    for _ in 0..15 {
        let _ = failing.call(&mut Context::new(), ()).await;
    }
    assert!(matches!(stage.standing("a"), Standing::Ejected { .. }), "{:?}", stage.standing("a"));
    sleep(12 * SECOND).await;
    assert_eq!(stage.standing("a"), Standing::FailsChecks);
    doctor.ill("");
    sleep(10 * SECOND).await;
    assert!(matches!(stage.standing("a"), Standing::Ramping(_)), "{:?}", stage.standing("a"));
}

#[tokio::test(start_paused = true)]
async fn questions_come_at_their_interval_a_fifth_more_or_less_and_end_with_the_instance() {
    let doctor = Doctor::default();
    let stage = checked("ab", &doctor).await;
    sleep(60 * SECOND).await;
    let asked = doctor.asked("a");
    let pauses: Vec<_> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.iter().all(|pause| (2_400 * MS..=3_601 * MS).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    stage.set(named("b")).await;
    sleep(60 * SECOND).await;
    assert_eq!(doctor.asked("a"), asked);
}

#[tokio::test(start_paused = true)]
async fn one_that_leaves_in_the_middle_of_its_first_check_is_closed() {
    let doctor = Doctor::default();
    doctor.mute("a");
    let stage = checked("ab", &doctor).await;
    stage.set(named("b")).await;
    assert_eq!((stage.roster(), stage.lines.closed()), ("b".into(), "a".into()));
}

#[tokio::test(start_paused = true)]
async fn settings_of_checks_are_kept() {
    let doctor = Doctor::default();
    let check = check::Config { interval: 10 * SECOND, unhealthy: 1, ..Default::default() };
    let config = Config { check: Some(check), ..Config::default() };
    let asked = doctor.clone();
    let stage = Stage::with("ab", Lines::default(), |builder| builder.check(asked).config(config)).await;
    doctor.ill("a");
    sleep(12 * SECOND + MS).await;
    assert_eq!((stage.standing("a"), doctor.asked("a").len()), (Standing::FailsChecks, 2));
}
