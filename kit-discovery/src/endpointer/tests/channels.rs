//! When channels are made, and who keeps one.

use super::*;

#[tokio::test(start_paused = true)]
async fn each_instance_has_a_channel_and_one_that_hangs_holds_up_no_other() {
    let lines = Lines::default();
    lines.order("a", Order::Hang);
    let stage = Stage::with("abc", lines, |builder| builder).await;
    stage.endpointer.ready().await.unwrap();
    assert_eq!((stage.roster(), stage.lines.made()), ("bc".into(), "bc".into()));
    assert_eq!(stage.heard(), ["b made, 1", "c made, 1"]);
}

#[tokio::test(start_paused = true)]
async fn who_stays_keeps_its_channel_whatever_else_is_said_of_it() {
    let stage = Stage::of("ab").await;
    let running = stage.endpointer.roster().pick(&mut Context::new(), &RoundRobin::new()).unwrap();
    let mut changed = named("abc");
    (changed[0].weight, changed[0].zone) = (7, Some("eu".into()));
    changed[0].metadata.insert("version".into(), "2".into());
    stage.set(changed).await;
    let a = stage.endpointer.roster().candidates().remove(0);
    assert_eq!((&*a.instance().id, a.instance().weight, a.in_flight()), ("a", 7, 1));
    assert_eq!((stage.lines.made(), stage.lines.closed()), ("abc".into(), String::new()));
    let again = stage.endpointer.roster().pick(&mut Context::new(), &RoundRobin::new()).unwrap();
    assert!(Arc::ptr_eq(running.channel(), again.channel()));
}

#[tokio::test(start_paused = true)]
async fn another_address_is_another_instance() {
    let stage = Stage::of("ab").await;
    stage.set(vec![at("a", 9_000), at("b", u16::from(b'b'))]).await;
    assert_eq!((stage.lines.made(), stage.lines.closed()), ("aba".into(), "a".into()));
    assert_eq!(stage.lines.pages()[2].address, "10.0.0.1:9000");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_listed_twice_is_made_once() {
    let stage = Stage::of("aab").await;
    assert_eq!((stage.lines.made(), stage.roster()), ("ab".into(), "ab".into()));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_made_is_tried_again_within_2_s_and_kept_out_until_then() {
    let lines = Lines::default();
    lines.order("a", Order::Fail);
    let stage = Stage::with("ab", lines, |builder| builder).await;
    sleep(20 * SECOND).await;
    assert_eq!(stage.roster(), "b");
    let attempts = stage.lines.attempts("a");
    let pauses: Vec<_> = attempts.windows(2).map(|two| two[1] - two[0]).collect();
    assert!((80 * MS..120 * MS).contains(&pauses[0]) && (160 * MS..240 * MS).contains(&pauses[1]), "{pauses:?}");
    assert!(pauses[4..].iter().all(|pause| (800 * MS..1_201 * MS).contains(pause)), "{pauses:?}");
    // Told once, though tried often.
    assert_eq!(stage.heard(), ["a not made, 1: a refused", "b made, 1"]);
    stage.lines.order("a", Order::Work);
    sleep(1_200 * MS).await;
    settle().await;
    assert_eq!(stage.roster(), "ab");
    // It comes later than the other, and is ramped up.
    assert_eq!(stage.standing("b"), Standing::In);
    assert!(matches!(stage.standing("a"), Standing::Ramping(_)), "{:?}", stage.standing("a"));
}

#[tokio::test(start_paused = true)]
async fn those_that_were_there_first_are_not_ramped_up_though_some_take_longer_to_connect() {
    let lines = Lines::default();
    lines.order("b", Order::Wait(300 * MS));
    let stage = Stage::with("ab", lines, |builder| builder).await;
    sleep(400 * MS).await;
    assert_eq!((stage.standing("a"), stage.standing("b")), (Standing::In, Standing::In));
    sleep(10 * SECOND).await;
    stage.set(named("abc")).await;
    assert_eq!(stage.standing("c"), Standing::Ramping(0.1));
    // All others: nobody is late.
    stage.set(named("xy")).await;
    assert_eq!((stage.standing("x"), stage.standing("y")), (Standing::In, Standing::In));
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_hangs_is_cut_off_and_one_that_panics_has_failed() {
    let lines = Lines::default();
    lines.order("a", Order::Hang);
    lines.order("b", Order::Panic);
    let stage = Stage::with("ab", lines, |builder| builder).await;
    sleep(7 * SECOND).await;
    let attempts = stage.lines.attempts("a");
    let pause = attempts[1] - attempts[0];
    assert!((3_080 * MS..3_120 * MS + MS).contains(&pause), "{pause:?}");
    assert!(stage.lines.attempts("b").len() > 5);
    let heard = stage.heard();
    assert!(heard.contains(&"a not made, 1: no channel was made within 3s".to_owned()), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_says_why_there_is_nobody() {
    let stage = Stage::of("").await;
    assert!(matches!(stage.why(), NoInstances::Empty));
    stage.lines.order("a", Order::Fail);
    stage.lines.order("b", Order::Hang);
    stage.set(named("b")).await;
    let why = stage.why();
    assert!(matches!(why, NoInstances::NotConnected { instances: 1, error: None }), "{why:?}");
    stage.set(named("ab")).await;
    let NoInstances::NotConnected { instances: 2, error: Some(error) } = stage.why() else {
        panic!("{:?}", stage.why())
    };
    assert_eq!(error.message(), "a refused");
    assert_eq!(stage.why().to_string(), "no instance is connected, of 2 known");
}

#[tokio::test(start_paused = true)]
async fn before_discovery_has_answered_an_error_says_so() {
    let registry = Registry::new();
    registry.fail(Error::unavailable("the registry is down"));
    let discovery = registry.instancer("strings").start().unwrap();
    let endpointer = Endpointer::of(discovery.subscribe(), Lines::default()).start().unwrap();
    settle().await;
    let error = endpointer.roster().pick(&mut Context::new(), &RoundRobin::new()).unwrap_err();
    let Some(NoInstances::Pending { error: Some(error) }) = error.cause() else { panic!("{error:?}") };
    assert_eq!(error.message(), "the registry is down");
}

#[tokio::test(start_paused = true)]
async fn a_set_that_is_stale_is_let_go_and_its_channels_with_it() {
    let policy = crate::Policy { stale: crate::Stale::ServeFor(5 * SECOND), ..Default::default() };
    let config = Config { policy, ..Config::default() };
    let stage = Stage::with("ab", Lines::default(), |builder| builder.config(config)).await;
    stage.registry.fail(Error::unavailable("the registry is down"));
    sleep(4 * SECOND).await;
    assert_eq!(stage.roster(), "ab");
    sleep(2 * SECOND).await;
    assert!(matches!(stage.why(), NoInstances::Stale { .. }), "{:?}", stage.why());
    assert_eq!(stage.lines.closed(), "ab");
    stage.registry.heal();
    sleep(5 * SECOND).await;
    assert_eq!((stage.roster(), stage.lines.made()), ("ab".into(), "abab".into()));
}

#[tokio::test(start_paused = true)]
async fn ready_waits_for_somebody_to_call_and_ends_when_nobody_will_come() {
    let lines = Lines::default();
    lines.order("a", Order::Wait(2 * SECOND));
    let stage = Stage::with("a", lines, |builder| builder).await;
    let begun = Instant::now();
    stage.endpointer.ready().await.unwrap();
    assert_eq!(begun.elapsed(), 2 * SECOND);
    stage.set(vec![]).await;
    stage.endpointer.ready().await.expect("the grace of an empty set lasts");
    sleep(31 * SECOND).await;
    assert!(timeout(60 * SECOND, stage.endpointer.ready()).await.is_err(), "nobody, and somebody may come");
    stage.discovery.stop();
    let error = timeout(SECOND, stage.endpointer.ready()).await.expect("at once").unwrap_err();
    assert!(error.cause::<crate::Stopped>().is_some(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_discovery_said_last_outlives_it() {
    let stage = Stage::of("ab").await;
    stage.discovery.stop();
    sleep(600 * SECOND).await;
    stage.endpointer.ready().await.unwrap();
    assert_eq!(stage.roster(), "ab");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_returns_while_it_drains_takes_its_channel_up_again() {
    let stage = Stage::of("ab").await;
    let call = echo().layer(stage.endpointer.layer(RoundRobin::new()));
    let slow = tokio::spawn(async move { call.call(&mut Context::new(), 8 * SECOND).await });
    settle().await;
    stage.set(named("b")).await;
    assert_eq!(stage.roster(), "b");
    sleep(3 * SECOND).await;
    stage.set(named("ab")).await;
    assert_eq!(stage.standing("a"), Standing::Ramping(0.1));
    assert_eq!(stage.endpointer.roster().candidates()[0].in_flight(), 1);
    assert_eq!(stage.heard(), ["a made, 1", "b made, 1", "a left, 1", "a returned"]);
    assert_eq!(slow.await.unwrap().unwrap(), "a");
    sleep(20 * SECOND).await;
    assert_eq!((stage.lines.made(), stage.lines.closed()), ("ab".into(), String::new()));
    // Gone for good, with a drain of its own.
    stage.set(named("b")).await;
    assert_eq!(stage.lines.closed(), "a");
    // And made anew after that.
    stage.set(named("ab")).await;
    assert_eq!((stage.lines.made(), stage.lines.closed()), ("aba".into(), "a".into()));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_wanted_any_more_is_not_made() {
    let lines = Lines::default();
    lines.order("a", Order::Wait(50 * MS));
    let stage = Stage::with("ab", lines, |builder| builder).await;
    sleep(20 * MS).await;
    stage.set(named("b")).await;
    sleep(SECOND).await;
    assert_eq!((stage.lines.made(), stage.lines.attempts("a").len()), ("b".into(), 1));
}
