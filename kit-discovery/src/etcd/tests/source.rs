use etcd_client::proto::{PbEvent, PbRangeResponse, PbResponseHeader, PbWatchResponse};
use tonic::Status;

use super::double::Order;
use super::*;

/// One instance is registered, and followed.
async fn followed(members: usize) -> (Cluster, Discovery, Subscription) {
    let cluster = Cluster::of(members);
    cluster.store.put("/services/strings/a", "10.0.0.1:1");
    let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
    let mut subscription = discovery.subscribe();
    until(&mut subscription, &[1]).await;
    watched(&cluster).await;
    (cluster, discovery, subscription)
}

/// Waits until somebody watches.
async fn watched(cluster: &Cluster) {
    let watch = async {
        while !cluster.store.calls().contains(&"watch") {
            sleep(SECOND / 100).await;
        }
    };
    timeout(60 * SECOND, watch).await.expect("a watch");
    sleep(SECOND / 100).await;
}

#[tokio::test(start_paused = true)]
async fn neighbours_of_the_prefix_are_not_taken() {
    let (cluster, _discovery, mut subscription) = followed(1).await;
    for key in ["/services/strings", "/services/strings-test/1", "/services/stringsx", "/services/string/1"] {
        cluster.store.put(key, "10.0.0.1:9");
    }
    cluster.store.put("/services/strings/b", "10.0.0.1:2");
    until(&mut subscription, &[1, 2]).await;
    let again = cluster.etcd().instancer("/services/strings/").unwrap().start().unwrap();
    until(&mut again.subscribe(), &[1, 2]).await;
    assert_eq!(again.subscribe().service(), SERVICE);
}

#[tokio::test(start_paused = true)]
async fn a_set_of_many_pages_is_whole() {
    let cluster = Cluster::of(1);
    let entries = (1..=2_500).map(|n| (format!("{n:04}"), format!("10.0.0.1:{n}")));
    cluster.store.set(SERVICE, entries);
    let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
    until(&mut discovery.subscribe(), &(1..=2_500).collect::<Vec<_>>()).await;
    assert_eq!(cluster.store.calls().iter().filter(|call| **call == "list").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn values_are_plain_or_json_and_a_bad_one_is_skipped_by_its_key() {
    let (cluster, _discovery, mut subscription) = followed(1).await;
    cluster.store.put("/services/strings/b", r#"{ "host": "10.0.0.1", "port": 2, "zone": "z" }"#);
    cluster.store.put("/services/strings/c", "{");
    cluster.store.put(b"/services/strings/\xff".to_vec(), "10.0.0.1:4");
    until(&mut subscription, &[1, 2]).await;
    sleep(SECOND).await;
    let state = subscription.state();
    assert_eq!((known(&state), state.skipped_count()), (vec![1, 2], 2));
    assert_eq!(state.instances().unwrap().get("b").unwrap().zone.as_deref(), Some("z"));
    let named: Vec<_> = state.skipped().iter().map(|skipped| skipped.item.clone()).collect();
    assert_eq!(named, ["\"/services/strings/c\"", "\"/services/strings/\u{fffd}\""]);
    cluster.store.delete("/services/strings/c");
    sleep(SECOND).await;
    assert_eq!(subscription.state().skipped_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_happens_between_list_and_watch_is_not_lost() {
    let cluster = Cluster::of(1);
    cluster.store.put("/services/strings/a", "10.0.0.1:1");
    let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
    let mut subscription = discovery.subscribe();
    // The list is answered; the watch is opened by the next call, after this.
    while subscription.state().instances().is_none() {
        subscription.changed().await.unwrap();
        cluster.store.put("/services/strings/b", "10.0.0.1:2");
        cluster.store.delete("/services/strings/a");
    }
    until(&mut subscription, &[2]).await;
    assert_eq!(cluster.store.calls(), ["list", "watch"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_watch_is_made_again_at_once() {
    for reason in ["", "etcdserver: mvcc: something new"] {
        let (cluster, _discovery, mut subscription) = followed(1).await;
        cluster.store.order(Order::Cancel(reason));
        cluster.store.put("/services/strings/b", "10.0.0.1:2");
        assert!(until(&mut subscription, &[1, 2]).await <= SECOND, "{reason:?}");
        assert_eq!(subscription.state().totals().failures, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_compaction_while_away_is_listed_again_within_a_second() {
    let (cluster, _discovery, mut subscription) = followed(1).await;
    // The watch is made again below what is left of the history.
    cluster.store.mute(true);
    cluster.store.put("/services/strings/b", "10.0.0.1:2");
    cluster.store.delete("/services/strings/a");
    cluster.store.compact();
    sleep(SECOND).await;
    cluster.store.mute(false);
    cluster.store.order(Order::Say(Box::new(PbWatchResponse {
        canceled: true,
        compact_revision: 4,
        ..PbWatchResponse::default()
    })));
    assert!(until(&mut subscription, &[2]).await <= SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_was_compacted_before_it_began_is_listed_again() {
    let cluster = Cluster::of(1);
    cluster.store.put("/services/strings/a", "10.0.0.1:1");
    let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
    let mut subscription = discovery.subscribe();
    subscription.changed().await.unwrap();
    cluster.store.delete("/services/strings/a");
    cluster.store.put("/services/strings/b", "10.0.0.1:2");
    cluster.store.compact();
    assert!(until(&mut subscription, &[2]).await <= SECOND);
    sleep(SECOND).await;
    assert_eq!(cluster.store.calls(), ["list", "watch", "list", "watch"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_leader_and_an_expired_token_are_failures_that_end() {
    for (reason, code) in [
        ("etcdserver: no leader", Code::Unavailable),
        ("rpc error: code = PermissionDenied desc = etcdserver: permission denied", Code::PermissionDenied),
        ("etcdserver: invalid auth token", Code::Unauthenticated),
    ] {
        let (cluster, _discovery, mut subscription) = followed(2).await;
        cluster.store.order(Order::Cancel(reason));
        let (error, _) = until_failing(&mut subscription).await;
        assert_eq!(error.code(), code, "{error:?}");
        cluster.store.put("/services/strings/b", "10.0.0.1:2");
        assert!(until(&mut subscription, &[1, 2]).await <= SECOND, "{reason}");
        sleep(SECOND).await;
        assert_eq!(cluster.connections(), 1, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_is_noticed_within_15_s_and_another_endpoint_is_tried() {
    let (cluster, _discovery, mut subscription) = followed(2).await;
    assert_eq!(cluster.lines_in_use(Line::Frozen), 1);
    cluster.store.put("/services/strings/b", "10.0.0.1:2");
    let (_, noticed) = until_failing(&mut subscription).await;
    assert!(noticed <= 15 * SECOND + SECOND / 10, "{noticed:?}");
    let recovered = until(&mut subscription, &[1, 2]).await;
    assert!(recovered <= SECOND, "{recovered:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_stuck_behind_a_live_connection_is_noticed_within_15_s() {
    let (cluster, _discovery, mut subscription) = followed(1).await;
    cluster.store.mute(true);
    cluster.store.put("/services/strings/b", "10.0.0.1:2");
    let (error, noticed) = until_failing(&mut subscription).await;
    assert_eq!(error.message(), "asking etcd for the progress of the watch took more than 5s");
    assert!(noticed <= 15 * SECOND + SECOND / 10, "{noticed:?}");
    // A list brings what the watch kept back.
    until(&mut subscription, &[1, 2]).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_watch_is_left_alone_and_known_to_be_fresh() {
    let (cluster, _discovery, subscription) = followed(1).await;
    sleep(600 * SECOND).await;
    assert!(cluster.store.calls().is_empty());
    let state = subscription.state();
    assert_eq!((state.totals().failures, state.generation()), (0, 1));
    assert!(state.answered_at().unwrap().elapsed() <= 15 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_in_any_call_is_a_failure_in_time_and_the_next_try_works() {
    for call in ["list", "watch"] {
        let cluster = Cluster::of(2);
        cluster.store.put("/services/strings/a", "10.0.0.1:1");
        cluster.store.hang(call);
        let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
        let mut subscription = discovery.subscribe();
        let (error, noticed) = until_failing(&mut subscription).await;
        assert_eq!(error.code(), Code::DeadlineExceeded);
        assert!(noticed <= 3 * SECOND + SECOND / 10, "{noticed:?}");
        assert!(until(&mut subscription, &[1]).await <= SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_failure_with_its_code_and_what_was_said_made_safe() {
    let (cluster, _discovery, mut subscription) = followed(1).await;
    cluster.store.refuse(Some(Status::resource_exhausted("too many\nrequests")));
    cluster.store.order(Order::End);
    let mut error = until_failing(&mut subscription).await.0;
    while error.code() == Code::Unavailable {
        error = subscription.changed().await.unwrap().error().unwrap().clone();
    }
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert_eq!(error.message(), "listing instances in etcd failed: \"too many\\nrequests\"");
    assert_eq!(known(&subscription.state()), [1]);
    cluster.store.refuse(None);
    assert!(until(&mut subscription, &[1]).await <= 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_restart_without_data_is_seen_and_what_registers_then_too() {
    let (cluster, _discovery, mut subscription) = followed(1).await;
    for n in 0..20 {
        cluster.store.put("/services/strings/a", &format!("10.0.0.1:{}", 20 - n));
    }
    until(&mut subscription, &[1]).await;
    cluster.lines(Line::Cut);
    cluster.store.forget();
    sleep(SECOND).await;
    cluster.lines(Line::Open);
    let back = until(&mut subscription, &[]).await;
    // The revision is below the one that was known: a watch from there would wait for ever.
    cluster.store.put("/services/strings/b", "10.0.0.1:2");
    assert!(back + until(&mut subscription, &[2]).await <= 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_the_rules_is_a_failure_and_never_empties_the_set() {
    let header = |revision| Some(PbResponseHeader { revision, ..PbResponseHeader::default() });
    let bare = PbEvent { r#type: 0, kv: None, prev_kv: None };
    for (broken, line) in [
        (PbWatchResponse { header: header(9), events: vec![bare], ..Default::default() }, "an event without a key"),
        (PbWatchResponse { header: header(1), ..Default::default() }, "a revision older than one it gave before"),
    ] {
        let (cluster, _discovery, mut subscription) = followed(1).await;
        cluster.store.order(Order::Say(Box::new(broken)));
        let (error, _) = until_failing(&mut subscription).await;
        assert_eq!(error.message(), format!("etcd gave {line}"));
        assert_eq!(known(&subscription.state()), [1]);
        assert!(until(&mut subscription, &[1]).await <= SECOND);
    }
    for (lists, line) in [
        (vec![PbRangeResponse::default()], "a list without a header"),
        (
            vec![PbRangeResponse { header: header(2), more: true, ..Default::default() }],
            "a page of a list that leads no further",
        ),
    ] {
        let (cluster, _discovery, mut subscription) = followed(1).await;
        cluster.store.answer_lists_with(lists);
        cluster.store.order(Order::Cancel(""));
        let (error, _) = until_failing(&mut subscription).await;
        assert_eq!(error.message(), format!("etcd gave {line}"));
        assert_eq!(known(&subscription.state()), [1]);
        assert!(until(&mut subscription, &[1]).await <= 2 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_never_lasts_does_not_run_hot() {
    let (cluster, _discovery, subscription) = followed(1).await;
    let start = Instant::now();
    let mut lists = 0;
    while start.elapsed() < 60 * SECOND {
        cluster.store.order(Order::Cancel(""));
        sleep(SECOND / 50).await;
        lists += cluster.store.calls().iter().filter(|call| **call == "list").count();
    }
    assert!((30..=62).contains(&lists), "{lists}");
    assert_eq!(known(&subscription.state()), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_at_most_100_ms_in_every_state_and_leaves_no_connection() {
    for line in [Line::Open, Line::Frozen, Line::Cut] {
        let (cluster, discovery, subscription) = followed(1).await;
        cluster.lines(line);
        sleep(7 * SECOND).await;
        discovery.stop();
        timeout(SECOND / 10, subscription.stopped()).await.expect("stopped");
        cluster.lines(Line::Open);
        sleep(SECOND).await;
        assert_eq!(cluster.connections(), 0, "{line:?}");
    }
    // While it connects.
    let cluster = Cluster::of(1);
    cluster.lines(Line::Frozen);
    let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
    sleep(SECOND).await;
    discovery.stop();
    timeout(SECOND / 10, discovery.subscribe().stopped()).await.expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_a_server_keep_the_set_and_fill_no_log() {
    for line in [Line::Cut, Line::Frozen] {
        let cluster = Cluster::of(3);
        cluster.store.put("/services/strings/a", "10.0.0.1:1");
        let told = std::sync::Arc::new(std::sync::Mutex::new(0));
        let count = std::sync::Arc::clone(&told);
        let observer = move |event: &Event| {
            *count.lock().unwrap() += u32::from(matches!(event.news, News::Failing { .. }));
        };
        let discovery = cluster.etcd().instancer(SERVICE).unwrap().observer(observer).start().unwrap();
        let mut subscription = discovery.subscribe();
        until(&mut subscription, &[1]).await;
        cluster.lines(line);
        sleep(600 * SECOND).await;
        let state = subscription.state();
        assert_eq!(known(&state), [1]);
        assert!(state.age(Instant::now()) >= 580 * SECOND && state.totals().failures >= 80, "{state:?}");
        assert!((9..=10).contains(&*told.lock().unwrap()), "{line:?}: {told:?}");
        cluster.store.put("/services/strings/b", "10.0.0.1:2");
        cluster.lines(Line::Open);
        let back = until(&mut subscription, &[1, 2]).await;
        assert!(back <= 5 * SECOND, "{line:?}: {back:?}");
    }
}
