use std::time::Duration;

use kit_core::error::BUG_LINE;
use kit_core::recover::Panicked;
use kit_core::{Code, Context, Endpoint as _, Error, Outcome, Retry, request_fn};

use crate::local::Local;

async fn crossed(error: Error) -> Error {
    let service = request_fn(async |error: Error| Err::<(), _>(error));
    Local::new(service).call(&mut Context::new(), error).await.unwrap_err()
}

#[tokio::test]
async fn every_code_crosses_with_its_line_reason_and_id() {
    for code in Code::ALL {
        let error = Error::new(code, "a line").with_reason("why");
        let back = crossed(error.clone()).await;
        assert_eq!((back.code(), back.message(), back.reason()), (code, "a line", Some("why")));
        assert_eq!(
            (back.id(), back.retry(), back.outcome()),
            (error.id(), Retry::of_code(code), Outcome::of_code(code))
        );
    }
}

#[tokio::test]
async fn a_line_crosses_as_far_as_a_wire_would_carry_it() {
    let error = Error::not_found(format!("one\ntwo {}", "ß".repeat(2_000))).with_reason("r".repeat(2_000));
    let back = crossed(error).await;
    assert!(back.message().starts_with("one two ß") && back.message().len() == 1024, "{}", back.message().len());
    assert_eq!(back.reason().map(str::len), Some(1024));
}

#[tokio::test]
async fn what_is_private_stays_behind() {
    #[derive(Debug, thiserror::Error)]
    #[error("password of db-7 is hunter2")]
    struct Secret;
    let error =
        Error::unavailable("down").with_cause(Secret).with_field("host", "db-7").with_outcome(Outcome::Rejected);
    let back = crossed(error).await;
    assert!(back.cause::<Secret>().is_none() && back.fields().next().is_none());
    assert_eq!(back.outcome(), Outcome::BackendError, "a refusal there is a failure of the callee here");
}

#[tokio::test]
async fn a_pause_and_a_never_cross_and_what_else_is_known_of_a_try_does_not() {
    let hint = async |retry| crossed(Error::unavailable("down").with_retry(retry)).await.retry();
    let pause = Retry::After(Duration::from_millis(1_200));
    assert_eq!((hint(pause).await, hint(Retry::Never).await), (pause, Retry::Never));
    assert_eq!(hint(Retry::Safe).await, Retry::MayHaveRun);
}

#[tokio::test]
async fn a_panic_is_internal_and_says_nothing() {
    let service = request_fn(async |divisor: u32| Ok(10 / divisor));
    let local = Local::new(service);
    let error = local.call(&mut Context::new(), 0).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Internal, BUG_LINE));
    assert!(error.cause::<Panicked>().is_none());
    assert_eq!(local.call(&mut Context::new(), 5).await.unwrap(), 2);
}
