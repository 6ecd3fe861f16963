use std::collections::BTreeMap;

use kit_core::failure::Details;
use kit_core::{Error, Retry};
use kit_macros::Failure;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{Failing, failed, recognized, wires};

#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(crate = "kit_core", name = "tests.AnyError")]
enum AnyError {
    #[failure(code = "NotFound", message = "nothing")]
    Nothing,
    #[failure(code = "Unavailable", retry = "never", message = "{0}")]
    Text(String),
    #[failure(code = "DataLoss", message = "{0} and more")]
    Numbers(i128, Option<u64>, Vec<u8>),
    #[failure(code = "InvalidArgument", reason = "Bad-Map:1", message = "a map")]
    Map { map: BTreeMap<String, i64>, nested: Option<Box<(String, u128)>> },
}

fn any_error() -> impl Strategy<Value = AnyError> {
    let map = prop::collection::btree_map("(?s).{0,9}", any::<i64>(), 0..4);
    let nested = prop::option::of(("(?s).{0,9}", any::<u128>()).prop_map(Box::new));
    prop_oneof![
        Just(AnyError::Nothing),
        "(?s).{0,99}".prop_map(AnyError::Text),
        (any::<i128>(), any::<Option<u64>>(), prop::collection::vec(any::<u8>(), 0..9))
            .prop_map(|(a, b, c)| AnyError::Numbers(a, b, c)),
        (map, nested).prop_map(|(map, nested)| AnyError::Map { map, nested }),
    ]
}

#[test]
fn any_value_crosses_every_wire() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let service = Failing::new();
    let wires = runtime.block_on(wires(&service.endpoint()));
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let tried = runner.run(&any_error(), |failure| {
        let sent = Error::from(failure.clone());
        service.next(sent.clone());
        for (wire, caller) in &wires {
            let error = runtime.block_on(recognized::<AnyError>(caller));
            prop_assert_eq!(error.cause(), Some(&failure), "{}", wire);
            prop_assert_eq!(
                (error.code(), error.reason(), error.id()),
                (sent.code(), sent.reason(), sent.id()),
                "{}",
                wire
            );
            let never = sent.retry() == Retry::Never;
            prop_assert_eq!(error.retry() == Retry::Never, never, "{}", wire);
        }
        Ok(())
    });
    tried.unwrap();
}

#[tokio::test]
async fn who_does_not_know_the_enum_has_code_line_reason_and_details() {
    let service = Failing::new();
    let numbers = AnyError::Numbers(-7, None, vec![1]);
    let sent = Details::of(&numbers.clone().into()).unwrap();
    service.next(numbers);
    for (wire, caller) in wires(&service.endpoint()).await {
        let error = failed(&caller).await;
        assert_eq!((error.message(), error.reason()), ("-7 and more", Some("numbers")), "{wire}");
        assert_eq!(error.cause::<Details>(), Some(&sent), "{wire}");
        assert!(error.cause::<AnyError>().is_none(), "{wire}");
    }
}

#[tokio::test]
async fn the_longest_payload_crosses_every_wire_and_a_longer_one_leaves_the_code() {
    let service = Failing::new();
    let wires = wires(&service.endpoint()).await;
    for (length, crosses) in [(Details::MAX_PAYLOAD_BYTES - 4, true), (Details::MAX_PAYLOAD_BYTES - 3, false)] {
        let failure = AnyError::Text("x".repeat(length));
        service.next(Error::from(failure.clone()).with_message("long"));
        for (wire, caller) in &wires {
            let error = recognized::<AnyError>(caller).await;
            assert_eq!((error.message(), error.reason()), ("long", Some("text")), "{wire}");
            assert_eq!(error.cause(), crosses.then_some(&failure), "{wire}");
        }
    }
}

#[tokio::test]
async fn nothing_leaves_of_a_cause_that_is_no_failure() {
    #[derive(Debug, thiserror::Error)]
    #[error("password of db-7 is hunter2")]
    struct Secret;
    let service = Failing::new();
    let wires = wires(&service.endpoint()).await;
    let wrapped = Error::unavailable("down").with_cause(Error::from(AnyError::Nothing));
    let beside = Error::from(AnyError::Nothing).with_cause(Secret).with_field("host", "db-7");
    for (sent, details) in [(wrapped, false), (Error::bug(AnyError::Nothing), false), (beside, true)] {
        service.next(sent);
        for (wire, caller) in &wires {
            let error = recognized::<AnyError>(caller).await;
            assert_eq!(error.cause::<AnyError>().is_some(), details, "{wire}");
            let all = format!("{error:?} {}", error.report());
            assert!(!all.contains("hunter2") && !all.contains("db-7"), "{wire}: {all}");
        }
    }
}
