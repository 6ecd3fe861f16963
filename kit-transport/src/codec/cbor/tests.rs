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
