//! The buffers a line is made in, one set a thread, reused from line to line.
//!
//! slog hands pairs over last first, the innermost context before the outer ones. They are written in that order, each
//! a part of its own, and the line is put together backwards.

use std::cell::Cell;

/// A buffer that grew past this is given back, so that one huge line does not hold memory for ever.
const KEPT: usize = 64 * 1024;

/// One pair, written: where it lies among the parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) key: (usize, usize),
}

impl Part {
    pub(crate) fn len(self) -> usize {
        self.end - self.start
    }
}

#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Every part's bytes, in the order they were written.
    pub(crate) bytes: Vec<u8>,
    pub(crate) parts: Vec<Part>,
    /// A bit for each key seen: a clear bit means the key is new.
    seen: u64,
    /// The finished line, newline included.
    pub(crate) line: Vec<u8>,
}

impl Scratch {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.parts.clear();
        self.line.clear();
        self.seen = 0;
    }

    /// The part that has this key, if there is one.
    pub(crate) fn find(&self, (start, end): (usize, usize)) -> Option<usize> {
        let key = &self.bytes[start..end];
        if self.seen & bit(key) == 0 {
            return None;
        }
        let same = |part: &Part| &self.bytes[part.key.0..part.key.1] == key;
        self.parts.iter().position(same)
    }

    /// Ends the part that began at `start`.
    pub(crate) fn push(&mut self, start: usize, key: (usize, usize)) {
        self.seen |= bit(&self.bytes[key.0..key.1]);
        let end = self.bytes.len();
        self.parts.push(Part { start, end, key });
    }

    /// Forgets what was written after the last whole part.
    pub(crate) fn rewind(&mut self) {
        let end = self.parts.last().map_or(0, |part| part.end);
        self.bytes.truncate(end);
    }
}

fn bit(key: &[u8]) -> u64 {
    let (Some(&first), Some(&last)) = (key.first(), key.last()) else {
        return 1;
    };
    let mixed = usize::from(first) * 5 + usize::from(last) * 11 + key.len() * 3;
    1 << (mixed & 63)
}

thread_local! {
    static SPARE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Lends this thread's buffers, cleared. A value that logs while it is being printed gets others.
pub(crate) fn with<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    // A thread that is ending may have lost its buffers already: then each line makes its own.
    let spare = SPARE.try_with(Cell::take).ok().flatten();
    let mut scratch = spare.unwrap_or_default();
    scratch.clear();
    let result = work(&mut scratch);
    if scratch.bytes.capacity() <= KEPT && scratch.line.capacity() <= KEPT {
        let _ = SPARE.try_with(|cell| cell.set(Some(scratch)));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_bytes_and_not_by_its_bit() {
        let mut scratch = Scratch::default();
        for key in ["ab", "cd"] {
            let start = scratch.bytes.len();
            scratch.bytes.extend_from_slice(key.as_bytes());
            let key = (start, scratch.bytes.len());
            scratch.push(start, key);
        }
        scratch.bytes.extend_from_slice(b"cd");
        assert_eq!(scratch.find((4, 6)), Some(1));
        // `axxb` has the bit of no key, and a key of equal ends and length has the bit of `ab` alone.
        scratch.bytes.extend_from_slice(b"axbacb");
        scratch.push(6, (6, 9));
        assert_eq!(scratch.find((9, 12)), None);
    }

    #[test]
    fn buffers_are_lent_once_and_come_back() {
        with(|outer| {
            outer.line.extend_from_slice(b"outer");
            with(|inner| assert!(inner.line.is_empty()));
            assert_eq!(outer.line, b"outer");
        });
        with(|scratch| scratch.bytes.reserve(1000));
        with(|scratch| assert!(scratch.bytes.capacity() >= 1000 && scratch.bytes.is_empty()));
    }

    #[test]
    fn a_buffer_that_grew_huge_is_not_kept() {
        with(|scratch| scratch.bytes.reserve(KEPT + 1));
        with(|scratch| assert!(scratch.bytes.capacity() <= KEPT));
    }
}
