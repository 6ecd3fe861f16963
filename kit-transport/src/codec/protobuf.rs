use bytes::Bytes;
use kit_core::{Code, Error};
use prost::Message;

use super::{Codec, Decode, Encode};

/// Protocol Buffers by prost: for messages that [`prost::Message`] is derived for, or that are generated. Feature `protobuf`.
///
/// Messages and groups nest at most [`DEPTH`](Self::DEPTH) levels deep. No bytes at all are a message of defaults, and of a field
/// that stands twice the last one counts, messages being merged: so says the format.
///
/// ```
/// use kit_transport::codec::{Decode as _, Encode as _, Protobuf};
///
/// #[derive(Clone, PartialEq, prost::Message)]
/// struct Text {
///     #[prost(string, tag = "1")]
///     s: String,
/// }
///
/// let bytes = Protobuf.encode(&Text { s: "a".into() })?;
/// assert_eq!(&bytes[..], b"\x0a\x01a");
/// let text: Text = Protobuf.decode(&bytes)?;
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Source
/// protobuf.dev, "Encoding".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protobuf;

impl Protobuf {
    /// How deep messages and groups may nest: prost's own limit, and that of Google's readers.
    pub const DEPTH: usize = 100;
}

impl Codec for Protobuf {
    fn content_type(&self) -> &'static str {
        "application/protobuf"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["application/x-protobuf", "application/vnd.google.protobuf"]
    }
}

impl<T: Message> Encode<T> for Protobuf {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        Ok(value.encode_to_vec().into())
    }

    fn encode_to(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        value.encode(out).map_err(Error::bug)
    }
}

impl<T: Message + Default> Decode<T> for Protobuf {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        T::decode(bytes).map_err(|error| {
            // prost keeps what is wrong to itself, all but the text.
            let (message, reason) = match error.to_string().contains("recursion limit") {
                true => ("the Protobuf message is nested too deeply", "protobuf_too_deep"),
                false => ("the Protobuf message is malformed", "protobuf_malformed"),
            };
            Error::boundary(Code::InvalidArgument, error).with_message(message).with_reason(reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use proptest::prelude::*;

    use super::*;
    use crate::codec::ECHO_LIMIT;

    #[derive(Clone, PartialEq, Message)]
    struct Tree {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, optional, boxed, tag = "2")]
        child: Option<Box<Tree>>,
        #[prost(sint64, repeated, tag = "3")]
        numbers: Vec<i64>,
        #[prost(btree_map = "string, double", tag = "4")]
        weights: std::collections::BTreeMap<String, f64>,
        #[prost(bytes = "vec", tag = "5")]
        raw: Vec<u8>,
    }

    fn refused(bytes: &[u8]) -> (Option<Code>, String) {
        let error = Decode::<Tree>::decode(&Protobuf, bytes).expect_err("refused");
        assert!(error.message().len() <= ECHO_LIMIT);
        (Some(error.code()), error.reason().expect("a reason").to_owned())
    }

    /// A message in a message and so on, from the inside out; without the length of what it holds it would be no message.
    fn nested(levels: usize) -> Vec<u8> {
        let mut reversed: Vec<u8> = Vec::new();
        for _ in 0..levels {
            let mut head = vec![0x12];
            prost::encoding::encode_varint(reversed.len() as u64, &mut head);
            reversed.extend(head.iter().rev());
        }
        reversed.reverse();
        reversed
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for bytes in [&b"\x0a"[..], b"\x0a\x02a", b"\x0a\x01\xff", b"\x08\x01", b"\x00\x00", b"\x07", b"\xff\xff"] {
            assert_eq!(refused(bytes), (Some(Code::InvalidArgument), "protobuf_malformed".to_owned()), "{bytes:?}");
        }
        assert_eq!(Decode::<Tree>::decode(&Protobuf, b"").unwrap(), Tree::default());
    }

    #[test]
    fn depth_is_limited_also_where_nobody_reads() {
        assert!(Decode::<Tree>::decode(&Protobuf, &nested(Protobuf::DEPTH)).is_ok());
        for bytes in [nested(Protobuf::DEPTH + 1), nested(100_000), vec![0x3b; 100_000]] {
            assert_eq!(refused(&bytes).1, "protobuf_too_deep");
        }
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        for claim in [&b"\x0a\x80\x80\x80\x80\x04"[..], b"\x1a\xff\xff\xff\xff\x0f\x01", b"\x2a\x80\x80\x80\x80\x04a"] {
            let info = measure(|| assert_eq!(refused(claim).1, "protobuf_malformed"));
            assert!(info.bytes_max < 16 * 1024, "{claim:?}: {} bytes", info.bytes_max);
        }
    }

    #[test]
    fn of_a_field_that_stands_twice_the_last_counts() {
        let tree: Tree = Protobuf.decode(b"\x0a\x01a\x0a\x01b").unwrap();
        assert_eq!(tree.name, "b");
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = (
            ".*",
            proptest::collection::vec(any::<i64>(), 0..9),
            proptest::collection::btree_map(".{0,9}", -1e9f64..1e9, 0..4),
            proptest::collection::vec(any::<u8>(), 0..20),
        );
        let leaf = leaf.prop_map(|(name, numbers, weights, raw)| Tree { name, child: None, numbers, weights, raw });
        leaf.prop_recursive(5, 6, 1, |inner| {
            inner.prop_map(|child| Tree { child: Some(Box::new(child)), ..Tree::default() })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(tree in tree()) {
            let bytes = Protobuf.encode(&tree).unwrap();
            prop_assert_eq!(Decode::<Tree>::decode(&Protobuf, &bytes).unwrap(), tree);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Err(error) = Decode::<Tree>::decode(&Protobuf, &bytes) {
                prop_assert_eq!(error.code(), Code::InvalidArgument);
            }
        }
    }
}
