use super::*;

/// Who is there, as somebody else sees it, who never loses the server.
async fn watched(member: &Member) -> (Discovery, Subscription) {
    let discovery = follow(&member.address());
    let subscription = discovery.subscribe();
    timeout(PATIENCE, discovery.ready()).await.expect("a set").unwrap();
    (discovery, subscription)
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn an_instance_is_seen_until_it_is_withdrawn_or_dropped() {
    let member = Member::start().await;
    let (_discovery, mut seen) = watched(&member).await;
    let one = register(&member.address(), "10.0.0.1:1").await;
    let other = register(&member.address(), "[::1]:2").await;
    until_set(&mut seen, &["10.0.0.1:1", "[::1]:2"]).await;
    // Longer than the lease.
    sleep(2 * TTL).await;
    assert_eq!(addresses(&seen.state()), ["10.0.0.1:1", "[::1]:2"]);
    assert!(matches!(one.standing(), Standing::Registered { times: 1, .. }));
    timeout(PATIENCE, one.withdraw()).await.expect("an end").unwrap();
    assert!(until_set(&mut seen, &["[::1]:2"]).await < 3 * SECOND);
    drop(other);
    assert!(until_set(&mut seen, &[]).await < 3 * SECOND);
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn one_that_is_out_of_reach_expires_with_its_lease_and_comes_back() {
    let member = Member::start().await;
    let proxy = Proxy::to(member.address()).await;
    let (_discovery, mut seen) = watched(&member).await;
    let registration = register(proxy.address(), "10.0.0.1:1").await;
    until_set(&mut seen, &["10.0.0.1:1"]).await;
    proxy.cut(true);
    let took = until_set(&mut seen, &[]).await;
    assert!(took < TTL + 2 * SECOND, "{took:?}");
    assert!(matches!(registration.standing(), Standing::Lost { .. }));
    proxy.cut(false);
    until_set(&mut seen, &["10.0.0.1:1"]).await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_lease_that_is_revoked_and_a_key_that_is_deleted_are_made_good_within_half_of_the_time() {
    let member = Member::start().await;
    let registration = register(&member.address(), "10.0.0.1:1").await;
    let (_discovery, mut seen) = watched(&member).await;
    let mut times = 1;
    for revoked in [true, false, true] {
        if revoked {
            member.revoke_all().await;
        } else {
            member.delete("/services/strings/10.0.0.1:1").await;
        }
        let (now, took) = announced_after(&registration, times).await;
        times = now;
        // The rest is the machine's.
        assert!(took < TTL / 2 + SECOND / 2, "{took:?}");
        until_set(&mut seen, &["10.0.0.1:1"]).await;
    }
    timeout(PATIENCE, registration.withdraw()).await.expect("an end").unwrap();
    until_set(&mut seen, &[]).await;
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_server_that_is_killed_paused_or_loses_its_data_is_told_again() {
    let mut member = Member::start().await;
    let registration = register(&member.address(), "10.0.0.1:1").await;
    let mut times = 1;
    for loss in ["killed", "wiped", "paused"] {
        if loss == "paused" {
            member.pause(true);
            sleep(2 * TTL).await;
            assert!(matches!(registration.standing(), Standing::Lost { .. }), "{registration:?}");
            member.pause(false);
        } else {
            member.kill();
            sleep(SECOND).await;
            if loss == "wiped" {
                member.wipe();
            }
            member.restart();
        }
        member.ready().await;
        let (now, took) = announced_after(&registration, times).await;
        times = now;
        assert!(took < 8 * SECOND, "{loss}: {took:?}");
        let (_discovery, mut seen) = watched(&member).await;
        until_set(&mut seen, &["10.0.0.1:1"]).await;
    }
    timeout(PATIENCE, registration.withdraw()).await.expect("an end").unwrap();
    let (_discovery, mut seen) = watched(&member).await;
    until_set(&mut seen, &[]).await;
}
