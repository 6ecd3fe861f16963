use std::collections::BTreeMap;

use kit_core::Code;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;
use crate::codec::ECHO_LIMIT;
use crate::codec::cases::{Text, Tree, cases, passed_over, tree};

cases!(Cbor, "cbor_malformed");

fn nested(levels: usize) -> Vec<u8> {
    crate::codec::cases::nested(0x81, 0x80, levels)
}

#[test]
fn every_head_of_the_specification_is_passed_over() {
    passed_over(
        &[
            b"\x00",
            b"\x17",
            b"\x18\x18",
            b"\x19\x01\x00",
            b"\x1a0123",
            b"\x1b01234567",
            b"\x20",
            b"\x38\x63",
            b"\x40",
            b"\x41a",
            b"\x58\x01a",
            b"\x5f\x41a\x42bc\xff",
            b"\x5f\xff",
            b"\x60",
            b"\x61a",
            b"\x7f\x61a\x60\xff",
            b"\x80",
            b"\x82\x00\x00",
            b"\x98\x01\x00",
            b"\x9f\xff",
            b"\x9f\x00\x9f\x00\xff\xff",
            b"\xa0",
            b"\xa1\x00\x00",
            b"\xbf\xff",
            b"\xbf\x00\x00\xff",
            b"\xc1\x00",
            b"\xd8\x20\x61a",
            b"\xf4",
            b"\xf8\x20",
            b"\xfb01234567",
        ],
        head::head,
    );
}

#[test]
fn what_the_rfc_calls_not_well_formed_is_refused() {
    // RFC 8949, appendix F: reserved numbers, simple values that need no second byte, pieces of another type or without an end,
    // breaks out of place, half a pair.
    for bytes in [
        &b"\x1c"[..],
        b"\x3d",
        b"\x5e",
        b"\x7c",
        b"\x9d",
        b"\xbe",
        b"\xdc",
        b"\xfd",
        b"\xf8\x00",
        b"\xf8\x1f",
        b"\x5f\x00\xff",
        b"\x5f\x61a\xff",
        b"\x7f\x41a\xff",
        b"\x5f\x5f\x41a\xff\xff",
        b"\xff",
        b"\x81\xff",
        b"\x82\x00\xff",
        b"\xa1\xff",
        b"\xa1\x00\xff",
        b"\xbf\x00\xff",
        b"\x9f\x81\xff",
        b"\xc0\xff",
        b"\x1f",
        b"\x3f",
        b"\xdf",
        b"\x9f\x00",
        b"\xbf\x00\x00",
    ] {
        assert_eq!(refused::<IgnoredAny>(bytes).reason(), Some("cbor_malformed"), "{bytes:?}");
    }
}

#[test]
fn what_is_malformed_or_does_not_fit_is_refused_with_a_reason() {
    for (bytes, reason) in [
        (&b""[..], "cbor_malformed"),
        (b"\xa1\x61s", "cbor_malformed"),
        (b"\xa1\x61s\x61ax", "cbor_malformed"),
        (b"\xa1\x61s\x61\xff", "cbor_mismatch"),
        (b"\xa1\x61s\x01", "cbor_mismatch"),
        (b"\xa0", "cbor_mismatch"),
        (b"\xa2\x61s\x61a\x61s\x61b", "cbor_mismatch"),
        (b"\xf7", "cbor_mismatch"),
    ] {
        assert_eq!(refused::<Text>(bytes).reason(), Some(reason), "{bytes:?}");
    }
    let last: BTreeMap<String, u8> = Cbor.decode(b"\xa2\x61s\x01\x61s\x02").unwrap();
    assert_eq!(last["s"], 2);
}

#[test]
fn other_encoders_are_read() {
    // Open lengths, texts in pieces, floats of any width, whole numbers as floats.
    let text: Text = Cbor.decode(b"\xbf\x61s\x7f\x61a\x62bc\xff\xff").unwrap();
    assert_eq!(text.s, "abc");
    let floats: Vec<f64> =
        Cbor.decode(b"\x9f\xf9\x3e\x00\xfa\x3f\xc0\x00\x00\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00\xff").unwrap();
    assert_eq!(floats, [1.5; 3]);
}

#[test]
fn depth_is_limited_also_where_nobody_reads() {
    assert!(Decode::<IgnoredAny>::decode(&Cbor, &nested(Cbor::DEPTH)).is_ok());
    // A type that nests as deeply fits the stack of a thread, here that of a test, without optimizations.
    let value: serde_json::Value = Cbor.decode(&nested(Cbor::DEPTH)).unwrap();
    assert_eq!(Cbor.encode(&value).unwrap(), nested(Cbor::DEPTH));
    for levels in [Cbor::DEPTH + 1, 100_000] {
        assert_eq!(refused::<IgnoredAny>(&nested(levels)).reason(), Some("cbor_too_deep"));
        let ignored = [b"\xa2\x61s\x61a\x61x", &nested(levels)[..]].concat();
        assert_eq!(refused::<Text>(&ignored).reason(), Some("cbor_too_deep"));
    }
    for level in [&b"\xa1\x00"[..], b"\xc1", b"\x9f", b"\xbf\x00"] {
        let bytes = [&level.repeat(100_000)[..], b"\x00"].concat();
        assert_eq!(refused::<IgnoredAny>(&bytes).reason(), Some("cbor_too_deep"), "{level:?}");
    }
}

#[test]
fn a_claimed_length_allocates_nothing() {
    assert_allocates_nothing(&[
        b"\x9a\xff\xff\xff\xff",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xba\xff\xff\xff\xff\x01",
        b"\x7a\x40\x00\x00\x00a",
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xffa",
        b"\x7f\x7a\x40\x00\x00\x00a",
    ]);
}

/// Diagnostic notation beside bytes: RFC 8949, appendix A.
#[test]
fn the_examples_of_the_rfc_are_read() {
    use serde_json::{Value, json};

    let long: Vec<u32> = (1..=25).collect();
    for (bytes, value) in [
        (&b"\x00"[..], json!(0)),
        (b"\x18\x64", json!(100)),
        (b"\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", json!(1_000_000_000_000_u64)),
        (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", json!(u64::MAX)),
        (b"\x20", json!(-1)),
        (b"\x38\x63", json!(-100)),
        (b"\x39\x03\xe7", json!(-1000)),
        (b"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", json!(i64::MIN)),
        (b"\xf9\x3c\x00", json!(1.0)),
        (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", json!(1.1)),
        (b"\xf9\x7b\xff", json!(65_504.0)),
        (b"\xfa\x47\xc3\x50\x00", json!(100_000.0)),
        (b"\xfb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", json!(1.0e300)),
        (b"\xf9\xc4\x00", json!(-4.0)),
        (b"\xf4", json!(false)),
        (b"\xf5", json!(true)),
        (b"\xf6", json!(null)),
        (b"\xf7", json!(null)),
        (b"\x62\x22\x5c", json!("\"\\")),
        (b"\x64\xf0\x90\x85\x91", json!("\u{10151}")),
        (b"\x83\x01\x82\x02\x03\x82\x04\x05", json!([1, [2, 3], [4, 5]])),
        (b"\x98\x19\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x18\x18\x19", json!(long)),
        (b"\xa2\x61a\x01\x61b\x82\x02\x03", json!({ "a": 1, "b": [2, 3] })),
        (b"\x7f\x65strea\x64ming\xff", json!("streaming")),
        (b"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", json!([1, [2, 3], [4, 5]])),
        (b"\xbf\x61a\x01\x61b\x9f\x02\x03\xff\xff", json!({ "a": 1, "b": [2, 3] })),
        (b"\xd9\xd9\xf7\x82\x61a\xa1\x61b\x61c", json!(["a", { "b": "c" }])),
    ] {
        assert_eq!(Decode::<Value>::decode(&Cbor, bytes).unwrap(), value, "{bytes:?}");
        assert!(Decode::<IgnoredAny>::decode(&Cbor, bytes).is_ok());
    }
    // What JSON has no word for.
    for ignored in [
        &b"\xc1\x1a\x51\x4b\x67\xb0"[..],
        b"\xd8\x20\x61a",
        b"\xf0",
        b"\xf8\xff",
        b"\x44\x01\x02\x03\x04",
        b"\xf9\x7c\x00",
    ] {
        assert!(Decode::<IgnoredAny>::decode(&Cbor, ignored).is_ok(), "{ignored:?}");
    }
    let infinite: f64 = Cbor.decode(b"\xf9\xfc\x00").unwrap();
    assert_eq!(infinite, f64::NEG_INFINITY);
    assert!(Decode::<f64>::decode(&Cbor, b"\xf9\x7e\x00").unwrap().is_nan());
    assert_eq!(Decode::<(u8, Option<u8>)>::decode(&Cbor, b"\x82\x01\xf7").unwrap(), (1, None));
    assert_eq!(Decode::<Vec<u8>>::decode(&Cbor, b"\x5f\x42\x01\x02\x43\x03\x04\x05\xff").unwrap(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_whole_number_has_any_size_that_its_type_has() {
    for (bytes, number) in [
        (&b"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"[..], 1_i128 << 64),
        (b"\xc3\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", -1 - (1 << 64)),
        (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", -1 - i128::from(u64::MAX)),
        (b"\xc2\x5f\x41\x01\x41\x00\xff", 256),
        (b"\xc2\x40", 0),
        (b"\xc3\x41\x00", -1),
        (b"\xc2\x52\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", i128::MAX),
    ] {
        assert_eq!(Decode::<i128>::decode(&Cbor, bytes).unwrap(), number, "{bytes:?}");
    }
    for number in [0, 1, u64::MAX.into(), u128::MAX] {
        assert_eq!(Decode::<u128>::decode(&Cbor, &Cbor.encode(&number).unwrap()).unwrap(), number);
    }
    for number in [i128::MIN, i128::from(i64::MIN) - 1, -1, 0, i128::MAX] {
        assert_eq!(Decode::<i128>::decode(&Cbor, &Cbor.encode(&number).unwrap()).unwrap(), number);
    }
    assert_eq!(Decode::<u8>::decode(&Cbor, b"\xc2\x41\x07").unwrap(), 7);
    for refused_bytes in [&b"\x20"[..], b"\x19\x01\x00", b"\xf9\x3c\x00", b"\xc2\x61a", b"\xc3\x41\x00"] {
        assert_eq!(refused::<u8>(refused_bytes).reason(), Some("cbor_mismatch"), "{refused_bytes:?}");
    }
    assert_eq!(refused::<u128>(b"\x20").reason(), Some("cbor_mismatch"));
    assert_eq!(refused::<i128>(&[&b"\xc3\x50"[..], &[0xff; 16]].concat()).reason(), Some("cbor_mismatch"));
    assert_eq!(refused::<u128>(&[&b"\xc2\x51\x01"[..], &[0; 16]].concat()).reason(), Some("cbor_mismatch"));
}

#[test]
fn who_has_one_type_of_numbers_writes_a_float_as_a_whole_number() {
    let floats: Vec<f64> = Cbor.decode(b"\x83\x03\x20\xc1\x18\x64").unwrap();
    assert_eq!(floats, [3.0, -1.0, 100.0]);
    assert_eq!(Decode::<f32>::decode(&Cbor, b"\x18\x64").unwrap(), 100.0);
}

/// One that is lost would be taken for what comes next.
#[test]
fn nothing_that_is_left_over_is_read_as_something_else() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Unit,
        New(u8),
        Pair(u8, u8),
    }

    type Pair = (u8, u8);
    for bytes in [&b"\x82\x83\x01\x02\x03\x04"[..], b"\x82\x9f\x01\x02\x03\xff\x04", b"\x82\x43\x01\x02\x03\x04"] {
        assert_eq!(refused::<(Pair, u8)>(bytes).reason(), Some("cbor_mismatch"), "{bytes:?}");
    }
    for bytes in [&b"\x83\x01\x02\x03"[..], b"\x81\x01", b"\x9f\x01\xff"] {
        assert_eq!(refused::<Pair>(bytes).reason(), Some("cbor_mismatch"), "{bytes:?}");
    }
    for bytes in [
        // A value that its variant has no room for.
        &b"\x82\xa1\x64Unit\x05\x06"[..],
        // A variant that takes its neighbour for its value.
        b"\x83\x63New\x09\x07",
        b"\x82\x63New\x09",
        b"\x82\x64Pair\x82\x01\x02",
        b"\x82\xa1\x64Pair\x83\x01\x02\x03\x04",
        // Two variants, and none.
        b"\x82\xa2\x63New\x01\x64Unit\xf6\x02",
        b"\x82\xbf\x63New\x01\x64Unit\xf6\xff\x02",
        b"\x82\xa0\x01",
    ] {
        assert_eq!(refused::<(Kind, u8)>(bytes).reason(), Some("cbor_mismatch"), "{bytes:?}");
    }
    for (bytes, kind) in [
        (&b"\x64Unit"[..], Kind::Unit),
        (b"\xa1\x64Unit\xf6", Kind::Unit),
        (b"\xc6\x64Unit", Kind::Unit),
        (b"\xa1\x63New\x09", Kind::New(9)),
        (b"\xbf\x7f\x61N\x62ew\xff\x09\xff", Kind::New(9)),
        (b"\xa1\x64Pair\x9f\x01\x02\xff", Kind::Pair(1, 2)),
    ] {
        let both = [&b"\x82"[..], bytes, b"\x07"].concat();
        assert_eq!(Decode::<(Kind, u8)>::decode(&Cbor, &both).unwrap(), (kind, 7), "{bytes:?}");
    }
}

#[test]
fn names_are_read_however_they_are_written() {
    let text: Text = Cbor.decode(b"\xbf\x7f\x60\x61s\xff\x61a\xff").unwrap();
    assert_eq!(text.s, "a");
    // A name that nobody knows may be long.
    let long = [&b"\xa2\x79\x20\x00"[..], &[b'x'; 0x2000], b"\x00\x61s\x61a"].concat();
    assert_eq!(Decode::<Text>::decode(&Cbor, &long).unwrap(), text);
    for (bytes, reason) in [
        // A piece of half a character, and a text that nobody reads.
        (&b"\xa1\x61s\x7f\x61\xc3\x61\xa9\xff"[..], "cbor_mismatch"),
        (b"\xa2\x61x\x61\xff\x61s\x61a", "cbor_mismatch"),
    ] {
        assert_eq!(refused::<Text>(bytes).reason(), Some(reason), "{bytes:?}");
    }
}

#[test]
fn a_tag_is_read_by_who_asks_for_it_and_passed_over_by_others() {
    use ciborium::tag::{Accepted, Captured, Required};

    let tagged = b"\xc1\x1a\x51\x4b\x67\xb0";
    let seconds = 1_363_896_240;
    assert_eq!(Decode::<u64>::decode(&Cbor, tagged).unwrap(), seconds);
    assert_eq!(Decode::<Required<u64, 1>>::decode(&Cbor, tagged).unwrap(), Required(seconds));
    assert_eq!(Decode::<Accepted<u64, 1>>::decode(&Cbor, &tagged[1..]).unwrap(), Accepted(seconds));
    assert_eq!(Decode::<Captured<u64>>::decode(&Cbor, tagged).unwrap(), Captured(Some(1), seconds));
    assert_eq!(Decode::<(Captured<u64>, u8)>::decode(&Cbor, b"\x82\x05\x06").unwrap(), (Captured(None, 5), 6));
    let value: ciborium::Value = Cbor.decode(b"\x82\xc1\x05\xd9\xd9\xf7\x61a").unwrap();
    let tag = |tag, value| ciborium::Value::Tag(tag, Box::new(value));
    assert_eq!(value, ciborium::Value::Array(vec![tag(1, 5.into()), "a".into()]));
    assert!(Decode::<Required<u64, 2>>::decode(&Cbor, tagged).is_err());
    // Dates have one in most encoders, also where a type takes whatever comes.
    #[derive(Debug, Deserialize, PartialEq)]
    struct Open {
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }
    let open: Open = Cbor.decode(b"\xa2\x61a\xc0\x61x\x61b\x82\xc1\x05\xd8\x20\xc1\x06").unwrap();
    assert_eq!(serde_json::to_value(open.rest).unwrap(), serde_json::json!({ "a": "x", "b": [5, 6] }));
}
