use crate::codec::scan::{Cursor, Head};

/// The head of an item, and all of one that holds none. RFC 8949, 3 and appendix C.
pub(super) fn head(cursor: &mut Cursor<'_>) -> Option<Head> {
    let (major, argument) = argument(cursor)?;
    Some(match (major, argument) {
        (NUMBER | NEGATIVE, Some(_)) => Head::Whole,
        (BYTES | TEXT, Some(length)) => {
            cursor.skip(length)?;
            Head::Whole
        }
        (BYTES | TEXT, None) => {
            skip_chunks(cursor, major)?;
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

const NUMBER: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// The major type, and the number beside it; `None` for one without end.
fn argument(cursor: &mut Cursor<'_>) -> Option<(u8, Option<u64>)> {
    let first = cursor.byte()?;
    let (major, short) = (first >> 5, first & 0x1f);
    let argument = match short {
        0..=23 => Some(short.into()),
        24..=27 => Some(cursor.number(1 << (short - 24))?),
        31 => None,
        _ => return None,
    };
    // A simple value in two bytes must need them.
    if major == SIMPLE && short == 24 && argument < Some(32) {
        return None;
    }
    Some((major, argument))
}

/// A text or bytes in pieces, each of the same type and measured.
fn skip_chunks(cursor: &mut Cursor<'_>, whole: u8) -> Option<()> {
    loop {
        match argument(cursor)? {
            (SIMPLE, None) => return Some(()),
            (major, Some(length)) if major == whole => cursor.skip(length)?,
            _ => return None,
        }
    }
}
