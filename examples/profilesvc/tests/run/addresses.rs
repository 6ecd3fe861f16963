use program::Program;
use serde_json::json;

use crate::support::start;

/// A service with one profile, 7, that has one address, home.
async fn with_home() -> Program {
    let service = start(&[]).await;
    let ann = r#"{"id":"7","name":"Ann","addresses":[{"id":"home","location":"Bonn"}]}"#;
    assert_eq!(service.post("/profiles/", ann).await.status, 201);
    service
}

#[tokio::test]
async fn addresses_are_read_all_together_and_one_by_one() {
    let service = with_home().await;
    let home = json!({ "id": "home", "location": "Bonn" });
    let all = service.get("/profiles/7/addresses/").await;
    assert_eq!((all.status, all.json()), (200, json!([home])));
    let one = service.get("/profiles/7/addresses/home").await;
    assert_eq!((one.status, one.json()), (200, home));
}

#[tokio::test]
async fn an_address_that_is_posted_is_where_its_location_says_and_comes_last() {
    let service = with_home().await;
    let work = json!({ "id": "work/2", "location": "Köln" });
    let added = service.post("/profiles/7/addresses/", &work.to_string()).await;
    let location = "/profiles/7/addresses/work%2F2";
    assert_eq!((added.status, added.header("location"), added.json()), (201, Some(location), work.clone()));
    assert_eq!(service.get(location).await.json(), work);
    let addresses = json!([{ "id": "home", "location": "Bonn" }, work]);
    assert_eq!(service.get("/profiles/7/addresses/").await.json(), addresses);
    assert_eq!(service.get("/profiles/7").await.json()["addresses"], addresses);
}

#[tokio::test]
async fn an_address_is_posted_once_within_its_profile() {
    let service = with_home().await;
    let again = service.post("/profiles/7/addresses/", r#"{"id":"home","location":"Köln"}"#).await;
    assert_eq!(again.problem(), (409, "AlreadyExists".into(), "already_exists".into()));
    assert_eq!(again.json()["detail"], r#"there is an address of the id "home" already"#);
    assert_eq!(service.get("/profiles/7/addresses/home").await.json()["location"], "Bonn");
    service.post("/profiles/", r#"{"id":"8"}"#).await;
    assert_eq!(service.post("/profiles/8/addresses/", r#"{"id":"home"}"#).await.status, 201);
}

#[tokio::test]
async fn an_address_that_is_deleted_is_gone_and_the_others_stay() {
    let service = with_home().await;
    service.post("/profiles/7/addresses/", r#"{"id":"work"}"#).await;
    let gone = service.delete("/profiles/7/addresses/home").await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(service.get("/profiles/7/addresses/").await.json(), json!([{ "id": "work", "location": "" }]));
    let again = service.delete("/profiles/7/addresses/home").await;
    assert_eq!(again.problem(), (404, "NotFound".into(), "not_found".into()));
    assert_eq!(again.json()["detail"], r#"there is no address of the id "home""#);
}

#[tokio::test]
async fn where_there_is_no_profile_there_is_no_address() {
    let service = with_home().await;
    let nobody = |answer: program::Answer| {
        assert_eq!(answer.problem(), (404, "NotFound".into(), "not_found".into()));
        assert_eq!(answer.json()["detail"], r#"there is no profile of the id "8""#);
    };
    nobody(service.get("/profiles/8/addresses/").await);
    nobody(service.get("/profiles/8/addresses/home").await);
    nobody(service.post("/profiles/8/addresses/", r#"{"id":"home"}"#).await);
    nobody(service.delete("/profiles/8/addresses/home").await);
    let missing = service.get("/profiles/7/addresses/work").await;
    assert_eq!(missing.json()["detail"], r#"there is no address of the id "work""#);
}

#[tokio::test]
async fn a_profile_has_as_many_addresses_as_it_may_and_each_id_once() {
    let service = with_home().await;
    let many = |count: usize| (0..count).map(|n| json!({ "id": n.to_string() })).collect::<Vec<_>>();
    let too_many = (400, "InvalidArgument".into(), "too_many_addresses".into());
    let repeated = (400, "InvalidArgument".into(), "repeated_address".into());

    let posted = json!({ "id": "8", "addresses": many(33) }).to_string();
    assert_eq!(service.post("/profiles/", &posted).await.problem(), too_many);
    assert_eq!(service.put("/profiles/8", &posted).await.problem(), too_many);
    let twice = json!({ "id": "8", "addresses": [{ "id": "a" }, { "id": "b" }, { "id": "a" }] }).to_string();
    assert_eq!(service.post("/profiles/", &twice).await.problem(), repeated);
    assert_eq!(service.put("/profiles/8", &twice).await.problem(), repeated);
    assert_eq!(service.get("/profiles/8").await.status, 404);

    let filled = service.patch("/profiles/7", &json!({ "addresses": many(32) }).to_string()).await;
    assert_eq!((filled.status, filled.json()["addresses"].as_array().map(Vec::len)), (200, Some(32)));
    assert_eq!(service.post("/profiles/7/addresses/", r#"{"id":"one more"}"#).await.problem(), too_many);
    assert_eq!(service.post("/profiles/7/addresses/", r#"{"id":"0"}"#).await.status, 409);
}
