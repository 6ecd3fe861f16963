//! What a label value may hold.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

/// Longest label value, in bytes; a longer one is cut and ends in `…`.
///
/// With the limits on series it keeps a scrape under a mebibyte whatever strangers send.
pub const MAX_VALUE: usize = 128;

/// The value of every label of the series that takes what did not fit.
pub const OTHER: &str = "other";

/// Makes a value safe for every backend, terminal and log: invalid UTF-8 becomes U+FFFD; control, bidirectional and
/// invisible characters become `_`; what is too long is cut. Quotes and backslashes stay: backends escape them.
pub(crate) fn clean(raw: &[u8]) -> Cow<'_, str> {
    if raw.len() <= MAX_VALUE
        && let Ok(text) = str::from_utf8(raw)
        && !text.chars().any(unsafe_char)
    {
        return Cow::Borrowed(text);
    }
    // Enough to tell whether the clean text is too long, and no more than that: a value may be a whole request.
    let head = &raw[..raw.len().min(4 * MAX_VALUE)];
    let mut text: String =
        String::from_utf8_lossy(head).chars().map(|c| if unsafe_char(c) { '_' } else { c }).collect();
    if text.len() > MAX_VALUE || head.len() < raw.len() {
        text.truncate(text.floor_char_boundary(MAX_VALUE - '…'.len_utf8()));
        text.push('…');
    }
    Cow::Owned(text)
}

/// Whether a character moves a cursor, ends a line, turns the reading direction, or cannot be seen.
pub(crate) fn unsafe_char(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A keyed hash of label values, for tables of bounded size.
///
/// Cheaper than the standard one. The key is random, and a table holds at most its family's limit, so values chosen
/// to collide cost a bounded walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher(u64);

impl Hasher {
    pub(crate) fn random() -> Self {
        Self(RandomState::new().hash_one(0_u8) | 1)
    }

    #[inline]
    pub(crate) fn hash<'a>(self, values: impl Iterator<Item = &'a [u8]>) -> u64 {
        let mut hash = self.0;
        for value in values {
            let mut chunks = value.chunks_exact(8);
            for chunk in &mut chunks {
                hash = self.mix(hash, u64::from_le_bytes(chunk.try_into().expect("chunks of eight")));
            }
            // The length keeps ("a", "bc") and ("ab", "c") apart.
            hash = self.mix(hash, rest(chunks.remainder()) ^ (value.len() as u64) << 56);
        }
        hash
    }

    #[inline]
    fn mix(self, hash: u64, word: u64) -> u64 {
        let product = u128::from(hash ^ word).wrapping_mul(u128::from(self.0 ^ 0x9e37_79b9_7f4a_7c15));
        (product as u64) ^ (product >> 64) as u64 ^ hash.rotate_left(23)
    }
}

/// Up to seven bytes as a number, read without a loop; those in the middle may be read twice.
#[inline]
fn rest(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 24,
        _ if n == 0 => 0,
        _ => u64::from(bytes[0]) | u64::from(bytes[n / 2]) << 8 | u64::from(bytes[n - 1]) << 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_not_copied() {
        for value in ["", "GET", "/a/b?c=\"d\"\\", "Zürich", "日本"] {
            assert!(matches!(clean(value.as_bytes()), Cow::Borrowed(same) if same == value), "{value}");
        }
    }

    #[test]
    fn what_could_forge_a_line_or_a_direction_is_replaced() {
        assert_eq!(clean(b"a\nb\r\tc\x1b[31m\x00\x7f"), "a_b__c_[31m__");
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{200b}d\u{feff}\u{85}".as_bytes()), "a_b_c_d__");
        assert_eq!(clean(b"caf\xe9"), "caf\u{fffd}");
    }

    #[test]
    fn a_long_value_is_cut_at_a_character_and_marked() {
        for value in [
            "x".repeat(10 * 1024),
            "é".repeat(5000),
            "日".repeat(5000),
            "\u{1f600}".repeat(100),
            "\u{e0041}".repeat(200),
        ] {
            let cut = clean(value.as_bytes());
            assert!(cut.len() <= MAX_VALUE && cut.len() > MAX_VALUE - 8, "{}", cut.len());
            assert!(cut.ends_with('…'));
        }
        assert_eq!(clean("x".repeat(MAX_VALUE).as_bytes()), "x".repeat(MAX_VALUE));
    }

    #[test]
    fn the_border_between_values_counts() {
        let hasher = Hasher::random();
        let hash = |values: &[&str]| hasher.hash(values.iter().map(|value| value.as_bytes()));
        assert_eq!(hash(&["a", "bc"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["a", "bc"]), hash(&["ab", "c"]));
        assert_ne!(hash(&["a", ""]), hash(&["", "a"]));
        assert_ne!(hash(&["", ""]), hash(&[""]));
    }
}
