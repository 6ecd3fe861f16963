use crate::codec::scan::{Cursor, Head};

/// The head of an item, and all of one that holds none. RFC 8949, 3 and appendix C.
pub(super) fn head(cursor: &mut Cursor<'_>) -> Option<Head> {
    let Argument { major, value, .. } = argument(cursor)?;
    Some(match (major, value) {
        (NUMBER | NEGATIVE, Some(_)) => Head::Whole,
        (BYTES | TEXT, Some(length)) => {
            cursor.skip(length)?;
            Head::Whole
        }
        (BYTES | TEXT, None) => {
            pieces(cursor, major, |_| ())?;
            Head::Whole
        }
        (ARRAY, Some(count)) => Head::Holds(count),
        (MAP, Some(count)) => Head::Holds(count.checked_mul(2)?),
        (ARRAY, None) => Head::Endless { pairs: false },
        (MAP, None) => Head::Endless { pairs: true },
        (TAG, Some(_)) => Head::Holds(1),
        (SIMPLE, Some(_)) => Head::Whole,
        (SIMPLE, None) => Head::Break,
        _ => return None,
    })
}

pub(super) const NUMBER: u8 = 0;
pub(super) const NEGATIVE: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;
pub(super) const SIMPLE: u8 = 7;

/// What an item begins with.
pub(super) struct Argument {
    pub(super) major: u8,
    /// What stands in the byte beside it: the number, or how wide it is.
    pub(super) short: u8,
    /// The number; `None` for one without end.
    pub(super) value: Option<u64>,
}

pub(super) fn argument(cursor: &mut Cursor<'_>) -> Option<Argument> {
    let first = cursor.byte()?;
    let (major, short) = (first >> 5, first & 0x1f);
    let value = match short {
        0..=23 => Some(short.into()),
        24..=27 => Some(cursor.number(1 << (short - 24))?),
        31 => None,
        _ => return None,
    };
    // A simple value in two bytes must need them.
    if major == SIMPLE && short == 24 && value < Some(32) {
        return None;
    }
    Some(Argument { major, short, value })
}

/// A text or bytes in pieces, each of the same type and measured.
pub(super) fn pieces<'a>(cursor: &mut Cursor<'a>, whole: u8, mut each: impl FnMut(&'a [u8])) -> Option<()> {
    loop {
        match argument(cursor)? {
            Argument { major: SIMPLE, value: None, .. } => return Some(()),
            Argument { major, value: Some(length), .. } if major == whole => each(cursor.take(length)?),
            _ => return None,
        }
    }
}
