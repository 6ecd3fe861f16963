use crate::codec::scan::{Cursor, Head};

/// The head of an item, and all of one that holds none.
pub(super) fn head(cursor: &mut Cursor<'_>) -> Option<Head> {
    let first = cursor.byte()?;
    let low = |mask: u8| u64::from(first & mask);
    // Of the sizes 1, 2, 4, 8 and so on, the one whose place in a family that begins with `family` this is.
    let width = |family: u8| 1u32 << (first - family);
    match first {
        // Small numbers, nil, false, true.
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => {}
        // Maps and arrays.
        0x80..=0x8f => return Some(Head::Holds(2 * low(0x0f))),
        0x90..=0x9f => return Some(Head::Holds(low(0x0f))),
        0xdc | 0xdd => return Some(Head::Holds(cursor.number(2 * width(0xdc))?)),
        0xde | 0xdf => return Some(Head::Holds(2 * cursor.number(2 * width(0xde))?)),
        // Texts and bytes.
        0xa0..=0xbf => cursor.skip(low(0x1f))?,
        0xc4..=0xc6 => skip_measured(cursor, width(0xc4), 0)?,
        0xd9..=0xdb => skip_measured(cursor, width(0xd9), 0)?,
        // Extensions, with a byte that says which.
        0xc7..=0xc9 => skip_measured(cursor, width(0xc7), 1)?,
        0xd4..=0xd8 => cursor.skip(u64::from(width(0xd4)) + 1)?,
        // Numbers.
        0xca | 0xcb => cursor.skip(4 * u64::from(width(0xca)))?,
        0xcc..=0xcf => cursor.skip(width(0xcc).into())?,
        0xd0..=0xd3 => cursor.skip(width(0xd0).into())?,
        // Never used, says the specification.
        0xc1 => return None,
    }
    Some(Head::Whole)
}

fn skip_measured(cursor: &mut Cursor<'_>, width: u32, more: u64) -> Option<()> {
    let length = cursor.number(width)?;
    cursor.skip(length + more)
}
