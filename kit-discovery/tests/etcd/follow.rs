use super::*;

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_prefix_is_followed_without_its_neighbours_and_past_what_is_malformed() {
    let member = Member::start().await;
    member.put("/services/strings/a", "10.0.0.1:1").await;
    let discovery = follow(&member.address());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    for key in ["/services/strings", "/services/strings-test/1", "/services/stringsx"] {
        member.put(key, "10.0.0.1:9").await;
    }
    member.put("/services/strings/c", "nowhere").await;
    member.put("/services/strings/b", r#"{ "host": "::1", "port": 2, "weight": 3 }"#).await;
    until_set(&mut subscription, &["10.0.0.1:1", "[::1]:2"]).await;
    let state = subscription.state();
    assert_eq!((state.skipped_count(), &*state.skipped()[0].item), (1, "\"/services/strings/c\""));
    assert_eq!(state.instances().unwrap().get("b").unwrap().weight, 3);
    member.delete("/services/strings/a").await;
    until_set(&mut subscription, &["[::1]:2"]).await;
    assert_eq!(subscription.state().totals().failures, 0);
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn more_keys_than_a_page_holds_are_one_set() {
    let member = Member::start().await;
    let mut admin = member.admin().await;
    for batch in 0..12 {
        let puts: Vec<_> = (0..100)
            .map(|n| {
                etcd_client::TxnOp::put(
                    format!("{SERVICE}/{batch:02}{n:02}"),
                    format!("h:{}", batch * 100 + n + 1),
                    None,
                )
            })
            .collect();
        timeout(PATIENCE, admin.txn(etcd_client::Txn::new().and_then(puts))).await.expect("an answer").unwrap();
    }
    let discovery = follow(&member.address());
    let state = timeout(PATIENCE, discovery.ready()).await.expect("a set").unwrap();
    assert_eq!((state.instances().unwrap().len(), state.skipped_count()), (1_200, 0));
    member.put("/services/strings/last", "h:9999").await;
    until(&mut discovery.subscribe(), "one more", |state| state.instances().is_some_and(|set| set.len() == 1_201))
        .await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_server_that_is_killed_and_restarted_is_followed_on_within_5_s_with_its_data_and_without() {
    let mut member = Member::start().await;
    member.put("/services/strings/a", "10.0.0.1:1").await;
    // A revision that the server without data is long in coming to.
    for _ in 0..20 {
        member.put("/elsewhere", "").await;
    }
    let discovery = follow(&member.address());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    for kept in [true, false] {
        member.kill();
        assert!(until_failing(&mut subscription).await < 3 * SECOND);
        sleep(2 * SECOND).await;
        assert_eq!(addresses(&subscription.state()), ["10.0.0.1:1"], "the set outlives the server");
        if !kept {
            member.wipe();
        }
        member.restart();
        member.ready().await;
        let set: &[&str] = if kept { &["10.0.0.1:1"] } else { &[] };
        let took = until_set(&mut subscription, set).await;
        assert!(took < 5 * SECOND, "{took:?}");
    }
    member.put("/services/strings/b", "10.0.0.1:2").await;
    until_set(&mut subscription, &["10.0.0.1:2"]).await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_server_that_is_paused_is_a_failure_in_time_that_ends_with_the_pause() {
    let member = Member::start().await;
    member.put("/services/strings/a", "10.0.0.1:1").await;
    let discovery = follow(&member.address());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    sleep(SECOND).await;
    member.pause(true);
    let noticed = until_failing(&mut subscription).await;
    // 2 s of silence and 1 s for the answer; the rest is the machine's.
    assert!(noticed < 5 * SECOND, "{noticed:?}");
    assert_eq!(addresses(&subscription.state()), ["10.0.0.1:1"]);
    let start = Instant::now();
    discovery.stop();
    timeout(SECOND, subscription.stopped()).await.expect("a stop");
    assert!(start.elapsed() <= SECOND / 10, "{:?}", start.elapsed());
    let discovery = follow(&member.address());
    let mut subscription = discovery.subscribe();
    until_failing(&mut subscription).await;
    member.pause(false);
    member.put("/services/strings/b", "10.0.0.1:2").await;
    until_set(&mut subscription, &["10.0.0.1:1", "10.0.0.1:2"]).await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn of_three_members_any_may_be_paused() {
    let members = Member::three().await;
    let endpoints: Vec<_> = members.iter().map(Member::address).collect();
    let endpoints: Vec<_> = endpoints.iter().map(String::as_str).collect();
    let etcd = Etcd::with(config(&endpoints)).unwrap();
    let discovery = etcd.instancer(SERVICE).unwrap().start().unwrap();
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &[]).await;
    let registration =
        timeout(PATIENCE, registrar(&etcd).register(Instance::new("10.0.0.1:1"))).await.unwrap().unwrap();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    for (n, member) in members.iter().enumerate() {
        member.pause(true);
        sleep(2 * TTL).await;
        let other = &members[(n + 1) % 3];
        other.ready().await;
        let address = format!("10.0.1.{n}:2");
        other.put("/services/strings/b", &address).await;
        until_set(&mut subscription, &["10.0.0.1:1", &address]).await;
        member.pause(false);
        member.ready().await;
    }
    timeout(PATIENCE, registration.withdraw()).await.expect("an end").unwrap();
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn what_was_compacted_while_away_is_listed_again() {
    let member = Member::start().await;
    let proxy = Proxy::to(member.address()).await;
    member.put("/services/strings/a", "10.0.0.1:1").await;
    let discovery = follow(proxy.address());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    proxy.cut(true);
    until_failing(&mut subscription).await;
    for n in 0..10 {
        member.put("/services/strings/b", &format!("10.0.0.1:{}", 10 + n)).await;
    }
    member.delete("/services/strings/a").await;
    member.compact().await;
    proxy.cut(false);
    let took = until_set(&mut subscription, &["10.0.0.1:19"]).await;
    // The longest pause, and the list.
    assert!(took < 5 * SECOND, "{took:?}");
    // And the watch goes on from there.
    member.put("/services/strings/b", "10.0.0.1:20").await;
    until_set(&mut subscription, &["10.0.0.1:20"]).await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_member_that_has_lost_its_leader_is_a_failure_that_ends_with_an_election() {
    let members = Member::three().await;
    members[0].put("/services/strings/a", "10.0.0.1:1").await;
    let discovery = follow(&members[0].address());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["10.0.0.1:1"]).await;
    let (_, others) = members.split_first().unwrap();
    others.iter().for_each(|member| member.pause(true));
    // It answers pings and would say nothing else: etcd gives its leader up after an election's time.
    let noticed = until_failing(&mut subscription).await;
    assert!(noticed < 10 * SECOND, "{noticed:?}");
    sleep(3 * SECOND).await;
    assert_eq!(addresses(&subscription.state()), ["10.0.0.1:1"]);
    assert!(subscription.state().error().is_some());
    others.iter().for_each(|member| member.pause(false));
    members[0].ready().await;
    members[1].put("/services/strings/b", "10.0.0.1:2").await;
    until_set(&mut subscription, &["10.0.0.1:1", "10.0.0.1:2"]).await;
}
