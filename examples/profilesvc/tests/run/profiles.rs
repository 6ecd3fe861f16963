use program::Program;
use serde_json::{Value, json};

use crate::support::start;

const ANN: &str = r#"{"id":"7","name":"Ann","addresses":[{"id":"home","location":"Bonn"}]}"#;

fn ann() -> Value {
    serde_json::from_str(ANN).expect("JSON")
}

async fn with_ann() -> Program {
    let service = start(&[]).await;
    assert_eq!(service.post("/profiles/", ANN).await.status, 201);
    service
}

#[tokio::test]
async fn a_profile_that_is_posted_is_where_its_location_says() {
    let service = start(&[]).await;
    let answer = service.post("/profiles/", ANN).await;
    assert_eq!((answer.status, answer.header("location"), answer.json()), (201, Some("/profiles/7"), ann()));
    let found = service.get("/profiles/7").await;
    assert_eq!((found.status, found.header("content-type"), found.json()), (200, Some("application/json"), ann()));

    // Whatever it is called: the location can be followed as it is.
    let answer = service.post("/profiles/", r#"{"id":"Ann/Bö?"}"#).await;
    assert_eq!(answer.header("location"), Some("/profiles/Ann%2FB%C3%B6%3F"));
    let found = service.get("/profiles/Ann%2FB%C3%B6%3F").await;
    assert_eq!(found.json(), json!({ "id": "Ann/Bö?", "name": "", "addresses": [] }));
}

#[tokio::test]
async fn a_profile_is_posted_once() {
    let service = with_ann().await;
    let again = service.post("/profiles/", r#"{"id":"7","name":"Bea"}"#).await;
    assert_eq!(again.problem(), (409, "AlreadyExists".into(), "already_exists".into()));
    assert_eq!(again.json()["detail"], r#"there is a profile of the id "7" already"#);
    assert_eq!(service.get("/profiles/7").await.json(), ann());
}

#[tokio::test]
async fn a_put_makes_a_profile_or_takes_the_place_of_one() {
    let service = start(&[]).await;
    let made = service.put("/profiles/7", ANN).await;
    assert_eq!((made.status, made.header("location"), made.body.as_str()), (201, Some("/profiles/7"), ""));
    assert_eq!(service.get("/profiles/7").await.json(), ann());
    let replaced = service.put("/profiles/7", r#"{"id":"7","name":"Bea"}"#).await;
    assert_eq!((replaced.status, replaced.header("location"), replaced.body.as_str()), (204, None, ""));
    assert_eq!(service.get("/profiles/7").await.json(), json!({ "id": "7", "name": "Bea", "addresses": [] }));
}

#[tokio::test]
async fn the_ids_of_path_and_body_agree() {
    let service = with_ann().await;
    let inconsistent = (400, "InvalidArgument".into(), "inconsistent_ids".into());
    let put = service.put("/profiles/7", r#"{"id":"8"}"#).await;
    assert_eq!(put.problem(), inconsistent);
    assert_eq!(put.json()["detail"], r#"the path has the id "7", the body "8""#);
    assert_eq!(service.put("/profiles/8", r#"{"id":"7"}"#).await.problem(), inconsistent);
    assert_eq!(service.patch("/profiles/7", r#"{"id":"8"}"#).await.problem(), inconsistent);
    assert_eq!(service.put("/profiles/8", r#"{"name":"Bea"}"#).await.problem().2, "json_mismatch");
    assert_eq!(service.get("/profiles/7").await.json(), ann());
    assert_eq!(service.get("/profiles/8").await.status, 404);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_answers_what_is_there_now() {
    let service = with_ann().await;
    let renamed = service.patch("/profiles/7", r#"{"name":"Bea"}"#).await;
    let mut now = ann();
    now["name"] = "Bea".into();
    assert_eq!((renamed.status, renamed.json()), (200, now.clone()));
    assert_eq!(service.get("/profiles/7").await.json(), now);

    now["addresses"] = json!([{ "id": "work", "location": "Köln" }]);
    let moved = service.patch("/profiles/7", r#"{"id":"7","addresses":[{"id":"work","location":"Köln"}]}"#).await;
    assert_eq!(moved.json(), now);
    let merge = [("content-type", "application/merge-patch+json")];
    let emptied = service.send("PATCH", "/profiles/7", &merge, br#"{"name":null,"addresses":null}"#).await;
    assert_eq!(emptied.json(), json!({ "id": "7", "name": "", "addresses": [] }));
    assert_eq!(service.patch("/profiles/7", "{}").await.json(), emptied.json());
}

#[tokio::test]
async fn a_patch_that_is_refused_changes_nothing_and_none_makes_a_profile() {
    let service = with_ann().await;
    let twice = r#"{"name":"Bea","addresses":[{"id":"a"},{"id":"a"}]}"#;
    assert_eq!(service.patch("/profiles/7", twice).await.problem().2, "repeated_address");
    assert_eq!(service.patch("/profiles/7", r#"{"id":null}"#).await.problem().2, "json_mismatch");
    assert_eq!(service.get("/profiles/7").await.json(), ann());
    let nobody = service.patch("/profiles/8", r#"{"name":"Bea"}"#).await;
    assert_eq!(nobody.problem(), (404, "NotFound".into(), "not_found".into()));
    assert_eq!(service.get("/profiles/8").await.status, 404);
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_its_addresses() {
    let service = with_ann().await;
    let gone = service.delete("/profiles/7").await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    for path in ["/profiles/7", "/profiles/7/addresses/", "/profiles/7/addresses/home"] {
        assert_eq!(service.get(path).await.problem(), (404, "NotFound".into(), "not_found".into()), "{path}");
    }
    let again = service.delete("/profiles/7").await;
    assert_eq!(again.problem(), (404, "NotFound".into(), "not_found".into()));
    assert_eq!(again.json()["detail"], r#"there is no profile of the id "7""#);
    assert_eq!(service.post("/profiles/", r#"{"id":"7"}"#).await.status, 201);
    assert_eq!(service.get("/profiles/7/addresses/").await.json(), json!([]));
}

#[tokio::test]
async fn a_full_store_takes_no_more_and_says_so() {
    let service = start(&["--max-profiles", "2"]).await;
    assert_eq!(service.post("/profiles/", r#"{"id":"1"}"#).await.status, 201);
    assert_eq!(service.put("/profiles/2", r#"{"id":"2"}"#).await.status, 201);
    let full = (429, "ResourceExhausted".into(), "full".into());
    let posted = service.post("/profiles/", r#"{"id":"3"}"#).await;
    assert_eq!(posted.problem(), full);
    assert_eq!(posted.header("grpc-retry-pushback-ms"), Some("-1"), "nobody is to ask again and again");
    assert_eq!(service.put("/profiles/3", r#"{"id":"3"}"#).await.problem(), full);
    // What is there can still be changed, and room can be made.
    assert_eq!(service.post("/profiles/", r#"{"id":"1"}"#).await.status, 409);
    assert_eq!(service.put("/profiles/2", r#"{"id":"2","name":"Bea"}"#).await.status, 204);
    assert_eq!(service.delete("/profiles/1").await.status, 204);
    assert_eq!(service.post("/profiles/", r#"{"id":"3"}"#).await.status, 201);
}
