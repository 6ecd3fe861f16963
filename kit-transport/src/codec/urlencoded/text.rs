//! Text from a URI.

use std::borrow::Cow;

/// How much of a parameter's name an error repeats, in bytes.
pub(crate) const NAME: usize = 40;

/// How much of a complaint about a value an error repeats, in bytes: serde's quote the value.
pub(crate) const COMPLAINT: usize = 100;

/// What the plus sign stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    /// Itself: in a path.
    Plus,
    /// A space: in a query, which is written as forms are.
    Space,
}

/// `raw` without its percent escapes. `None` if an escape is broken, or if what they spell is not UTF-8: to guess on would
/// let two readers of one URI see two values.
pub(crate) fn unescaped(raw: &str, plus: Plus) -> Option<Cow<'_, str>> {
    let spaced = plus == Plus::Space && raw.contains('+');
    if !spaced && !raw.contains('%') {
        return Some(Cow::Borrowed(raw));
    }
    let mut bytes = raw.bytes();
    let mut text = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            b'+' if spaced => b' ',
            byte => byte,
        });
    }
    String::from_utf8(text).ok().map(Cow::Owned)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_undone_and_broken_ones_refused() {
        for (raw, text) in [
            ("", Some("")),
            ("plain", Some("plain")),
            ("a%20b", Some("a b")),
            ("%e2%82%AC", Some("€")),
            ("a%2fb", Some("a/b")),
            ("a+b", Some("a+b")),
            ("%", None),
            ("%2", None),
            ("%zz", None),
            ("%%41", None),
            ("%+1", None),
            ("100%", None),
            ("%ff", None),
            ("%e2%82", None),
            ("%c0%af", None),
        ] {
            assert_eq!(unescaped(raw, Plus::Plus).as_deref(), text, "{raw:?}");
        }
        assert_eq!(unescaped("a+b%2Bc", Plus::Space).as_deref(), Some("a b+c"));
        assert!(matches!(unescaped("a+b", Plus::Plus), Some(Cow::Borrowed(_))), "nothing to undo costs nothing");
    }

    proptest! {
        #[test]
        fn any_text_survives_being_escaped(text in "\\PC{0,40}") {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            for plus in [Plus::Plus, Plus::Space] {
                let back = unescaped(&escaped, plus).expect("escapes of UTF-8");
                prop_assert_eq!(back.as_ref(), text.as_str());
            }
        }
    }
}
