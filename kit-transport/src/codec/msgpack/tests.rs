use std::collections::BTreeMap;

use kit_core::Code;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;
use crate::codec::ECHO_LIMIT;
use crate::codec::cases::{Text, Tree, cases, passed_over, tree};

cases!(MsgPack, "msgpack_malformed");

fn nested(levels: usize) -> Vec<u8> {
    crate::codec::cases::nested(0x91, 0x90, levels)
}

#[test]
fn every_head_of_the_specification_is_passed_over() {
    passed_over(
        &[
            b"\x00",
            b"\x7f",
            b"\xe0",
            b"\xff",
            b"\xc0",
            b"\xc2",
            b"\xc3",
            b"\xa1a",
            b"\xc4\x01a",
            b"\xc5\x00\x01a",
            b"\xc6\x00\x00\x00\x01a",
            b"\xd9\x01a",
            b"\xda\x00\x01a",
            b"\xdb\x00\x00\x00\x01a",
            b"\xc7\x01\x05a",
            b"\xc8\x00\x01\x05a",
            b"\xc9\x00\x00\x00\x01\x05a",
            b"\xd4\x05a",
            b"\xd5\x05ab",
            b"\xd6\x05abcd",
            b"\xd8\x050123456789abcdef",
            b"\xca0123",
            b"\xcb01234567",
            b"\xcc0",
            b"\xcf01234567",
            b"\xd10\x31",
            b"\xdc\x00\x01\x00",
            b"\xdf\x00\x00\x00\x01\x00\x00",
        ],
        head::head,
    );
}

#[test]
fn what_is_malformed_or_does_not_fit_is_refused_with_a_reason() {
    for (bytes, reason) in [
        (&b""[..], "msgpack_malformed"),
        (b"\xc1", "msgpack_malformed"),
        (b"\x81\xa1s", "msgpack_malformed"),
        (b"\x81\xa1s\xa1ax", "msgpack_malformed"),
        (b"\x81\xa1s\xa1\xff", "msgpack_mismatch"),
        (b"\x81\xa1s\x01", "msgpack_mismatch"),
        (b"\x80", "msgpack_mismatch"),
        (b"\x82\xa1s\xa1a\xa1s\xa1b", "msgpack_mismatch"),
        (b"\x92\xa1a\xa1b", "msgpack_mismatch"),
    ] {
        assert_eq!(refused::<Text>(bytes).reason(), Some(reason), "{bytes:?}");
    }
    let text: Text = MsgPack.decode(b"\x91\xa1a").unwrap();
    assert_eq!(text.s, "a");
    let last: BTreeMap<String, u8> = MsgPack.decode(b"\x82\xa1s\x01\xa1s\x02").unwrap();
    assert_eq!(last["s"], 2);
}

#[test]
fn an_extension_that_nobody_reads_is_passed_over_whole() {
    for extension in [&b"\xd6\xff0123"[..], b"\xc7\x00\x05", b"\xc7\x02\x05ab", b"\xd8\x050123456789abcdef"] {
        let before = [b"\x82\xa1x", extension, b"\xa1s\xa1a"].concat();
        let behind = [b"\x82\xa1s\xa1a\xa1x", extension].concat();
        for bytes in [before, behind] {
            assert_eq!(Decode::<Text>::decode(&MsgPack, &bytes).unwrap().s, "a", "{bytes:?}");
        }
        assert_eq!(refused::<String>(extension).reason(), Some("msgpack_mismatch"));
    }
}

/// One that is lost would be taken for what comes next.
#[test]
fn nothing_that_is_left_over_is_read_as_something_else() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Unit,
        New(u8),
    }

    assert_eq!(refused::<((u8, u8), u8)>(b"\x92\x93\x01\x02\x03\x04").reason(), Some("msgpack_mismatch"));
    assert_eq!(refused::<(u8, u8)>(b"\x93\x01\x02\x03").reason(), Some("msgpack_mismatch"));
    for bytes in [
        &b"\x92\x81\xa4Unit\x05\x06"[..],
        b"\x93\xa3New\x09\x07",
        b"\x92\xa3New\x09",
        b"\x92\x82\xa3New\x01\xa4Unit\xc0\x02",
        b"\x92\x80\x01",
        b"\x93\x91\xa3New\x09\x07",
    ] {
        assert_eq!(refused::<(Kind, u8)>(bytes).reason(), Some("msgpack_mismatch"), "{bytes:?}");
    }
    for (bytes, kind) in
        [(&b"\xa4Unit"[..], Kind::Unit), (b"\x81\xa4Unit\xc0", Kind::Unit), (b"\x81\xa3New\x09", Kind::New(9))]
    {
        let both = [&b"\x92"[..], bytes, b"\x07"].concat();
        assert_eq!(Decode::<(Kind, u8)>::decode(&MsgPack, &both).unwrap(), (kind, 7));
    }
}

#[test]
fn depth_is_limited_also_where_nobody_reads() {
    assert!(Decode::<IgnoredAny>::decode(&MsgPack, &nested(MsgPack::DEPTH)).is_ok());
    // A type that nests as deeply fits the stack of a thread, here that of a test, without optimizations.
    let value: serde_json::Value = MsgPack.decode(&nested(MsgPack::DEPTH)).unwrap();
    assert_eq!(MsgPack.encode(&value).unwrap(), nested(MsgPack::DEPTH));
    for levels in [MsgPack::DEPTH + 1, 100_000] {
        assert_eq!(refused::<IgnoredAny>(&nested(levels)).reason(), Some("msgpack_too_deep"));
        let ignored = [b"\x82\xa1s\xa1a\xa1x", &nested(levels)[..]].concat();
        assert_eq!(refused::<Text>(&ignored).reason(), Some("msgpack_too_deep"));
    }
    let maps = [&[0x81, 0x00].repeat(100_000)[..], b"\x00"].concat();
    assert_eq!(refused::<IgnoredAny>(&maps).reason(), Some("msgpack_too_deep"));
}

#[test]
fn a_claimed_length_allocates_nothing() {
    assert_allocates_nothing(&[
        b"\xdd\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff\x01\x02",
        b"\xdf\xff\xff\xff\xff\x01",
        b"\xdb\x40\x00\x00\x00a",
        b"\xc6\x40\x00\x00\x00a",
        b"\xc9\xff\xff\xff\xff\x00a",
    ]);
}

#[test]
fn a_struct_is_read_by_names_in_order_or_by_positions() {
    for bytes in [&b"\x81\xa1s\xa1a"[..], b"\x91\xa1a", b"\x81\x00\xa1a"] {
        assert_eq!(Text { s: "a".into() }, MsgPack.decode(bytes).unwrap(), "{bytes:x?}");
    }
}
