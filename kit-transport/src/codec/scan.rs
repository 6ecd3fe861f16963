//! A look at a binary format before serde reads it: that it is whole, that it is one value, that it nests no deeper than it may,
//! and that no head claims more than follows. What is read after that neither recurses too far nor allocates what was only
//! claimed. Without recursion and without an allocation.

use kit_core::{BoxError, Code, Error};

use super::{ECHO_LIMIT, shown};

/// How deep arrays, maps and tags may nest.
pub(super) const DEPTH: usize = 128;

/// The head of an item.
#[cfg_attr(not(feature = "cbor"), expect(dead_code, reason = "MessagePack measures everything"))]
pub(super) enum Head {
    /// It is whole: its bytes were passed over.
    Whole,
    /// So many items follow in it.
    Holds(u64),
    /// Items follow in it up to a break; of a map an even number.
    Endless { pairs: bool },
    /// The break.
    Break,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooDeep,
    /// No such format, or not all of it.
    Malformed {
        at: usize,
    },
    /// Something follows the value.
    Trailing {
        at: usize,
    },
}

#[derive(Clone, Copy)]
enum Open {
    Left(u64),
    Endless { pairs: bool, odd: bool },
}

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A number of so many bytes, up to eight, the highest first.
    pub(super) fn number(&mut self, width: u32) -> Option<u64> {
        (0..width).try_fold(0, |number: u64, _| Some(number << 8 | u64::from(self.byte()?)))
    }

    pub(super) fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let taken = self.bytes[self.at..].get(..usize::try_from(count).ok()?)?;
        self.at += taken.len();
        Some(taken)
    }

    pub(super) fn skip(&mut self, count: u64) -> Option<()> {
        self.take(count).map(drop)
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }
}

/// Looks through `bytes`, whose heads `head` reads; it answers `None` for one that is none, or is cut off.
pub(super) fn scan(bytes: &[u8], mut head: impl FnMut(&mut Cursor<'_>) -> Option<Head>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(bytes);
    let mut open = [Open::Left(0); DEPTH];
    let mut depth = 0usize;
    loop {
        let malformed = Fault::Malformed { at: cursor.at };
        let opens = match head(&mut cursor).ok_or(malformed)? {
            Head::Whole => None,
            // Each of them takes a byte at least.
            Head::Holds(count) if count > cursor.rest() as u64 => return Err(malformed),
            Head::Holds(count) => Some(Open::Left(count)),
            Head::Endless { pairs } => Some(Open::Endless { pairs, odd: false }),
            Head::Break => match depth.checked_sub(1).map(|top| open[top]) {
                Some(Open::Endless { pairs, odd }) if !(pairs && odd) => {
                    depth -= 1;
                    None
                }
                _ => return Err(malformed),
            },
        };
        if let Some(level) = opens {
            *open.get_mut(depth).ok_or(Fault::TooDeep)? = level;
            depth += 1;
            if !matches!(level, Open::Left(0)) {
                continue;
            }
            depth -= 1;
        }
        // An item has ended, and with it perhaps those that it was the last of.
        loop {
            let Some(top) = depth.checked_sub(1) else {
                let at = cursor.at;
                return if cursor.rest() == 0 { Ok(()) } else { Err(Fault::Trailing { at }) };
            };
            match &mut open[top] {
                Open::Left(left @ 2..) => *left -= 1,
                Open::Left(_) => {
                    depth = top;
                    continue;
                }
                Open::Endless { odd, .. } => *odd = !*odd,
            }
            break;
        }
    }
}

/// What a format is called in lines and reasons.
pub(super) struct Names {
    pub(super) line: &'static str,
    pub(super) too_deep: &'static str,
    pub(super) malformed: &'static str,
    pub(super) mismatch: &'static str,
}

impl Names {
    pub(super) fn fault(&self, fault: Fault) -> Error {
        let line = self.line;
        match fault {
            Fault::TooDeep => {
                Error::invalid_argument(format!("the {line} is nested too deeply")).with_reason(self.too_deep)
            }
            Fault::Malformed { at } => {
                Error::invalid_argument(format!("the {line} is malformed at byte {at}")).with_reason(self.malformed)
            }
            Fault::Trailing { at } => Error::invalid_argument(format!("something follows the {line} at byte {at}"))
                .with_reason(self.malformed),
        }
    }

    /// It is well formed, and not what was asked for. Such texts quote the input.
    pub(super) fn mismatch(&self, error: impl Into<BoxError>) -> Error {
        let error = error.into();
        let message = format!("the {} does not fit: {}", self.line, shown(&error.to_string(), ECHO_LIMIT / 2));
        Error::boundary(Code::InvalidArgument, error).with_message(message).with_reason(self.mismatch)
    }
}
