use super::{StoreError, crossed};
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::{Code, Error};
use crate::failure::{Details, RecognizeLayer};
use crate::function::request_fn;

#[derive(Clone, Debug, PartialEq, kit_macros::Failure)]
#[failure(crate = "crate")]
enum Older {
    #[failure(code = "NotFound", message = "older")]
    NoRow { id: u32 },
}

/// A client of a service that fails.
fn client() -> impl Endpoint<Error, Response = ()> {
    request_fn(async |error: Error| Err::<(), _>(crossed(&error)))
}

async fn call(client: impl Endpoint<Error, Response = ()>, error: impl Into<Error>) -> Error {
    client.call(&mut Context::new(), error.into()).await.expect_err("it fails")
}

#[tokio::test]
async fn the_caller_has_the_variant_back() {
    let client = client().layer(RecognizeLayer::<StoreError>::new());
    for failure in [StoreError::NoRow { id: 7 }, StoreError::Locked("batch".into(), 7), StoreError::ReadOnly] {
        let error = call(&client, failure.clone()).await;
        assert_eq!(error.cause(), Some(&failure));
    }
}

#[tokio::test]
async fn who_does_not_know_the_type_has_the_code_and_the_details() {
    let client = client().layer(RecognizeLayer::<Older>::new());
    let error = call(&client, StoreError::ReadOnly).await;
    assert_eq!(
        (error.code(), error.message(), error.reason()),
        (Code::FailedPrecondition, "read only", Some("read_only"))
    );
    assert_eq!(
        error.cause::<Details>().map(|details| (details.name(), details.reason())),
        Some(("StoreError", "read_only"))
    );
}

#[tokio::test]
async fn several_enums_are_recognized_by_several_layers_in_any_order() {
    let client = client().layer(RecognizeLayer::<StoreError>::new()).layer(RecognizeLayer::<Older>::new());
    assert!(call(&client, Older::NoRow { id: 7 }).await.cause::<Older>().is_some());
    assert!(call(&client, StoreError::ReadOnly).await.cause::<StoreError>().is_some());
}

#[tokio::test]
async fn an_error_that_is_no_failure_passes_as_it_is() {
    let client = client().layer(RecognizeLayer::<StoreError>::default());
    let error = call(&client, Error::unavailable("down")).await;
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "down"));
    assert!(error.cause::<StoreError>().is_none() && error.cause::<Details>().is_none());
}

#[test]
fn a_layer_says_what_it_knows() {
    let layer = RecognizeLayer::<StoreError>::new();
    assert_eq!(format!("{layer:?}"), r#"RecognizeLayer("StoreError")"#);
}
