use kit_transport::codec::{Json, Pair};
use kit_transport::testing::codec::{CodecRig, contract};
use serde::{Deserialize, Serialize};

const DEPTH: &str = "refuses what nests too deeply";
const CLAIMS: &str = "believes no length that is only claimed";
const TRAILING: &str = "refuses what follows a value";

/// A value of every shape that serde's formats have.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
struct Order {
    text: String,
    count: i64,
    most: u64,
    weight: f64,
    gift: bool,
    note: Option<String>,
    tags: Vec<String>,
    parts: Vec<Order>,
    kind: Kind,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Small,
    Sized(u32),
    Boxed {
        width: u32,
    },
}

fn orders() -> Vec<Order> {
    let full = Order {
        text: "e\u{301}ß→𝄞\u{10ffff}\0\u{7f}\"\\/\r\n".into(),
        count: i64::MIN,
        most: u64::MAX,
        weight: -1.5e-9,
        gift: true,
        note: Some(" ".into()),
        tags: vec!["a".into(), String::new(), "ß".repeat(99)],
        kind: Kind::Boxed { width: 7 },
        ..Order::default()
    };
    let parts = vec![full.clone(), Order { kind: Kind::Sized(u32::MAX), ..Order::default() }];
    vec![Order::default(), full, Order { parts, ..Order::default() }]
}

fn large(bytes: usize) -> Order {
    Order { tags: vec!["x".repeat(bytes / 4); 5], ..Order::default() }
}

/// A format of serde's, and how it nests.
macro_rules! rig {
    ($rig:ident, $codec:expr => $type:ty, $nested:expr, $claims:expr) => {
        struct $rig;

        impl CodecRig for $rig {
            type Codec = $type;
            type Value = Order;

            fn codec(&self) -> $type {
                $codec
            }

            fn values(&self) -> Vec<Order> {
                orders()
            }

            fn large(&self, bytes: usize) -> Order {
                large(bytes)
            }

            fn nested(&self, levels: usize) -> Option<Vec<u8>> {
                Some($nested(levels))
            }

            fn claims(&self) -> Vec<Vec<u8>> {
                $claims
            }

            fn allocated(&self, run: &mut dyn FnMut()) -> Option<u64> {
                Some(allocation_counter::measure(run).bytes_max)
            }
        }
    };
}

fn json_nested(levels: usize) -> Vec<u8> {
    [br#"{"more":"#.to_vec(), b"[".repeat(levels), b"]".repeat(levels), b"}".to_vec()].concat()
}

rig!(JsonRig, Json => Json, json_nested, Vec::new());
rig!(PairRig, Pair { write: Json, read: Json } => Pair<Json, Json>, json_nested, Vec::new());

#[test]
fn json_keeps_the_contract() {
    let report = contract(&JsonRig);
    assert_eq!((report.held.len(), report.not_shown), (8, vec![CLAIMS]));
}

#[test]
fn a_pair_keeps_the_contract() {
    let report = contract(&PairRig);
    assert_eq!((report.held.len(), report.not_shown), (8, vec![CLAIMS]));
}

#[cfg(feature = "msgpack")]
mod msgpack {
    use kit_transport::codec::MsgPack;

    use super::*;

    // A map of one: "more" to arrays of one, the innermost empty.
    rig!(MsgPackRig, MsgPack => MsgPack, |levels| [&b"\x81\xa4more"[..], &b"\x91".repeat(levels), b"\x90"].concat(), [
        &b"\xdd\xff\xff\xff\xff"[..], b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
        b"\x81\xa4tags\xdd\x7f\xff\xff\xff\xa1a", b"\x81\xa4text\xdb\x7f\xff\xff\xffa", b"\xc9\xff\xff\xff\xff\x01",
    ].map(<[u8]>::to_vec).to_vec());

    #[test]
    fn messagepack_keeps_the_contract() {
        let report = contract(&MsgPackRig);
        assert_eq!((report.held.len(), report.not_shown), (9, vec![]));
    }
}

#[cfg(feature = "cbor")]
mod cbor {
    use kit_transport::codec::Cbor;

    use super::*;

    rig!(CborRig, Cbor => Cbor, |levels| [&b"\xa1\x64more"[..], &b"\x81".repeat(levels), b"\x80"].concat(), [
        &b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"[..], b"\xbb\x00\x00\x00\xff\xff\xff\xff\xff", b"\x7a\xff\xff\xff\xff",
        b"\xa1\x64tags\x9a\x7f\xff\xff\xff\x61a", b"\xa1\x64text\x7b\x00\x00\x00\x7f\xff\xff\xff\xffa",
    ].map(<[u8]>::to_vec).to_vec());

    #[test]
    fn cbor_keeps_the_contract() {
        let report = contract(&CborRig);
        assert_eq!((report.held.len(), report.not_shown), (9, vec![]));
    }
}

#[cfg(feature = "form")]
mod form {
    use kit_transport::codec::Form;

    use super::*;

    #[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(default)]
    struct Fields {
        text: String,
        count: i64,
        weight: f64,
        gift: bool,
        note: Option<String>,
        tag: Vec<String>,
    }

    /// Flat, and each part of one is one.
    struct Rig;

    impl CodecRig for Rig {
        type Codec = Form;
        type Value = Fields;

        fn codec(&self) -> Form {
            Form
        }

        fn values(&self) -> Vec<Fields> {
            let text = "e\u{301}ß→𝄞\0\u{7f}\"\\/\r\n&=+%;".to_owned();
            let tag = vec![text.clone(), String::new()];
            vec![Fields::default(), Fields { text, count: -7, weight: 0.25, gift: true, note: Some("n".into()), tag }]
        }

        fn large(&self, bytes: usize) -> Fields {
            Fields { text: "x".repeat(bytes), ..Fields::default() }
        }

        fn is_whole(&self) -> bool {
            false
        }
    }

    #[test]
    fn forms_keep_the_contract() {
        let report = contract(&Rig);
        assert_eq!((report.held.len(), report.not_shown), (6, vec![TRAILING, DEPTH, CLAIMS]));
    }
}

#[cfg(feature = "protobuf")]
mod protobuf {
    use kit_transport::codec::Protobuf;

    use super::*;

    #[derive(Clone, PartialEq, prost::Message)]
    struct Tree {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, optional, boxed, tag = "2")]
        child: Option<Box<Tree>>,
        #[prost(sint64, repeated, tag = "3")]
        numbers: Vec<i64>,
        #[prost(bytes = "vec", tag = "4")]
        raw: Vec<u8>,
    }

    struct Rig;

    impl CodecRig for Rig {
        type Codec = Protobuf;
        type Value = Tree;

        fn codec(&self) -> Protobuf {
            Protobuf
        }

        fn values(&self) -> Vec<Tree> {
            let leaf = Tree { name: "ß𝄞\0".into(), raw: vec![0, 255], numbers: vec![0, -1, i64::MAX], child: None };
            vec![Tree::default(), leaf.clone(), Tree { child: Some(Box::new(leaf)), ..Tree::default() }]
        }

        fn large(&self, bytes: usize) -> Tree {
            Tree { raw: vec![7; bytes], ..Tree::default() }
        }

        fn is_whole(&self) -> bool {
            false
        }

        fn nested(&self, levels: usize) -> Option<Vec<u8>> {
            // From the inside out, since every level says how long it is.
            let mut reversed: Vec<u8> = Vec::new();
            for _ in 0..levels {
                let mut head = vec![0x12];
                prost::encoding::encode_varint(reversed.len() as u64, &mut head);
                reversed.extend(head.iter().rev());
            }
            reversed.reverse();
            Some(reversed)
        }

        fn claims(&self) -> Vec<Vec<u8>> {
            [&b"\x0a\x80\x80\x80\x80\x04"[..], b"\x1a\xff\xff\xff\xff\x0f\x01", b"\x22\x80\x80\x80\x80\x04a"]
                .map(<[u8]>::to_vec)
                .to_vec()
        }

        fn allocated(&self, run: &mut dyn FnMut()) -> Option<u64> {
            Some(allocation_counter::measure(run).bytes_max)
        }
    }

    #[test]
    fn protocol_buffers_keep_the_contract() {
        let report = contract(&Rig);
        assert_eq!((report.held.len(), report.not_shown), (8, vec![TRAILING]));
    }
}
