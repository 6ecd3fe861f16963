//! The buffers a line is made in, one set a thread, reused from line to line.
//!
//! slog hands pairs over last first: the event's own from the last to the first, then the context from the innermost
//! out. So a line is written from its end to its beginning, and nothing is moved afterwards.

use std::cell::Cell;

use super::keys::{BLOCK, Keys};
use crate::digits;
use crate::timestamp::Dates;

/// A buffer that grew past this is given back, so that one huge line does not hold memory for ever.
const KEPT: usize = 64 * 1024;

/// Bytes that grow at the front.
#[derive(Debug, Default)]
pub(crate) struct Back {
    bytes: Vec<u8>,
    /// Where the content begins; it ends where `bytes` do.
    at: usize,
}

impl Back {
    pub(crate) fn clear(&mut self) {
        self.at = self.bytes.len();
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        copy(self.room(text.len()), text);
    }

    /// Puts `before`, `text` and `after` at the front, in this order.
    #[inline(always)]
    pub(crate) fn push_between(&mut self, before: &[u8], text: &[u8], after: &[u8]) {
        let room = self.room(before.len() + text.len() + after.len());
        let (front, rest) = room.split_at_mut(before.len());
        let (middle, back) = rest.split_at_mut(text.len());
        front.copy_from_slice(before);
        copy(middle, text);
        back.copy_from_slice(after);
    }

    /// Puts `lead`, `key`, `then`, and a value between two `quote`s at the front.
    #[inline(always)]
    pub(crate) fn push_pair(&mut self, [lead, key, then, quote]: [&[u8]; 4], value: &[u8]) {
        let room = self.room(lead.len() + key.len() + then.len() + value.len() + 2 * quote.len());
        let (to, room) = room.split_at_mut(lead.len());
        to.copy_from_slice(lead);
        let (to, room) = room.split_at_mut(key.len());
        to.copy_from_slice(key);
        let (to, room) = room.split_at_mut(then.len());
        to.copy_from_slice(then);
        let (to, room) = room.split_at_mut(quote.len());
        to.copy_from_slice(quote);
        let (to, room) = room.split_at_mut(value.len());
        copy(to, value);
        room.copy_from_slice(quote);
    }

    /// Puts a key before a value in quotes: the last `len` bytes of `block`.
    ///
    /// What stands before them in the block is written too, into room that is not taken yet: one store of known size is
    /// quicker than one of just the bytes. Key and value go in one step, because the front, kept in memory, would else
    /// be stored and loaded again for each.
    #[inline(always)]
    pub(crate) fn push_text(&mut self, block: &[u8; BLOCK], len: usize, quote: &[u8], value: &[u8]) {
        let size = value.len() + 2 * quote.len();
        let front = self.front(size + BLOCK);
        let (before, to) = front.split_at_mut(front.len() - size);
        let (open, to) = to.split_at_mut(quote.len());
        let (to, close) = to.split_at_mut(value.len());
        open.copy_from_slice(quote);
        copy(to, value);
        close.copy_from_slice(quote);
        if let Some(to) = before.last_chunk_mut() {
            *to = *block;
        }
        self.at = before.len() - len;
    }

    /// Puts a key before a number.
    #[inline(always)]
    pub(crate) fn push_number(&mut self, block: &[u8; BLOCK], len: usize, negative: bool, number: u64) {
        let front = self.front(digits::MAX + 1 + BLOCK);
        let mut at = front.len();
        at -= front.last_chunk_mut().map_or(0, |to| digits::back(to, number));
        if negative {
            at -= 1;
            front[at] = b'-';
        }
        if let Some(to) = front[..at].last_chunk_mut() {
            *to = *block;
        }
        self.at = at - len;
    }

    /// The room before the front, at least so many bytes.
    #[inline(always)]
    fn front(&mut self, count: usize) -> &mut [u8] {
        if count > self.at {
            self.grow(count);
        }
        &mut self.bytes[..self.at]
    }

    /// So many bytes at the front, to be written.
    #[inline(always)]
    fn room(&mut self, count: usize) -> &mut [u8] {
        let room = self.front(count);
        let start = room.len() - count;
        self.at = start;
        &mut self.bytes[start..start + count]
    }

    /// Takes away the first `count` bytes.
    pub(crate) fn pop(&mut self, count: usize) {
        self.at = self.bytes.len().min(self.at + count);
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// The bytes between two distances from the end, the greater one first.
    pub(crate) fn between(&self, start: usize, end: usize) -> &[u8] {
        let size = self.bytes.len();
        &self.bytes[size - start..size - end]
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let size = (self.bytes.len() * 2).max(self.len() + more).max(1024);
        let mut bytes = vec![0; size];
        let at = size - self.len();
        bytes[at..].copy_from_slice(self.content());
        *self = Self { bytes, at };
    }
}

/// `copy_from_slice` for slices of one length, most of them short: a call costs more than what most keys and values need.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    /// For 1 to 2 times `N` bytes: the first `N` and the last `N`, which overlap.
    #[inline]
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
        *to.first_chunk_mut::<N>()? = *from.first_chunk()?;
        *to.last_chunk_mut::<N>()? = *from.last_chunk()?;
        Some(())
    }
    let done = match from.len() {
        0 => Some(()),
        1 => ends::<1>(to, from),
        2..4 => ends::<2>(to, from),
        4..8 => ends::<4>(to, from),
        8..=16 => ends::<8>(to, from),
        _ => None,
    };
    if done.is_none() {
        to.copy_from_slice(from);
    }
}

/// One pair, written with the separator before it. Places are distances from the end of the line, which is bounded far
/// below what 32 bits count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    start: u32,
    end: u32,
    /// Where its key begins, and how long that is.
    key: u32,
    key_len: u32,
    hash: u32,
}

impl Part {
    pub(crate) fn len(self) -> usize {
        (self.start - self.end) as usize
    }

    /// Its bytes in the line.
    pub(crate) fn of(self, line: &Back) -> &[u8] {
        line.between(self.start as usize, self.end as usize)
    }

    fn key(self, line: &Back) -> &[u8] {
        line.between(self.key as usize, (self.key - self.key_len) as usize)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) line: Back,
    /// The parts of the line, the last of the line first.
    pub(crate) parts: Vec<Part>,
    /// A bit for each key in the line: a clear bit means the key is new. So many that keys of one line seldom share one.
    seen: [u64; 4],
    /// The value being made.
    pub(crate) text: Vec<u8>,
    /// The message, made before anything else.
    pub(crate) message: Vec<u8>,
    /// A key that is not printed as it came.
    pub(crate) name: Vec<u8>,
    pub(crate) keys: Keys,
    pub(crate) dates: Dates,
}

impl Scratch {
    fn clear(&mut self) {
        self.line.clear();
        self.parts.clear();
        self.seen = [0; 4];
    }

    /// Whether a part whose key has this hash may be in the line; if not, there is none.
    #[inline(always)]
    pub(crate) fn may_have(&self, hash: u32) -> bool {
        let (word, bit) = place(hash);
        self.seen[word] & bit != 0
    }

    /// Whether a part with this key is in the line.
    #[inline]
    pub(crate) fn has(&self, hash: u32, key: &[u8]) -> bool {
        self.may_have(hash) && self.parts.iter().any(|part| part.hash == hash && part.key(&self.line) == key)
    }

    /// Records the part just written: everything past `end`, its key `lead` bytes after its start.
    #[inline]
    pub(crate) fn add(&mut self, end: usize, lead: usize, key_len: usize, hash: u32) {
        let (word, bit) = place(hash);
        self.seen[word] |= bit;
        let start = self.line.len() as u32;
        let key = start - lead as u32;
        self.parts.push(Part { start, end: end as u32, key, key_len: key_len as u32, hash });
    }

    fn size(&self) -> usize {
        self.line.bytes.capacity() + self.text.capacity() + self.message.capacity()
    }
}

/// The bit of a hash, by its best bits: in which word, and which of that.
#[inline(always)]
fn place(hash: u32) -> (usize, u64) {
    ((hash >> 30) as usize, 1 << (hash >> 24 & 63))
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
    if scratch.size() <= KEPT {
        let _ = SPARE.try_with(|cell| cell.set(Some(scratch)));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_last_stands_first_however_long_it_grows() {
        let mut line = Back::default();
        let mut expected = String::new();
        for n in 0..1000 {
            line.push_between(b" ", n.to_string().as_bytes(), b"");
            expected.insert_str(0, &format!(" {n}"));
        }
        assert_eq!(line.content(), expected.as_bytes());
        assert_eq!(line.between(8, 0), b" 3 2 1 0");
        line.pop(1);
        assert!(line.content().starts_with(b"999"));
        line.clear();
        assert_eq!(line.len(), 0);
    }

    #[test]
    fn a_copy_is_whole_at_every_length() {
        let from: Vec<u8> = (0..64).collect();
        for len in 0..from.len() {
            let mut to = vec![0; len];
            copy(&mut to, &from[..len]);
            assert_eq!(to, from[..len]);
        }
    }

    #[test]
    fn a_key_is_found_by_its_bytes_and_not_by_its_hash() {
        let mut scratch = Scratch::default();
        scratch.line.push(b" ab=1");
        scratch.add(0, 1, 2, 7);
        assert!(scratch.has(7, b"ab"));
        assert!(!scratch.has(7, b"cd") && !scratch.has(8, b"ab"));
    }

    #[test]
    fn buffers_are_lent_once_and_come_back() {
        with(|outer| {
            outer.line.push(b"outer");
            with(|inner| assert_eq!(inner.line.len(), 0));
            assert_eq!(outer.line.content(), b"outer");
        });
        with(|scratch| scratch.text.reserve(1000));
        with(|scratch| assert!(scratch.text.capacity() >= 1000 && scratch.line.len() == 0));
    }

    #[test]
    fn a_buffer_that_grew_huge_is_not_kept() {
        with(|scratch| scratch.text.reserve(KEPT + 1));
        with(|scratch| assert!(scratch.size() <= KEPT));
    }
}
