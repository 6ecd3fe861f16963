//! What is known of a key before it is printed, kept so that a program's few keys are looked at once a thread.

use std::any::TypeId;

use super::Rules;
use super::escape::{KEY_MAX, plain};

/// Keys kept a thread: more than most programs have.
const KEPT: usize = 64;

/// Names the drain itself prints on some lines, as bits.
pub(crate) mod reserved {
    pub(crate) const LEVEL: u8 = 1;
    pub(crate) const TS: u8 = 2;
    pub(crate) const CALLER: u8 = 4;
    pub(crate) const MSG: u8 = 8;
    pub(crate) const TRUNCATED: u8 = 16;

    pub(super) fn of(key: &str) -> u8 {
        match key {
            "level" => LEVEL,
            "ts" => TS,
            "caller" => CALLER,
            "msg" => MSG,
            "truncated" => TRUNCATED,
            _ => 0,
        }
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) hash: u32,
    /// It may be printed as it is.
    pub(crate) plain: bool,
    /// Its value is masked.
    pub(crate) denied: bool,
    /// Which of the drain's own names it is.
    pub(crate) reserved: u8,
}

impl Known {
    fn new(key: &str, rules: &Rules) -> Self {
        Self {
            hash: hash(key.as_bytes()),
            plain: key.len() <= KEY_MAX && plain(key),
            denied: rules.redaction.denies(key),
            reserved: reserved::of(key),
        }
    }
}

/// A fast hash with its best bits on top.
///
/// # Source
/// FNV-1a, Fowler, Noll and Vo.
pub(crate) fn hash(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Keys seen, by the place of their bytes.
#[derive(Debug)]
pub(crate) struct Keys([Kept; KEPT]);

#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    at: usize,
    len: usize,
    /// Which rules it was judged by; no rules have number 0.
    rules: u64,
    known: Known,
}

impl Default for Keys {
    fn default() -> Self {
        Self([Kept::default(); KEPT])
    }
}

impl Keys {
    /// What is known of `key`, whose bytes lie where `Key` says.
    #[inline]
    pub(crate) fn known<Key: 'static>(&mut self, key: &str, rules: &Rules) -> Known {
        // Only a `&'static str` holds the same text at the same place for ever. slog's other sort of key, which some
        // crate in the program may switch on, is looked at every time.
        if TypeId::of::<Key>() != TypeId::of::<&'static str>() {
            return Known::new(key, rules);
        }
        let (at, len) = (key.as_ptr() as usize, key.len());
        let kept = &mut self.0[(at ^ (at >> 6) ^ len) % KEPT];
        if kept.at != at || kept.len != len || kept.rules != rules.number {
            *kept = Kept { at, len, rules: rules.number, known: Known::new(key, rules) };
        }
        kept.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redaction;

    #[test]
    fn what_is_kept_is_kept_apart_by_place_length_and_rules() {
        let mask = Rules::new(1024, Redaction::default());
        let show = Rules::new(1024, Redaction::none());
        let mut keys = Keys::default();
        let whole = "token level";
        for _ in 0..2 {
            assert!(keys.known::<&'static str>(&whole[..5], &mask).denied);
            assert!(!keys.known::<&'static str>(&whole[..5], &show).denied);
            assert!(!keys.known::<&'static str>(&whole[..4], &mask).denied);
            assert!(!keys.known::<&'static str>(whole, &mask).plain);
            assert_eq!(keys.known::<&'static str>(&whole[6..], &mask).reserved, reserved::LEVEL);
        }
    }

    #[test]
    fn a_key_whose_bytes_may_change_is_looked_at_every_time() {
        let rules = Rules::new(1024, Redaction::default());
        let mut keys = Keys::default();
        let mut text = String::from("token");
        assert!(keys.known::<String>(&text, &rules).denied);
        text.replace_range(.., "tokes");
        assert!(!keys.known::<String>(&text, &rules).denied);
    }
}
