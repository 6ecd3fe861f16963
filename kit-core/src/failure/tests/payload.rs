use std::collections::BTreeMap;

use kit_macros::Failure;
use proptest::prelude::*;
use serde::{Serialize, Serializer};

use super::crossed;
use crate::error::Error;
use crate::failure::{Details, Failure};

/// Everything that a variant may be.
#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(crate = "crate")]
enum Any {
    #[failure(code = "Unknown", message = "unit")]
    Unit,
    #[failure(code = "Unknown", message = "no fields")]
    NoFields(),
    #[failure(code = "Unknown", message = "no members")]
    NoMembers {},
    #[failure(code = "Unknown", message = "{0}")]
    One(String),
    #[failure(code = "Unknown", message = "{0} {1:?}")]
    Tuple(i128, Option<bool>, Vec<u8>, char),
    #[failure(code = "Unknown", message = "{type} {map:?}")]
    Members { r#type: u64, map: BTreeMap<String, i64>, nested: Option<Box<(String, u128)>> },
}

fn any_failure() -> impl Strategy<Value = Any> {
    let map = prop::collection::btree_map("(?s).{0,9}", any::<i64>(), 0..4);
    let nested = prop::option::of(("(?s).{0,9}", any::<u128>()).prop_map(Box::new));
    prop_oneof![
        Just(Any::Unit),
        Just(Any::NoFields()),
        Just(Any::NoMembers {}),
        "(?s).{0,99}".prop_map(Any::One),
        (any::<i128>(), any::<Option<bool>>(), prop::collection::vec(any::<u8>(), 0..9), any::<char>())
            .prop_map(|(a, b, c, d)| Any::Tuple(a, b, c, d)),
        (any::<u64>(), map, nested).prop_map(|(r#type, map, nested)| Any::Members { r#type, map, nested }),
    ]
}

proptest! {
    #[test]
    fn any_value_is_read_back_as_it_was_written(failure in any_failure()) {
        let details = failure.details().expect("it is small");
        prop_assert_eq!(Any::from_details(&details), Some(failure.clone()));
        let error = crossed(&Error::from(failure.clone())).recognize::<Any>();
        prop_assert_eq!(error.cause(), Some(&failure));
    }

    #[test]
    fn any_payload_is_read_or_left(reason in "unit|one|tuple|members", payload in "[\\[\\]{}\",:0-9a-z]{0,40}") {
        let details = Details::new("Any", reason, Some(payload.into())).expect("within bounds");
        let _ = Any::from_details(&details);
    }
}

#[derive(Debug, PartialEq, Failure)]
#[failure(crate = "crate", name = "Versioned")]
enum Early {
    #[failure(code = "Unknown", message = "unit")]
    Unit,
    #[failure(code = "Unknown", message = "named")]
    Named { a: u8 },
    #[failure(code = "Unknown", message = "tuple")]
    Tuple(u8),
}

#[derive(Debug, PartialEq, Failure)]
#[failure(crate = "crate", name = "Versioned")]
enum Late {
    #[failure(code = "Unknown", message = "unit")]
    Unit { why: Option<String> },
    #[failure(code = "Unknown", message = "named")]
    Named { a: u8, b: Option<u8> },
    #[failure(code = "Unknown", message = "tuple")]
    Tuple(u8, Option<u8>),
    #[failure(code = "Unknown", message = "new")]
    New,
}

fn read<From: Failure, To: Failure>(failure: From) -> Option<To> {
    To::from_details(&failure.details()?)
}

#[test]
fn a_field_that_is_missing_is_none_and_one_that_is_not_known_is_left_out() {
    assert_eq!(read(Early::Unit), Some(Late::Unit { why: None }));
    assert_eq!(read(Early::Named { a: 1 }), Some(Late::Named { a: 1, b: None }));
    assert_eq!(read(Early::Tuple(1)), Some(Late::Tuple(1, None)));
    assert_eq!(read(Late::Unit { why: Some("why".into()) }), Some(Early::Unit));
    assert_eq!(read(Late::Named { a: 1, b: Some(2) }), Some(Early::Named { a: 1 }));
    assert_eq!(read(Late::Tuple(1, Some(2))), Some(Early::Tuple(1)));
    assert_eq!(read::<_, Early>(Late::New), None);
}

/// JSON has no key that is no text.
#[derive(Debug, Failure)]
#[failure(crate = "crate")]
enum Unsayable {
    #[failure(code = "Unknown", message = "a map")]
    Map(BTreeMap<Vec<u8>, u8>),
    #[failure(code = "Unknown", message = "much")]
    Much(Endless),
}

/// Writes 1 KiB at a time for as long as anybody takes it.
#[derive(Debug, serde::Deserialize)]
struct Endless;

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(std::iter::repeat("x".repeat(1024)))
    }
}

#[test]
fn what_cannot_be_said_or_is_too_large_leaves_as_its_code_alone() {
    let map = BTreeMap::from([(vec![1], 1)]);
    for failure in [Unsayable::Map(map), Unsayable::Much(Endless)] {
        let error = Error::from(failure);
        assert_eq!(Details::of(&error), None);
        assert!(error.cause::<Unsayable>().is_some(), "here it is what it is");
        assert!(error.reason().is_some());
    }
    // Two bytes are the quotes, two the brackets.
    for (length, fits) in [(Details::MAX_PAYLOAD_BYTES - 4, true), (Details::MAX_PAYLOAD_BYTES - 3, false)] {
        assert_eq!(Any::One("x".repeat(length)).details().is_some(), fits, "{length}");
    }
}
