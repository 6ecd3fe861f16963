//! What an attempt on the caller's own context leaves there.

use super::*;

/// Writes whatever a call may write.
fn write_all(cx: &mut Context) {
    let mut inbound = Metadata::default();
    inbound.insert("from", "callee").unwrap();
    cx.set_inbound(inbound);
    cx.set_request_id(RequestId::from_bits(8));
    cx.outbound_mut().append("to", "both").unwrap();
    cx.extensions_mut().insert(1u8);
    cx.set_connection(Arc::new(Connection::new(None, None)));
    cx.sizes_mut().add_sent(3);
    cx.attempts_mut().set_number(1);
    cx.attempts_mut().record(&"10.0.0.1:80".into());
    cx.set_outcome(Outcome::BusinessError);
    cx.announce(StreamEnd::new());
}

#[test]
fn an_attempt_begins_with_what_is_there_and_no_ending_yet() {
    let mut cx = full();
    cx.announce(StreamEnd::new());
    let attempt = cx.attempt();
    assert_eq!((attempt.inbound().get("from"), attempt.sizes().received()), (Some("caller"), 5));
    assert_eq!(attempt.extensions().get::<&str>(), Some(&"left by a layer"));
    assert_eq!(attempt.outcome_of(&Ok(())), Outcome::Success);
    assert!(attempt.stream().is_none());
}

#[test]
fn what_a_kept_attempt_wrote_stays() {
    let mut cx = full();
    let mut attempt = cx.attempt();
    write_all(&mut attempt);
    attempt.keep();
    assert_eq!((cx.inbound().get("from"), cx.request_id()), (Some("callee"), Some(&RequestId::from_bits(8))));
    assert_eq!(cx.outbound().map(|outbound| outbound.get_all("to").collect()), Some(vec!["caller", "both"]));
    assert_eq!((cx.extensions().get::<u8>(), cx.sizes().sent(), cx.attempts().number()), (Some(&1), 3, 1));
    assert_eq!((cx.outcome_of(&Ok(())), cx.peer()), (Outcome::BusinessError, None));
    assert!(cx.stream().is_some());
}

#[test]
fn a_dropped_attempt_leaves_its_time_and_who_was_tried_and_nothing_else() {
    let mut cx = full();
    let peer = cx.peer();
    let mut attempt = cx.attempt();
    write_all(&mut attempt);
    let now = attempt.stamp();
    drop(attempt);
    assert_eq!((cx.inbound().get("from"), cx.request_id()), (Some("caller"), Some(&RequestId::from_bits(7))));
    assert_eq!(cx.outbound().map(|outbound| outbound.get_all("to").collect()), Some(vec!["caller"]));
    assert_eq!((cx.extensions().get::<u8>(), cx.sizes().sent(), cx.attempts().number()), (None, 0, 0));
    assert_eq!((cx.outcome_of(&Ok(())), cx.peer()), (Outcome::Success, peer));
    assert!(cx.stream().is_none());
    assert_eq!((cx.now(), cx.attempts().has_tried("10.0.0.1:80")), (now, true));
}
