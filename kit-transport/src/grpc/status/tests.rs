use kit_core::{Failure, failure};
use proptest::prelude::*;

use super::*;

#[test]
fn an_error_comes_back_with_its_code_line_reason_and_id() {
    for code in Code::ALL {
        let error = Error::new(code, "50 % of \u{fc}").with_reason("why");
        let back = error_of(&trailers_of(&error)).unwrap_err();
        assert_eq!((back.code(), back.message(), back.reason()), (code, "50 % of \u{fc}", Some("why")));
        assert_eq!((back.id(), back.retry()), (error.id(), error.retry()));
    }
}

#[test]
fn nothing_internal_leaves() {
    #[derive(Debug, thiserror::Error)]
    #[error("password of db-7 is hunter2")]
    struct Secret;
    let error = Error::bug(Secret).with_field("host", "db-7");
    let trailers = trailers_of(&error);
    assert_eq!(trailers[STATUS], "13");
    let bytes = Metadata::received(trailers.clone()).get_bin(DETAILS.as_str()).expect("details");
    for text in [String::from_utf8_lossy(&bytes).into_owned(), format!("{trailers:?}")] {
        assert!(!text.contains("hunter2") && !text.contains("db-7"), "{text}");
    }
}

#[test]
fn a_pause_is_sent_in_milliseconds_and_in_the_details() {
    let error = Error::unavailable("busy").with_retry(Retry::After(Duration::from_micros(1_200_001)));
    let mut trailers = trailers_of(&error);
    assert_eq!(trailers[PUSHBACK], "1201");
    let pause = |trailers: &HeaderMap| error_of(trailers).unwrap_err().retry();
    assert_eq!(pause(&trailers), Retry::After(Duration::from_millis(1_201)));
    trailers.remove(PUSHBACK);
    assert_eq!(pause(&trailers), Retry::After(Duration::from_micros(1_200_001)));
}

#[test]
fn a_status_of_ours_is_believed_its_pause_whatever_its_code() {
    for code in Code::ALL {
        let error = Error::from_code(code).with_retry(Retry::After(Duration::from_secs(3)));
        let mut trailers = trailers_of(&error);
        assert_eq!(error_of(&trailers).unwrap_err().retry(), error.retry(), "{code}");
        // Without its details it is anybody's.
        trailers.remove(DETAILS);
        let strangers = error_of(&trailers).unwrap_err();
        let about_load = matches!(code, Code::Unavailable | Code::ResourceExhausted);
        assert_eq!(strangers.retry() == error.retry(), about_load, "{code}");
    }
}

#[test]
fn an_error_that_nobody_is_to_repeat_says_so_where_its_code_does_not() {
    let error = Error::unavailable("down").with_retry(Retry::Never);
    assert_eq!(trailers_of(&error)[PUSHBACK], "-1");
    assert_eq!(error_of(&trailers_of(&error)).unwrap_err().retry(), Retry::Never);
    for error in [Error::unavailable("down"), Error::not_found("no such row")] {
        assert!(!trailers_of(&error).contains_key(PUSHBACK));
    }
}

fn trailers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

#[test]
fn a_status_that_is_missing_or_none_is_unknown() {
    assert!(error_of(&trailers(&[("grpc-status", "0"), ("grpc-message", "ignored")])).is_ok());
    for status in ["", "-1", "17", "99", "999999999999", "OK", "1 ", "5x", "\u{b2}"] {
        let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_bytes(status.as_bytes()).unwrap())]);
        assert_eq!(error_of(&trailers).unwrap_err().code(), Code::Unknown, "{status:?}");
    }
    assert_eq!(error_of(&HeaderMap::new()).unwrap_err().code(), Code::Unknown);
}

#[test]
fn details_that_are_none_or_speak_of_another_error_are_passed_over() {
    let (busy, other) = (Error::unavailable("busy").with_reason("a"), Error::not_found("no").with_reason("b"));
    let mut trailers = trailers_of(&busy);
    trailers.insert(DETAILS, trailers_of(&other)[DETAILS].clone());
    let error = error_of(&trailers).unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::Unavailable, None));
    for damaged in ["", "%%%", "/w", "CAU"] {
        trailers.insert(DETAILS, HeaderValue::from_static(damaged));
        assert_eq!(error_of(&trailers).unwrap_err().reason(), None, "{damaged:?}");
    }
}

#[test]
fn a_line_of_a_stranger_is_made_safe_and_a_missing_one_is_that_of_the_code() {
    let error = error_of(&trailers(&[("grpc-status", "5"), ("grpc-message", "a%0Ab%1b[31m")])).unwrap_err();
    assert_eq!(error.message(), "a\nb [31m");
    for message in [&[("grpc-status", "5")][..], &[("grpc-status", "5"), ("grpc-message", "")]] {
        assert_eq!(error_of(&trailers(message)).unwrap_err().message(), Code::NotFound.line());
    }
}

#[test]
fn what_an_endpoint_leaves_goes_along_and_the_status_is_ours() {
    let left =
        trailers(&[("x-rows", "7"), ("grpc-status", "0"), ("grpc-message", "fine"), ("content-type", "text/plain")]);
    let well = sealed(left.clone(), None);
    assert_eq!(
        (well.len(), &well["x-rows"], &well[STATUS]),
        (2, &HeaderValue::from_static("7"), &HeaderValue::from_static("0"))
    );
    let failed = sealed(left, Some(&Error::not_found("no")));
    assert_eq!(
        (&failed["x-rows"], &failed[STATUS], &failed[MESSAGE]),
        (&HeaderValue::from_static("7"), &HeaderValue::from_static("5"), &HeaderValue::from_static("no"))
    );
}

#[test]
fn a_long_line_is_cut_and_details_that_do_not_fit_are_left_out() {
    let trailers = trailers_of(&Error::not_found("\u{fc}".repeat(4_000)));
    assert_eq!(error_of(&trailers).unwrap_err().message().len(), LINE);
    let trailers = trailers_of(&Error::not_found("no").with_reason("r".repeat(9_000)));
    assert!(!trailers.contains_key(DETAILS));
    assert_eq!(error_of(&trailers).unwrap_err().code(), Code::NotFound);
}

#[derive(Clone, Debug, PartialEq, kit_macros::Failure)]
#[failure(crate = "kit_core", name = "shop.ShopError")]
enum ShopError {
    #[failure(code = "NotFound", message = "no item {id} of {names:?}")]
    NoItem { id: u64, names: Vec<String> },
    #[failure(code = "Unavailable", retry = "2s", message = "closed")]
    Closed,
}

#[test]
fn a_failure_comes_back_as_it_was() {
    for failure in [ShopError::NoItem { id: u64::MAX, names: vec!["\u{fc}\n".into()] }, ShopError::Closed] {
        let error = error_of(&trailers_of(&failure.clone().into())).unwrap_err();
        assert!(error.cause::<ShopError>().is_none(), "nobody has said what it is");
        assert_eq!(error.recognize::<ShopError>().cause(), Some(&failure));
    }
    assert_eq!(error_of(&trailers_of(&Error::not_found("no"))).unwrap_err().cause::<failure::Details>(), None);
}

/// A failure whose details are as they are.
#[derive(Clone, Debug, thiserror::Error)]
#[error("long")]
struct Longest(failure::Details);

impl Failure for Longest {
    const NAME: &'static str = "Longest";

    fn code(&self) -> Code {
        Code::NotFound
    }

    fn reason(&self) -> &'static str {
        "long"
    }

    fn details(&self) -> Option<failure::Details> {
        Some(self.0.clone())
    }

    fn from_details(details: &failure::Details) -> Option<Self> {
        Some(Self(details.clone()))
    }
}

#[test]
fn the_longest_failure_fits_beside_the_longest_line() {
    let name = "n".repeat(failure::Details::MAX_NAME_BYTES);
    let payload = "9".repeat(failure::Details::MAX_PAYLOAD_BYTES);
    let details = failure::Details::new(name.clone(), name, Some(payload.into())).unwrap();
    let sent =
        Error::from_failure(Longest(details.clone())).with_message("m".repeat(LINE)).with_reason("r".repeat(128));
    let error = error_of(&trailers_of(&sent)).unwrap_err();
    assert_eq!(error.cause(), Some(&details));
    assert_eq!((error.message(), error.reason()), (sent.message(), sent.reason()));
}

#[test]
fn details_of_a_stranger_are_bounded_too() {
    let details = |failure: details::Failure| {
        let status =
            Status { code: 5, message: String::new(), details: vec![details::any(details::FAILURE, &failure)] };
        let mut kept = Metadata::default();
        kept.insert_bin(DETAILS.as_str(), &status.encode_to_vec()).unwrap();
        let mut trailers = kept.into_headers();
        trailers.insert(STATUS, HeaderValue::from_static("5"));
        error_of(&trailers).unwrap_err().cause::<failure::Details>().cloned()
    };
    let failure = |name: &str, payload: usize| {
        let payload = Some("9".repeat(payload)).filter(|payload| !payload.is_empty());
        details::Failure { name: name.to_owned(), reason: "reason".to_owned(), payload }
    };
    assert_eq!(details(failure("Name", 0)), failure::Details::new("Name", "reason", None));
    assert_eq!(details(failure("two\nlines", 0)), None);
    assert_eq!(details(failure("", 0)), None);
    assert_eq!(details(failure("Name", failure::Details::MAX_PAYLOAD_BYTES + 1)), None);
}

#[test]
fn tabs_and_line_breaks_of_a_status_stay_and_other_control_characters_do_not() {
    let back = |message: &'static str| error_of(&trailers_of(&Error::not_found(message))).unwrap_err();
    assert_eq!(back("\t\nblank\r\nand \u{1f608}\t\n").message(), "\t\nblank\r\nand \u{1f608}\t\n");
    assert_eq!(back("\u{1b}[31mred\u{0}\u{85}").message(), " [31mred  ");
}

/// A character that no shown line has.
fn strange(c: char) -> bool {
    c.is_control() && !"\t\n\r".contains(c)
}

proptest! {
    #[test]
    fn any_failure_is_read_back(id in any::<u64>(), names in proptest::collection::vec("(?s).{0,20}", 0..5)) {
        let failure = ShopError::NoItem { id, names };
        let error = error_of(&trailers_of(&failure.clone().into())).unwrap_err().recognize::<ShopError>();
        prop_assert_eq!(error.cause(), Some(&failure));
    }

    #[test]
    fn any_trailers_are_read(status in "[0-9]{0,3}|.{0,5}", message in proptest::collection::vec(32u8..=255, 0..40), details in "[A-Za-z0-9+/=]{0,80}") {
        let mut trailers = HeaderMap::new();
        for (name, value) in [(STATUS, status.as_bytes()), (MESSAGE, &message), (DETAILS, details.as_bytes())] {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                trailers.insert(name, value);
            }
        }
        if let Err(error) = error_of(&trailers) {
            prop_assert!(!error.message().chars().any(strange));
        }
    }

    #[test]
    fn what_is_sent_is_read(message in ".{0,80}", reason in proptest::option::of("[ -~]{1,40}")) {
        let mut error = Error::aborted(message.clone());
        if let Some(reason) = &reason {
            error = error.with_reason(reason.clone());
        }
        let back = error_of(&trailers_of(&error)).unwrap_err();
        let line: String = message.chars().map(|c| if strange(c) { ' ' } else { c }).collect();
        prop_assert_eq!(back.message(), if line.is_empty() { Code::Aborted.line() } else { &line });
        prop_assert_eq!(back.reason(), reason.as_deref());
        prop_assert_eq!(back.id(), error.id());
    }
}
