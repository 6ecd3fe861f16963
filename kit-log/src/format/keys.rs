//! What is known of a key before it is printed, kept so that a program's few keys are looked at once a thread.

use std::any::TypeId;

use super::Rules;
use super::escape::{KEY_MAX, plain};
use super::syntax::Syntax;

/// Keys kept a thread, in sets of two: 128 in 7 KiB, more than most programs have. Two keys of one set live together; of
/// three, the one not used for longest is looked at again.
const SETS: usize = 64;

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

/// It may not be printed as it is.
pub(crate) const ODD: u8 = 32;
/// Its value is masked.
pub(crate) const DENIED: u8 = 64;
/// It does not fit in a block.
pub(crate) const LONG: u8 = 128;

/// Bytes of a key with its marks that are written at once.
pub(crate) const BLOCK: usize = 32;

/// What is known of a key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) hash: u32,
    /// Whether it is [`ODD`], [`DENIED`], [`LONG`], or one of the [`reserved`] names.
    bits: u8,
    /// How it stands in a line, at the end of a block, and how long that is; 0 if it does not fit.
    shown: [u8; BLOCK],
    shown_len: u8,
}

impl Known {
    fn new<S: Syntax>(key: &str, rules: &Rules) -> Self {
        let plain = key.len() <= KEY_MAX && plain(key);
        let denied = if rules.redaction.denies(key) { DENIED } else { 0 };
        let mut known = Self {
            hash: hash(key.as_bytes()),
            bits: if plain { 0 } else { ODD } | denied | reserved::of(key),
            ..Self::default()
        };
        let pieces = [S::KEY_OPEN, key, S::KEY_CLOSE];
        let len = pieces.iter().map(|piece| piece.len()).sum();
        known.bits |= if len > BLOCK { LONG } else { 0 };
        if let Some(start) = BLOCK.checked_sub(len) {
            let bytes = pieces.iter().flat_map(|piece| piece.bytes());
            known.shown[start..].iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            known.shown_len = len as u8;
        }
        known
    }

    /// The block at whose end it stands with its marks, and how long that is: for a key that is neither odd nor long.
    #[inline(always)]
    pub(crate) fn block(&self) -> (&[u8; BLOCK], usize) {
        (&self.shown, usize::from(self.shown_len))
    }

    /// Whether any of these bits is set.
    #[inline]
    pub(crate) fn is(&self, bits: u8) -> bool {
        self.bits & bits != 0
    }
}

/// A fast hash with its best bits on top.
///
/// # Source
/// FNV-1a, Fowler, Noll and Vo.
pub(crate) const fn hash(key: &[u8]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < key.len() {
        hash = (hash ^ key[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// Keys seen, by the place of their bytes.
#[derive(Debug)]
pub(crate) struct Keys {
    /// One more set than those of kept keys: for the last key that cannot be kept.
    sets: [[Kept; 2]; SETS + 1],
}

#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    at: usize,
    len: usize,
    /// Which rules it was judged by; no rules have number 0.
    rules: u32,
    known: Known,
}

impl Default for Keys {
    fn default() -> Self {
        Self { sets: [[Kept::default(); 2]; SETS + 1] }
    }
}

impl Keys {
    /// Where [`at`](Self::at) tells what is known of `key`, until another is looked up. Its bytes lie where `Key` says.
    /// Rules belong to one drain, so to one syntax.
    #[inline(always)]
    pub(crate) fn look_up<S: Syntax, Key: 'static>(&mut self, key: &str, rules: &Rules) -> usize {
        // Only a `&'static str` holds the same text at the same place for ever. slog's other sort of key, which some
        // crate in the program may switch on, is looked at every time.
        if TypeId::of::<Key>() != TypeId::of::<&'static str>() {
            self.sets[SETS][0].known = Known::new::<S>(key, rules);
            return SETS;
        }
        let number = set(key);
        let set = &mut self.sets[number];
        if !set[0].holds(key, rules) {
            find::<S>(set, key, rules);
        }
        number
    }

    /// What was looked up.
    #[inline(always)]
    pub(crate) fn at(&self, number: usize) -> &Known {
        &self.sets[number][0].known
    }
}

/// The set of a key: a mix of where it lies, since the keys of a program lie close together.
#[inline(always)]
fn set(key: &str) -> usize {
    let place = key.as_ptr() as u64 ^ (key.len() as u64) << 48;
    (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % SETS
}

/// Makes the first of a set the one that holds a key.
#[inline(never)]
fn find<S: Syntax>(set: &mut [Kept; 2], key: &str, rules: &Rules) {
    set.swap(0, 1);
    if !set[0].holds(key, rules) {
        let (at, len) = (key.as_ptr() as usize, key.len());
        set[0] = Kept { at, len, rules: rules.number, known: Known::new::<S>(key, rules) };
    }
}

impl Kept {
    #[inline(always)]
    fn holds(&self, key: &str, rules: &Rules) -> bool {
        self.at == key.as_ptr() as usize && self.len == key.len() && self.rules == rules.number
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax::Json;
    use super::*;
    use crate::redact::Redaction;

    fn known<Key: 'static>(keys: &mut Keys, key: &str, rules: &Rules) -> Known {
        let number = keys.look_up::<Json, Key>(key, rules);
        *keys.at(number)
    }

    #[test]
    fn what_is_kept_is_kept_apart_by_place_length_and_rules() {
        let mask = Rules::new(1024, Redaction::default());
        let show = Rules::new(1024, Redaction::none());
        let mut keys = Keys::default();
        let whole = "token level";
        for _ in 0..2 {
            assert!(known::<&'static str>(&mut keys, &whole[..5], &mask).is(DENIED));
            assert!(!known::<&'static str>(&mut keys, &whole[..5], &show).is(DENIED));
            assert!(!known::<&'static str>(&mut keys, &whole[..4], &mask).is(DENIED));
            assert!(known::<&'static str>(&mut keys, whole, &mask).is(ODD));
            assert!(known::<&'static str>(&mut keys, &whole[6..], &mask).is(reserved::LEVEL));
        }
    }

    #[test]
    fn a_key_whose_bytes_may_change_is_looked_at_every_time() {
        let rules = Rules::new(1024, Redaction::default());
        let mut keys = Keys::default();
        let mut text = String::from("token");
        assert!(known::<String>(&mut keys, &text, &rules).is(DENIED));
        text.replace_range(.., "tokes");
        assert!(!known::<String>(&mut keys, &text, &rules).is(DENIED));
    }
}
