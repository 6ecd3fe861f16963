//! What forks and children begin with, and what comes back.

use super::*;

#[test]
fn a_fork_has_the_calls_time_identity_and_metadata_and_no_ending_yet() {
    let mut cx = full();
    cx.announce(StreamEnd::new());
    let fork = cx.fork();
    assert_eq!((fork.arrived(), fork.deadline()), (cx.arrived(), cx.deadline()));
    assert!(same(fork.method(), &OUTER));
    assert_eq!(fork.request_id(), Some(&RequestId::from_bits(7)));
    assert_eq!(fork.inbound().get("from"), Some("caller"));
    assert_eq!(cx.inbound().get("from"), Some("caller"), "the first keeps it too");
    assert_eq!(fork.outbound().and_then(|outbound| outbound.get("to")), Some("caller"));
    assert_eq!(fork.extensions().get::<&str>(), Some(&"left by a layer"));
    assert_eq!(fork.peer(), cx.peer());
    assert!(fork.peer().is_some());
    assert_eq!(fork.sizes(), cx.sizes());
    assert_eq!(fork.outcome_of(&Ok(())), Outcome::Success);
    assert!(fork.stream().is_none());
    fork.finish();
}

#[test]
fn forks_share_one_copy_of_what_came_in() {
    let mut cx = full();
    let (one, two) = (cx.fork(), cx.fork());
    assert!(std::ptr::eq(one.inbound(), two.inbound()));
    assert!(std::ptr::eq(one.inbound(), cx.inbound()));
    // A border that moves it out of one leaves the others theirs.
    assert_eq!(cx.take_inbound().get("from"), Some("caller"));
    assert!(cx.inbound().is_empty());
    assert_eq!(two.inbound().get("from"), Some("caller"));
}

#[test]
fn what_one_fork_writes_no_other_sees() {
    let mut cx = full();
    let (mut one, two) = (cx.fork(), cx.fork());
    one.outbound_mut().insert("to", "one").unwrap();
    one.extensions_mut().insert("one");
    one.set_outcome(Outcome::BusinessError);
    for other in [&two, &cx] {
        assert_eq!(other.outbound().and_then(|outbound| outbound.get("to")), Some("caller"));
        assert_eq!(other.extensions().get::<&str>(), Some(&"left by a layer"));
    }
}

#[test]
fn forks_know_what_the_others_tried_while_those_still_run() {
    let mut cx = full();
    let mut first = cx.fork();
    first.attempts_mut().set_number(0);
    first.attempts_mut().record(&"a:1".into());
    // The first has not ended: the second is made beside it.
    let mut second = cx.fork();
    second.attempts_mut().set_number(1);
    assert!(second.attempts().has_tried("a:1"));
    second.attempts_mut().record(&"b:1".into());
    assert_eq!(first.attempts().tried(), ["a:1".into(), "b:1".into()]);
    assert!(!first.attempts().has_tried("c:1"));
    assert_eq!((first.attempts().number(), second.attempts().number()), (0, 1));
    cx.merge(second);
    assert_eq!((cx.attempts().number(), cx.attempts().tried().len()), (1, 2));
}

#[test]
fn a_call_that_nobody_repeats_keeps_no_list() {
    let mut cx = Context::new();
    cx.attempts_mut().record(&"a:1".into());
    assert!(cx.attempts().tried().is_empty());
    assert!(!cx.fork().attempts().has_tried("a:1"));
}

#[test]
fn who_refused_one_attempt_is_known_to_the_next_and_to_those_beside_it() {
    let mut cx = Context::new();
    cx.attempts_mut().track();
    let mut first = cx.fork();
    first.attempts_mut().record_refusal("a:1");
    assert!(!first.attempts().was_refused("a:1"), "nothing went there");
    first.attempts_mut().record(&"a:1".into());
    assert!(!first.attempts().was_refused("a:1"));
    first.attempts_mut().record_refusal("a:1");
    *cx.attempts_mut() = first.attempts().clone();

    let mut second = cx.fork();
    second.attempts_mut().record(&"b:1".into());
    assert!(second.attempts().was_refused("a:1") && !second.attempts().was_refused("b:1"));
    second.attempts_mut().record_refusal("b:1");
    assert!(second.attempts().was_refused("b:1"));
    assert_eq!(second.attempts().tried(), ["a:1".into(), "b:1".into()]);

    // Side by side from here on.
    cx.attempts_mut().share();
    let (mut one, mut other) = (cx.fork(), cx.fork());
    one.attempts_mut().record(&"c:1".into());
    one.attempts_mut().record_refusal("c:1");
    assert!(other.attempts().was_refused("c:1") && other.attempts().was_refused("a:1"));
    other.attempts_mut().record(&"d:1".into());
    assert!(!one.attempts().was_refused("d:1") && one.attempts().has_tried("d:1"));
}

#[test]
fn attempts_one_after_another_note_their_instances() {
    let mut cx = Context::new();
    cx.attempts_mut().track();
    let mut tried: Vec<Arc<str>> = Vec::new();
    for instance in ["a:1", "b:1", "a:1"].map(Arc::from) {
        let mut attempt = cx.fork();
        assert_eq!(attempt.attempts().has_tried("a:1"), !tried.is_empty());
        attempt.attempts_mut().record(&instance);
        tried.push(instance);
        *cx.attempts_mut() = attempt.attempts().clone();
        assert_eq!(cx.attempts().tried(), tried);
    }
    // Shared late, nothing is lost.
    cx.attempts_mut().share();
    let mut beside = cx.fork();
    beside.attempts_mut().record(&"c:1".into());
    assert!(cx.attempts().has_tried("c:1") && cx.attempts().has_tried("b:1"));
}

#[test]
fn what_is_below_a_repeat_is_one() {
    let mut cx = Context::new();
    assert!(!cx.is_repeat() && !cx.child(&OUTER).is_repeat());
    assert!(cx.child(&OUTER).outbound().is_none());
    cx.attempts_mut().set_number(1);
    assert!(cx.is_repeat() && cx.fork().is_repeat());
    let child = cx.child(&OUTER);
    assert!(child.is_repeat() && child.child(&INNER).is_repeat());
    assert_eq!(child.attempts().number(), 0);
    assert_eq!(
        child.outbound().and_then(|outbound| outbound.get(Attempts::PREVIOUS)),
        Some("1"),
        "and tells its callee"
    );
}

#[test]
fn a_message_says_that_it_is_a_repeat() {
    for (said, repeat) in [("0", false), ("1", true), ("17", true)] {
        let mut inbound = Metadata::default();
        inbound.insert(Attempts::PREVIOUS, said).unwrap();
        let mut cx = Context::new();
        cx.set_inbound(inbound);
        assert_eq!((cx.is_repeat(), cx.child(&OUTER).is_repeat()), (repeat, repeat));
    }
}

#[test]
fn a_fork_at_a_known_time_reads_no_clock() {
    let mut cx = full();
    let (now, reads) = (cx.now(), cx.clock_reads());
    let fork = cx.fork_at(now);
    assert_eq!((fork.now(), fork.clock_reads(), cx.clock_reads()), (now, 0, reads));
}

#[test]
fn a_merge_takes_what_the_winner_found_out_and_nothing_of_its_time_limit() {
    let mut cx = full();
    let (deadline, token) = (cx.deadline(), cx.cancel_token());
    let mut winner = cx.fork();
    winner.deadline = None;
    winner.set_method(&INNER);
    winner.outbound_mut().append("to", "both").unwrap();
    winner.extensions_mut().insert(1u8);
    winner.set_outcome(Outcome::BusinessError);
    winner.set_fallback(Outcome::TimedOut);
    winner.sizes_mut().add_sent(3);
    let mut inbound = Metadata::default();
    inbound.insert("from", "callee").unwrap();
    winner.set_inbound(inbound);
    let end = StreamEnd::new();
    end.with_trailers(|trailers| trailers.insert("mark", "winner")).unwrap();
    winner.announce(end);
    cx.merge(winner);

    assert_eq!(cx.outbound().map(|outbound| outbound.get_all("to").collect()), Some(vec!["caller", "both"]));
    assert_eq!((cx.extensions().get::<&str>(), cx.extensions().get::<u8>()), (Some(&"left by a layer"), Some(&1)));
    assert_eq!((cx.outcome_of(&Ok(())), cx.fallback()), (Outcome::BusinessError, Some(Outcome::TimedOut)));
    assert_eq!((cx.fork().fallback(), cx.child(&INNER).fallback()), (None, None));
    assert_eq!(cx.inbound().get("from"), Some("callee"));
    assert_eq!((cx.sizes().received(), cx.sizes().sent()), (5, 3));
    assert_eq!(cx.stream().expect("the winner's").take_trailers().get("mark"), Some("winner"));
    assert_eq!(cx.deadline(), deadline);
    assert!(same(cx.method(), &OUTER));
    assert!(!token.is_cancelled());
}

#[test]
fn a_winner_without_an_outcome_or_a_stream_clears_those_of_an_earlier_try() {
    let mut cx = full();
    cx.announce(StreamEnd::new());
    cx.set_fallback(Outcome::TimedOut);
    let winner = cx.fork();
    cx.merge(winner);
    assert_eq!((cx.outcome_of(&Ok(())), cx.fallback()), (Outcome::Success, None));
    assert!(cx.stream().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_child_begins_now_though_its_caller_waited_unstamped() {
    let cx = Context::new();
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    let child = cx.child(&INNER);
    assert_eq!(child.arrived() - cx.now(), std::time::Duration::from_secs(2));
    child.finish();
}

#[test]
fn a_child_inherits_time_and_identity_and_begins_with_its_own_metadata() {
    let mut cx = full();
    cx.attempts_mut().set_number(3);
    cx.attempts_mut().record(&"a:1".into());
    let child = cx.child(&INNER);
    assert_eq!((child.deadline(), child.clock_reads()), (cx.deadline(), 1));
    assert_eq!(child.request_id(), Some(&RequestId::from_bits(7)));
    assert_eq!(child.extensions().get::<&str>(), Some(&"left by a layer"));
    assert!(same(child.method(), &INNER));
    assert!(child.inbound().is_empty());
    assert_eq!(child.outbound().map(Metadata::len), Some(1), "that it is made for a repeat");
    assert_eq!((child.attempts().number(), child.attempts().tried().len()), (0, 0));
    assert!(child.peer().is_none() && child.stream().is_none());
    assert_eq!(child.sizes(), Sizes::default());
    assert_eq!(child.outcome_of(&Ok(())), Outcome::Success);
    child.finish();
}

#[test]
fn nothing_a_child_does_comes_back() {
    let mut cx = full();
    let mut child = cx.child(&INNER);
    child.outbound_mut().insert("traceparent", "for the callee").unwrap();
    child.set_inbound(Metadata::default());
    child.extensions_mut().insert("the callee's");
    child.set_outcome(Outcome::TimedOut);
    child.announce(StreamEnd::new());
    let token = cx.cancel_token();
    let of_child = child.cancel_token();
    drop(child);

    assert!(of_child.is_cancelled(), "a child that is dropped was abandoned");
    assert!(!token.is_cancelled());
    assert_eq!(cx.outbound().map(Metadata::len), Some(1));
    assert_eq!(cx.inbound().get("from"), Some("caller"));
    assert_eq!(cx.extensions().get::<&str>(), Some(&"left by a layer"));
    assert_eq!(cx.outcome_of(&Ok(())), Outcome::BackendError);
    assert!(same(cx.method(), &OUTER));
    assert!(cx.stream().is_none());
}
