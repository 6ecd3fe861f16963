//! What binary codecs have in common, in their tests too: each is named once, and its `tests` hold what is its own.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::scan::{Cursor, Fault, Head, scan};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Text {
    pub(super) s: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum Tree {
    Leaf(i64),
    Many(Vec<Tree>),
    Named(BTreeMap<String, Tree>),
    Both { left: Option<Box<Tree>>, weight: f64, text: String },
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
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

/// Arrays in one another, by the byte of one that holds one and of one that holds none.
pub(super) fn nested(one: u8, none: u8, levels: usize) -> Vec<u8> {
    let mut bytes = vec![one; levels - 1];
    bytes.push(none);
    bytes
}

/// Each item is passed over whole; not with something behind it, and not with less than all of it.
pub(super) fn passed_over(items: &[&[u8]], head: impl Fn(&mut Cursor<'_>) -> Option<Head>) {
    for &item in items {
        assert_eq!(scan(item, &head), Ok(()), "{item:?}");
        assert_eq!(scan(&[item, b"\x00"].concat(), &head), Err(Fault::Trailing { at: item.len() }));
        for cut in 0..item.len() {
            assert!(matches!(scan(&item[..cut], &head), Err(Fault::Malformed { .. })), "{item:?} up to {cut}");
        }
    }
}

/// `refused`, `assert_allocates_nothing`, and the rules that hold for any input of `$codec`.
macro_rules! cases {
    ($codec:ident, $malformed:literal) => {
        fn refused<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> Error {
            let error = Decode::<T>::decode(&$codec, bytes).expect_err("refused");
            assert_eq!(error.code(), Code::InvalidArgument);
            assert!(error.message().len() <= ECHO_LIMIT);
            error
        }

        /// Each claims a length that does not follow.
        fn assert_allocates_nothing(claims: &[&[u8]]) {
            for claim in claims {
                let info = allocation_counter::measure(|| {
                    assert_eq!(refused::<Vec<u64>>(claim).reason(), Some($malformed));
                    assert_eq!(refused::<String>(claim).reason(), Some($malformed));
                });
                assert!(info.bytes_max < 16 * 1024, "{claim:?}: {} bytes", info.bytes_max);
            }
        }

        proptest! {
            #[test]
            fn what_is_written_is_read_back(tree in tree()) {
                let bytes = $codec.encode(&tree).unwrap();
                prop_assert_eq!(Decode::<Tree>::decode(&$codec, &bytes).unwrap(), tree);
            }

            #[test]
            fn what_is_cut_off_is_refused_as_malformed(tree in tree(), at in any::<prop::sample::Index>()) {
                let bytes = $codec.encode(&tree).unwrap();
                let error = refused::<Tree>(&bytes[..at.index(bytes.len())]);
                prop_assert_eq!(error.reason(), Some($malformed));
            }

            #[test]
            fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
                for result in [
                    Decode::<Tree>::decode(&$codec, &bytes).map(drop),
                    Decode::<IgnoredAny>::decode(&$codec, &bytes).map(drop),
                    Decode::<BTreeMap<String, Option<u8>>>::decode(&$codec, &bytes).map(drop),
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
                let error = refused::<One>(&$codec.encode(&format!("B{input}")).unwrap());
                prop_assert!(!error.message().chars().any(char::is_control));
            }
        }
    };
}

pub(super) use cases;
