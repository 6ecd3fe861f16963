//! One item after the other.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::de::value::Error as Misfit;
use serde::de::{Expected, Unexpected};

use super::head::{self, Argument, argument};
use crate::codec::scan::Cursor;

/// An item, or the head of one that others are in.
pub(super) enum Item<'a> {
    Unsigned(u64),
    /// −1 less this.
    Negative(u64),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    /// So many items follow; `None` for those up to a break.
    Array(Option<u64>),
    /// So many pairs.
    Map(Option<u64>),
    Tag,
    Bool(bool),
    /// Null, and what is undefined.
    Null,
    Float(f64),
    Simple,
    Break,
}

impl Item<'_> {
    /// That it stands where something else is expected.
    #[cold]
    pub(super) fn misfit(&self, expected: &dyn Expected) -> Misfit {
        let found = match self {
            Item::Unsigned(number) => Unexpected::Unsigned(*number),
            Item::Negative(number) => match i64::try_from(*number) {
                Ok(number) => Unexpected::Signed(!number),
                Err(_) => Unexpected::Other("large negative number"),
            },
            Item::Bytes(bytes) => Unexpected::Bytes(bytes),
            Item::Text(text) => Unexpected::Str(text),
            Item::Array(_) => Unexpected::Seq,
            Item::Map(_) => Unexpected::Map,
            Item::Tag => Unexpected::Other("tag"),
            Item::Bool(is) => Unexpected::Bool(*is),
            Item::Null => Unexpected::Unit,
            Item::Float(number) => Unexpected::Float(*number),
            Item::Simple => Unexpected::Other("simple value"),
            Item::Break => Unexpected::Other("break"),
        };
        Misfit::invalid_type(found, expected)
    }
}

/// The next item of bytes that were found whole.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Result<Item<'a>, Misfit> {
    read(cursor).unwrap_or_else(|| Err(Misfit::custom("it ends too early")))
}

fn read<'a>(cursor: &mut Cursor<'a>) -> Option<Result<Item<'a>, Misfit>> {
    let Argument { major, short, value } = argument(cursor)?;
    Some(Ok(match (major, value) {
        (head::NUMBER, Some(number)) => Item::Unsigned(number),
        (head::NEGATIVE, Some(number)) => Item::Negative(number),
        (head::BYTES, Some(length)) => Item::Bytes(Cow::Borrowed(cursor.take(length)?)),
        (head::BYTES, None) => {
            let mut bytes = Vec::new();
            head::pieces(cursor, major, |piece| bytes.extend_from_slice(piece))?;
            Item::Bytes(Cow::Owned(bytes))
        }
        (head::TEXT, Some(length)) => match std::str::from_utf8(cursor.take(length)?) {
            Ok(text) => Item::Text(Cow::Borrowed(text)),
            Err(_) => return Some(Err(no_utf8())),
        },
        (head::TEXT, None) => {
            // Each piece by itself: RFC 8949, 3.2.3.
            let mut text = Some(String::new());
            head::pieces(cursor, major, |piece| match (&mut text, std::str::from_utf8(piece)) {
                (Some(text), Ok(piece)) => text.push_str(piece),
                _ => text = None,
            })?;
            match text {
                Some(text) => Item::Text(Cow::Owned(text)),
                None => return Some(Err(no_utf8())),
            }
        }
        (head::ARRAY, length) => Item::Array(length),
        (head::MAP, length) => Item::Map(length),
        (head::TAG, Some(_)) => Item::Tag,
        (head::SIMPLE, None) => Item::Break,
        (head::SIMPLE, Some(bits)) => match short {
            20 => Item::Bool(false),
            21 => Item::Bool(true),
            22 | 23 => Item::Null,
            25 => Item::Float(half(bits as u16)),
            26 => Item::Float(f32::from_bits(bits as u32).into()),
            27 => Item::Float(f64::from_bits(bits)),
            _ => Item::Simple,
        },
        _ => return None,
    }))
}

fn no_utf8() -> Misfit {
    Misfit::custom("a text is no UTF-8")
}

/// A float of 16 bits. RFC 8949, appendix D.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (fraction + 1024.0) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_float_is_what_the_appendix_says() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0x3e00, 1.5),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 6.103_515_625e-5),
            (0xc400, -4.0),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan() && half(0x8000).is_sign_negative());
    }
}
