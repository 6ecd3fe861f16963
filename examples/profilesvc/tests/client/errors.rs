use kit::{Code, Context, Error};
use profilesvc::error::{Kind, ProfileError};
use profilesvc::profile::Patch;
use profilesvc::service::ProfileService as _;
use profilesvc::store::{MAX_ADDRESSES, Profiles};

use crate::instances::{OPERATIONS, Peer, address, call, client, id, profile, rename};

/// What the caller is given: the variant, with what it holds.
fn told(result: Result<impl Sized, Error>) -> ProfileError {
    let error = result.err().expect("an error");
    let cause = error.cause::<ProfileError>().expect("a cause of the business").clone();
    let same = Error::from(cause.clone());
    assert_eq!((error.code(), error.reason(), error.message()), (same.code(), same.reason(), same.message()));
    cause
}

#[tokio::test]
async fn each_rule_of_the_business_is_told_as_it_is_where_it_is_kept() {
    let profiles = Profiles::new(1).unwrap();
    let (one, other) = (Peer::instance(&profiles).await, Peer::instance(&profiles).await);
    let client = client(&[&one, &other]).await;
    let cx = &mut Context::new();
    client.post_profile(cx, profile("7", "Ann")).await.unwrap();
    client.post_address(cx, id("7"), address("home", "Bonn")).await.unwrap();

    let nobody = ProfileError::NotFound { kind: Kind::Profile, id: id("8") };
    assert_eq!(told(client.get_profile(cx, id("8")).await), nobody);
    assert_eq!(told(client.patch_profile(cx, id("8"), rename("Bea")).await), nobody);
    assert_eq!(told(client.delete_profile(cx, id("8")).await), nobody);
    assert_eq!(told(client.get_addresses(cx, id("8")).await), nobody);
    assert_eq!(told(client.post_address(cx, id("8"), address("home", "")).await), nobody);
    let nowhere = ProfileError::NotFound { kind: Kind::Address, id: id("work") };
    assert_eq!(told(client.get_address(cx, id("7"), id("work")).await), nowhere);
    assert_eq!(told(client.delete_address(cx, id("7"), id("work")).await), nowhere);

    let exists = |kind, of| ProfileError::AlreadyExists { kind, id: id(of) };
    assert_eq!(told(client.post_profile(cx, profile("7", "Bea")).await), exists(Kind::Profile, "7"));
    assert_eq!(told(client.post_address(cx, id("7"), address("home", "")).await), exists(Kind::Address, "home"));

    let inconsistent = ProfileError::InconsistentIds { path: id("7"), body: id("8") };
    assert_eq!(told(client.put_profile(cx, id("7"), profile("8", "")).await), inconsistent);
    let renumber = Patch { id: Some(id("8")), ..Patch::default() };
    assert_eq!(told(client.patch_profile(cx, id("7"), renumber).await), inconsistent);

    let homes = |count: usize| Patch { addresses: Some(vec![address("home", ""); count]), ..Patch::default() };
    let repeated = ProfileError::RepeatedAddress { id: id("home") };
    assert_eq!(told(client.patch_profile(cx, id("7"), homes(2)).await), repeated);
    let too_many = ProfileError::TooManyAddresses { most: MAX_ADDRESSES };
    assert_eq!(told(client.patch_profile(cx, id("7"), homes(33)).await), too_many);
    assert_eq!(told(client.post_profile(cx, profile("8", "")).await), ProfileError::Full { most: 1 });
}

#[tokio::test]
async fn a_404_is_never_a_success_whatever_it_says() {
    let json = "content-type: application/json\r\n";
    for (headers, body) in [
        // Go kit's service: its own client decodes this into an empty profile and no error.
        (json, r#"{"error":"not found"}"#),
        (json, r#"{"profile":{"id":"7"}}"#),
        (json, r#"{"id":"7","name":"Ann","addresses":[]}"#),
        (json, "[]"),
        ("content-type: text/html\r\n", "<h1>Not here</h1>"),
        ("", ""),
    ] {
        let peer = Peer::answering("404 Not Found", headers, body).await;
        let client = client(&[&peer]).await;
        for name in OPERATIONS {
            assert_eq!(call(&client, name).await.unwrap_err().code(), Code::NotFound, "{name}: {body}");
        }
        assert_eq!(peer.asked(), 9, "once each");
    }
}

#[tokio::test]
async fn a_success_that_is_no_profile_is_none() {
    let peer = Peer::answering("200 OK", "content-type: application/json\r\n", r#"{"error":"not found"}"#).await;
    for name in OPERATIONS {
        // New for each: a breaker would open.
        let client = client(&[&peer]).await;
        let result = call(&client, name).await;
        match name {
            // They answer nothing that could be wrong.
            "put_profile" | "delete_profile" | "delete_address" => result.unwrap(),
            _ => assert_eq!(result.unwrap_err().code(), Code::Internal, "{name}"),
        }
    }
}
