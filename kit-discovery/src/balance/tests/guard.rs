use tokio::time::advance;

use super::*;

fn one() -> Roster {
    roster([instance("a")])
}

fn pick(roster: &Roster, cx: &mut Context) -> Pick {
    roster.pick(cx, &RoundRobin::new()).unwrap()
}

fn failing(roster: &Roster) -> f64 {
    roster.candidates()[0].failing(Instant::now())
}

#[tokio::test(start_paused = true)]
async fn a_call_is_in_flight_until_it_is_told_its_end() {
    let roster = one();
    let mut cx = Context::new();
    let (first, second) = (pick(&roster, &mut cx), pick(&roster, &mut cx));
    assert_eq!(roster.candidates()[0].in_flight(), 2);
    advance(20 * MS).await;
    first.end(Outcome::Success, Instant::now());
    drop(second);
    let one = &roster.candidates()[0];
    assert_eq!((one.in_flight(), one.latency(Instant::now())), (0, Some(20 * MS)));
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_cancelled_and_no_failure() {
    let roster = one();
    drop(pick(&roster, &mut Context::new()));
    let one = &roster.candidates()[0];
    assert_eq!((failing(&roster), one.in_flight(), one.latency(Instant::now())), (0.0, 0, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_at_its_deadline_has_timed_out() {
    let roster = one();
    let mut cx = Context::new().with_deadline(Some(Instant::now() + SECOND));
    let late = pick(&roster, &mut cx);
    advance(SECOND).await;
    drop(late);
    assert_eq!(failing(&roster), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_lost_is_no_failure_however_late_it_was() {
    let roster = one();
    let mut cx = Context::new().with_deadline(Some(Instant::now() + SECOND));
    let late = pick(&roster, &mut cx);
    advance(SECOND).await;
    kit_core::copies::lose(|| drop(late));
    assert_eq!((failing(&roster), roster.candidates()[0].in_flight()), (0.0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_panics_has_failed() {
    let roster = Arc::new(one());
    let task = tokio::spawn({
        let roster = Arc::clone(&roster);
        async move {
            let _pick = pick(&roster, &mut Context::new());
            panic!("a test's own");
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!((failing(&roster), roster.candidates()[0].in_flight()), (1.0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_on_this_side_says_nothing() {
    let roster = one();
    let mut cx = Context::new();
    pick(&roster, &mut cx).end(Outcome::Rejected, cx.now());
    assert_eq!(roster.candidates()[0].latency(cx.now()), None);
}

#[tokio::test(start_paused = true)]
async fn who_stays_through_a_change_keeps_what_is_known_of_it() {
    let roster = roster(weighted(&[1, 1]));
    let mut cx = Context::new();
    let running = roster.pick(&mut cx, &RoundRobin::new()).unwrap();
    assert_eq!(&*running.instance().id, "a");
    set(&roster, weighted(&[7, 1, 1]));
    let a = Arc::clone(&roster.candidates()[0]);
    assert_eq!((a.instance().weight, a.in_flight()), (7, 1));
    running.end(Outcome::Success, cx.now() + 10 * MS);
    assert_eq!((a.in_flight(), a.latency(cx.now() + 10 * MS)), (0, Some(10 * MS)));
    // Another address is another instance, whatever its name.
    set(&roster, [changed(instance("elsewhere"), |one| one.id = "a".into())]);
    assert_eq!(roster.candidates()[0].latency(cx.now()), None);
}

#[tokio::test(start_paused = true)]
async fn a_pick_carries_its_own_channel_however_the_set_is_ordered() {
    let roster: Roster<&'static str> = Roster::new(Config::default()).unwrap();
    let spare = changed(instance("a"), |one| one.priority = 3);
    roster.replace(Ok(vec![(Arc::new(spare), "to a"), (Arc::new(instance("b")), "to b")]));
    let mut cx = Context::new();
    cx.attempts_mut().track();
    assert_eq!(*roster.pick(&mut cx, &RoundRobin::new()).unwrap().channel(), "to b");
    assert_eq!(*roster.pick(&mut cx, &RoundRobin::new()).unwrap().channel(), "to a");
}

#[test]
fn no_call_is_at_one_that_has_left_and_drained_whatever_threads_do() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let roster: Roster<Arc<AtomicBool>> = Roster::new(Config::default()).unwrap();
    let stop = AtomicBool::new(false);
    let member = || (roster.newcomer(Arc::new(instance("a")), false), Arc::new(AtomicBool::new(false)));
    let mut member_in = member();
    roster.publish(Ok(vec![member_in.clone()]));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let balancer = Random::new();
                while !stop.load(Ordering::Relaxed) {
                    let pick = roster.pick(&mut Context::new(), &balancer).unwrap();
                    assert!(!pick.channel().load(Ordering::SeqCst), "its channel is closed");
                    pick.end(Outcome::Success, Instant::now());
                }
            });
        }
        for _ in 0..500 {
            let next = member();
            roster.publish(Ok(vec![next.clone()]));
            let (left, channel) = std::mem::replace(&mut member_in, next);
            left.leave();
            while left.in_flight() > 0 {
                std::thread::yield_now();
            }
            channel.store(true, Ordering::SeqCst);
        }
        stop.store(true, Ordering::Relaxed);
    });
}
