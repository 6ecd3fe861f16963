use std::collections::BTreeMap;

use allocation_counter::measure;
use kit_core::Code;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;
use crate::codec::ECHO_LIMIT;
use crate::codec::scan::Fault;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Text {
    s: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Tree {
    Leaf(i64),
    Many(Vec<Tree>),
    Named(BTreeMap<String, Tree>),
    Both { left: Option<Box<Tree>>, weight: f64, text: String },
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> Error {
    let error = Decode::<T>::decode(&MsgPack, bytes).expect_err("refused");
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().len() <= ECHO_LIMIT);
    error
}

fn nested(levels: usize) -> Vec<u8> {
    let mut bytes = vec![0x91; levels - 1];
    bytes.push(0x90);
    bytes
}

#[test]
fn every_head_of_the_specification_is_passed_over() {
    let items: &[&[u8]] = &[
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
    ];
    for &item in items {
        assert_eq!(scan(item, head::head), Ok(()), "{item:?}");
        assert_eq!(scan(&[item, b"\x00"].concat(), head::head), Err(Fault::Trailing { at: item.len() }));
        for cut in 0..item.len() {
            assert!(matches!(scan(&item[..cut], head::head), Err(Fault::Malformed { .. })), "{item:?} up to {cut}");
        }
    }
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
    for claim in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdd\xff\xff\xff\xff\x01\x02",
        b"\xdf\xff\xff\xff\xff\x01",
        b"\xdb\x40\x00\x00\x00a",
        b"\xc6\x40\x00\x00\x00a",
        b"\xc9\xff\xff\xff\xff\x00a",
    ] {
        let info = measure(|| {
            assert_eq!(refused::<Vec<u64>>(claim).reason(), Some("msgpack_malformed"));
            assert_eq!(refused::<String>(claim).reason(), Some("msgpack_malformed"));
        });
        assert!(info.bytes_max < 16 * 1024, "{claim:?}: {} bytes", info.bytes_max);
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    any::<i64>().prop_map(Tree::Leaf).prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Tree::Many),
            proptest::collection::btree_map(".{0,9}", inner.clone(), 0..5).prop_map(Tree::Named),
            (proptest::option::of(inner), -1e9f64..1e9, ".*").prop_map(|(left, weight, text)| Tree::Both {
                left: left.map(Box::new),
                weight,
                text
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tree in tree()) {
        let bytes = MsgPack.encode(&tree).unwrap();
        prop_assert_eq!(Decode::<Tree>::decode(&MsgPack, &bytes).unwrap(), tree);
    }

    #[test]
    fn what_is_cut_off_is_refused_as_malformed(tree in tree(), at in any::<prop::sample::Index>()) {
        let bytes = MsgPack.encode(&tree).unwrap();
        let error = refused::<Tree>(&bytes[..at.index(bytes.len())]);
        prop_assert_eq!(error.reason(), Some("msgpack_malformed"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for result in [
            Decode::<Tree>::decode(&MsgPack, &bytes).map(drop),
            Decode::<IgnoredAny>::decode(&MsgPack, &bytes).map(drop),
            Decode::<BTreeMap<String, Option<u8>>>::decode(&MsgPack, &bytes).map(drop),
        ] {
            if let Err(error) = result {
                prop_assert_eq!(error.code(), Code::InvalidArgument);
                prop_assert!(error.message().len() <= ECHO_LIMIT);
            }
        }
    }

    #[test]
    fn no_input_is_echoed_at_length(input in "\\PC{0,300}|[\\x00-\\x1f]{0,300}") {
        #[derive(Debug, Deserialize)]
        enum One {
            A,
        }
        let error = refused::<One>(&MsgPack.encode(&format!("B{input}")).unwrap());
        prop_assert!(!error.message().chars().any(char::is_control));
    }
}
