//! The name of one request, kept across every hop.

use std::fmt;
use std::sync::Arc;

/// The name of a request: taken from the caller if it is fit to be logged, made here if not, returned always.
///
/// Inline and without an allocation when it is made here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Bytes, since a `u128` would align the whole context to 16.
    Made([u8; 16]),
    Given(Arc<str>),
}

impl RequestId {
    /// The longest id taken from a caller, in bytes.
    pub const MAX: usize = 128;

    /// An id of these bits, written as 32 hexadecimal digits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(Repr::Made(bits.to_be_bytes()))
    }

    /// A caller's id: 1 to 128 letters, digits or any of `-_.:/+=@~`; `None` for anything else, which could not be logged,
    /// copied into a header and searched for without care.
    pub fn parse(text: &str) -> Option<Self> {
        let fit = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(&b);
        ((1..=Self::MAX).contains(&text.len()) && text.bytes().all(fit)).then(|| Self(Repr::Given(text.into())))
    }

    /// Hands the text to `with`, without an allocation.
    pub fn with_str<R>(&self, with: impl FnOnce(&str) -> R) -> R {
        match &self.0 {
            Repr::Given(text) => with(text),
            Repr::Made(bytes) => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let mut text = [0; 32];
                for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 15)];
                }
                with(std::str::from_utf8(&text).expect("hexadecimal digits"))
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_str(|text| f.pad(text))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_id_is_32_digits() {
        assert_eq!(RequestId::from_bits(0xff).to_string(), format!("{:032x}", 0xff));
    }

    #[test]
    fn only_an_id_that_can_be_logged_is_taken() {
        for good in ["a", "3f2a-99", "urn:x/1+2=3@~_.", &"x".repeat(128)] {
            assert_eq!(RequestId::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", " ", "a b", "a\"b", "a\nb", "\u{e9}", &"x".repeat(129)] {
            assert_eq!(RequestId::parse(bad), None, "{bad:?}");
        }
    }
}
