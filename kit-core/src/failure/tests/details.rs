use super::{StoreError, crossed};
use crate::error::{Code, Error, Retry};
use crate::failure::{Details, Failure as _};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
#[error("password of db-7 is hunter2")]
struct Secret;

fn locked() -> StoreError {
    StoreError::Locked("batch".into(), 7)
}

#[test]
fn a_failure_is_the_error_of_its_code_line_reason_and_hint() {
    let error = Error::from(locked());
    assert_eq!((error.code(), error.message(), error.reason()), (Code::Aborted, "batch holds 7 rows", Some("locked")));
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(2)));
    assert_eq!(error.cause(), Some(&locked()));
    assert!(error.place().file().ends_with("details.rs"), "where it was made: {}", error.place());
    let error = Error::from(StoreError::ReadOnly);
    assert_eq!((error.retry(), error.reason()), (Retry::of_code(Code::FailedPrecondition), Some("read_only")));
}

#[test]
fn a_failure_and_a_cause_stand_beside_one_another() {
    // As a retry does when it gives up, on either side of the wire, and a service for its log.
    for error in
        [Error::from(locked()).with_cause(Secret), Error::from(locked()).with_field("host", "db-7").with_cause(Secret)]
    {
        assert!(error.cause::<Secret>().is_some());
        assert_eq!(error.cause(), Some(&locked()));
        assert!(error.report().to_string().contains("hunter2"));
        let sent = Details::of(&error).expect("a failure leaves");
        assert!(!format!("{sent:?}").contains("hunter2"));
    }
    let received = crossed(&Error::from(locked())).with_cause(Secret).recognize::<StoreError>();
    assert!(received.cause::<Secret>().is_some() && received.cause::<StoreError>().is_some());
}

#[test]
fn what_is_no_failure_has_nothing_that_leaves() {
    for error in
        [Error::boundary(Code::NotFound, Secret), Error::bug(locked()), Error::boundary(Code::Aborted, locked())]
    {
        assert_eq!(Details::of(&error), None);
    }
}

#[test]
fn what_is_wrapped_is_found_here_and_stays_behind() {
    let mut error = Error::from(locked());
    for _ in 0..3 {
        error = Error::boundary(Code::Unavailable, error);
    }
    assert_eq!(error.cause(), Some(&locked()));
    assert_eq!(Details::of(&error), None);
    // Received, and wrapped by a layer here: found all the same.
    let wrapped = Error::boundary(Code::Unavailable, crossed(&Error::from(locked())));
    assert_eq!(wrapped.recognize::<StoreError>().cause(), Some(&locked()));
}

#[test]
fn what_was_received_is_not_passed_on_unless_it_is_made_ones_own() {
    let received = crossed(&Error::from(locked()));
    assert_eq!(received.cause::<Details>().map(Details::reason), Some("locked"));
    assert_eq!(Details::of(&received), None);
    let recognized = received.recognize::<StoreError>();
    assert_eq!(Details::of(&recognized), None);
    let own = Error::from(recognized.cause::<StoreError>().cloned().expect("recognized"));
    assert_eq!(crossed(&own).recognize::<StoreError>().cause(), Some(&locked()));
}

#[test]
fn a_failure_of_ones_own_is_not_taken_for_the_one_that_it_wraps() {
    #[derive(Clone, Debug, PartialEq, kit_macros::Failure)]
    #[failure(crate = "crate", name = "StoreError")]
    enum Namesake {
        #[failure(code = "NotFound", message = "another's")]
        ReadOnly,
    }
    let callee = crossed(&Error::from(Namesake::ReadOnly));
    let error = Error::from(StoreError::NoRow { id: 7 }).with_cause(callee).recognize::<StoreError>();
    assert_eq!(error.cause(), Some(&StoreError::NoRow { id: 7 }));
    assert!(Details::of(&error).is_some());
}

#[test]
fn what_is_not_known_here_leaves_the_error_as_it_is() {
    for (name, reason, payload) in [
        ("OtherError", "read_only", None),
        ("StoreError", "of_a_later_version", Some("{}")),
        ("StoreError", "no_row", None),
        ("StoreError", "no_row", Some("[7]")),
        ("StoreError", "no_row", Some(r#"{"id":"seven"}"#)),
        ("StoreError", "no_row", Some(r#"{"id":-7}"#)),
        ("StoreError", "no_row", Some(r#"{"id":7"#)),
        ("StoreError", "no_row", Some("")),
        ("StoreError", "locked", Some(r#"["batch"]"#)),
        ("StoreError", "locked", Some(r#"{"0":"batch","1":7}"#)),
    ] {
        let details = Details::new(name, reason, payload.map(Into::into)).expect("within bounds");
        let error = Error::not_found("no").with_reason("why").with_details(details.clone()).recognize::<StoreError>();
        assert_eq!(error.cause::<StoreError>(), None, "{details:?}");
        assert_eq!((error.code(), error.reason(), error.cause()), (Code::NotFound, Some("why"), Some(&details)));
    }
}

#[test]
fn names_are_visible_ascii_and_all_is_bounded() {
    let (longest, payload) = ("n".repeat(Details::MAX_NAME_BYTES), "9".repeat(Details::MAX_PAYLOAD_BYTES));
    assert!(Details::new(longest.clone(), longest.clone(), Some(payload.clone().into())).is_some());
    assert!(Details::new("N", "r", Some((payload + "9").into())).is_none());
    for bad in ["", "two words", "new\nline", "naïve", "\u{7f}", &(longest + "n")] {
        assert!(Details::new(bad.to_owned(), "reason", None).is_none(), "{bad:?}");
        assert!(Details::new("Name", bad.to_owned(), None).is_none(), "{bad:?}");
    }
}

#[test]
fn an_error_is_still_one_pointer_and_a_clone_shares_the_failure() {
    let error = Error::from(StoreError::ReadOnly);
    assert_eq!(size_of_val(&error), 8);
    let other = error.clone().with_message("closed").with_reason("closed_today");
    assert_eq!(
        (other.reason(), Details::of(&other).expect("one failure").reason().to_owned()),
        (Some("closed_today"), "read_only".into())
    );
    assert!(std::ptr::eq(error.cause::<StoreError>().unwrap(), other.cause::<StoreError>().unwrap()));
    assert_eq!(StoreError::NAME, "StoreError");
}
