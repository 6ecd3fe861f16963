use kit::metrics::Registry;
use kit::{Code, Context, Error};
use profilesvc::client::ProfileClient;
use profilesvc::service::{ProfileService, Put};
use profilesvc::store::Profiles;

use crate::instances::{OPERATIONS, Peer, address, call, client, id, profile, rename};

/// The whole of the service, whoever does it.
async fn the_nine_operations(service: &impl ProfileService) -> Result<(), Error> {
    let cx = &mut Context::new();
    let (seven, home, odd) = (|| id("7"), || id("home"), || id("Ann/Bö? #%"));
    let ann = profile("7", "Ann");
    assert_eq!(service.post_profile(cx, ann.clone()).await?, ann);
    assert_eq!(service.get_profile(cx, seven()).await?, ann);

    assert_eq!(service.put_profile(cx, odd(), profile("Ann/Bö? #%", "")).await?, Put::Created);
    assert_eq!(service.put_profile(cx, odd(), profile("Ann/Bö? #%", "Bö")).await?, Put::Replaced);
    assert_eq!(service.get_profile(cx, odd()).await?.name.as_str(), "Bö");

    let bea = service.patch_profile(cx, seven(), rename("Bea")).await?;
    assert_eq!(bea, profile("7", "Bea"));

    assert_eq!(service.get_addresses(cx, seven()).await?, []);
    assert_eq!(service.post_address(cx, seven(), address("home", "Bonn")).await?, address("home", "Bonn"));
    service.post_address(cx, seven(), address("a/b", "Köln")).await?;
    assert_eq!(service.get_address(cx, seven(), home()).await?, address("home", "Bonn"));
    assert_eq!(service.get_address(cx, seven(), id("a/b")).await?, address("a/b", "Köln"));
    service.delete_address(cx, seven(), home()).await?;
    assert_eq!(service.get_addresses(cx, seven()).await?, [address("a/b", "Köln")]);
    assert_eq!(service.get_profile(cx, seven()).await?.addresses, [address("a/b", "Köln")]);

    service.delete_profile(cx, seven()).await?;
    service.delete_profile(cx, odd()).await?;
    Ok(())
}

#[tokio::test]
async fn the_client_does_what_the_service_does() {
    let profiles = Profiles::new(10).unwrap();
    the_nine_operations(&profiles).await.unwrap();
    let instances = [Peer::instance(&profiles).await, Peer::instance(&profiles).await];
    let client = client(&[&instances[0], &instances[1]]).await;
    for _ in 0..10 {
        the_nine_operations(&client).await.unwrap();
    }
    assert_eq!(profiles.count(), 0);
    let channels = client.client().explain().to_string();
    assert!(instances.iter().all(|one| channels.contains(&one.addr)), "{channels}");
}

#[tokio::test]
async fn with_nobody_there_every_operation_fails_at_once() {
    let gone = Peer::instance(&Profiles::new(1).unwrap()).await;
    let client = client(&[&gone]).await;
    drop(gone);
    for name in OPERATIONS {
        assert_eq!(call(&client, name).await.unwrap_err().code(), Code::Unavailable, "{name}");
    }
}

#[tokio::test]
async fn a_source_that_is_none_is_refused_when_it_starts() {
    let refused = ProfileClient::start(
        &"static:nowhere".parse().unwrap(),
        Default::default(),
        &kit::log::Logger::discard(),
        &Registry::new(),
    );
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}
