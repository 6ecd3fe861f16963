use kit::{Code, Context};
use profilesvc::service::ProfileService as _;
use profilesvc::store::Profiles;

use crate::instances::{OPERATIONS, Peer, call, client, id, profile};

const IDEMPOTENT: [&str; 6] =
    ["get_profile", "put_profile", "delete_profile", "get_addresses", "get_address", "delete_address"];

#[tokio::test]
async fn what_fails_is_tried_again_if_it_is_idempotent_and_else_sent_once() {
    for name in OPERATIONS {
        // Two that fail after they may have done it. New for each operation: breakers remember.
        let failing = [
            Peer::answering("503 Service Unavailable", "", "").await,
            Peer::answering("503 Service Unavailable", "", "").await,
        ];
        let client = client(&[&failing[0], &failing[1]]).await;
        assert_eq!(call(&client, name).await.unwrap_err().code(), Code::Unavailable, "{name}");
        let asked = failing[0].asked() + failing[1].asked();
        assert_eq!(asked, if IDEMPOTENT.contains(&name) { 3 } else { 1 }, "{name}");
        let both = failing.iter().all(|peer| peer.asked() > 0);
        assert_eq!(both, IDEMPOTENT.contains(&name), "{name}: the second attempt is another's");
    }
}

#[tokio::test]
async fn an_instance_that_fails_costs_no_call_that_may_be_repeated() {
    let profiles = Profiles::new(10).unwrap();
    let (well, failing) = (Peer::instance(&profiles).await, Peer::answering("503 Service Unavailable", "", "").await);
    let client = client(&[&well, &failing]).await;
    let cx = &mut Context::new();
    for _ in 0..20 {
        client.put_profile(cx, id("7"), profile("7", "Ann")).await.unwrap();
        assert_eq!(client.get_profile(cx, id("7")).await.unwrap(), profile("7", "Ann"));
    }
    client.delete_profile(cx, id("7")).await.unwrap();
    assert!(failing.asked() > 0, "it was asked too, and nobody noticed");
}
