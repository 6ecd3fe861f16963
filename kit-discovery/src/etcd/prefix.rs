use std::fmt;
use std::sync::Arc;

use crate::malformed::Malformed;

/// Longest prefix, and longest id below one, in bytes.
const LONGEST: usize = 1024;

/// The keys of one service: those that begin with it and a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix(Arc<str>);

impl Prefix {
    /// `text`, with or without its final slash.
    pub(super) fn new(text: &str) -> Result<Self, Malformed> {
        let bare = text.strip_suffix('/').unwrap_or(text);
        if bare.is_empty() {
            return Err(Malformed::of("a prefix that takes every key:", text));
        }
        if bare.ends_with('/') {
            return Err(Malformed::of("an empty part at the end of", text));
        }
        if bare.len() > LONGEST || bare.chars().any(char::is_control) {
            return Err(Malformed::of("a prefix too long, or with a control character:", text));
        }
        Ok(Self(format!("{bare}/").into()))
    }

    /// As it was given, without a final slash: what events and metrics call the service.
    pub(super) fn name(&self) -> &str {
        &self.0[..self.0.len() - 1]
    }

    /// The first key of the range, in front of all of them.
    pub(super) fn start(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The key after the last of them: a slash is no highest byte.
    pub(super) fn end(&self) -> Vec<u8> {
        let mut end = self.0.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        end
    }

    /// The id of the instance that `key` holds.
    pub(super) fn id<'a>(&self, key: &'a [u8]) -> Result<&'a str, Malformed> {
        let id = key.strip_prefix(self.start()).ok_or_else(|| Malformed::new("the key is not below the prefix"))?;
        match std::str::from_utf8(id) {
            Ok("") => Err(Malformed::new("the key has no id after the prefix")),
            Ok(id) => Ok(id),
            Err(_) => Err(Malformed::new("the key is no UTF-8")),
        }
    }

    /// The key of the instance with this id.
    pub(super) fn key(&self, id: &str) -> Result<String, Malformed> {
        if id.is_empty() || id.len() > LONGEST || id.chars().any(char::is_control) {
            return Err(Malformed::of("an id that is empty, too long, or has a control character:", id));
        }
        Ok(format!("{}{id}", self.0))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(prefix: &Prefix, key: &[u8]) -> bool {
        prefix.start() <= key && key < &*prefix.end()
    }

    #[test]
    fn a_prefix_takes_what_is_below_it_and_no_neighbour() {
        for text in ["/foo", "/foo/"] {
            let prefix = Prefix::new(text).unwrap();
            assert_eq!((prefix.name(), prefix.start(), &*prefix.end()), ("/foo", &b"/foo/"[..], &b"/foo0"[..]));
            assert!(takes(&prefix, b"/foo/1") && takes(&prefix, b"/foo/a/b") && takes(&prefix, b"/foo/\xff"));
            for key in [&b"/foo"[..], b"/foobar", b"/foobar/1", b"/foo-test/1", b"/fop/1", b"/fo/1"] {
                assert!(!takes(&prefix, key) && prefix.id(key).is_err());
            }
            assert_eq!((prefix.id(b"/foo/a/b").unwrap(), &*prefix.key("a/b").unwrap()), ("a/b", "/foo/a/b"));
        }
    }

    #[test]
    fn what_is_no_prefix_and_no_id_is_refused_with_its_reason() {
        for text in ["", "/", "//", "/foo//", "/foo\n", &"x".repeat(2_000)] {
            assert!(Prefix::new(text).is_err(), "{text:?}");
        }
        let prefix = Prefix::new("foo").unwrap();
        assert_eq!(prefix.id(b"foo/").unwrap_err().to_string(), "the key has no id after the prefix");
        assert_eq!(prefix.id(b"foo/\xff").unwrap_err().to_string(), "the key is no UTF-8");
        for id in ["", "a\n", &"x".repeat(2_000)] {
            assert!(prefix.key(id).is_err(), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn the_range_holds_exactly_the_keys_that_begin_with_it(text in "[/a-c0.]{1,6}", key in "[/a-c0.]{0,8}") {
            if let Ok(prefix) = Prefix::new(&text) {
                prop_assert_eq!(takes(&prefix, key.as_bytes()), key.as_bytes().starts_with(prefix.start()));
            }
        }

        #[test]
        fn an_id_is_read_back_from_its_key(id in "\\PC{1,20}") {
            let prefix = Prefix::new("/foo").unwrap();
            let key = prefix.key(&id).unwrap();
            prop_assert_eq!(prefix.id(key.as_bytes()).unwrap(), id);
        }
    }
}
