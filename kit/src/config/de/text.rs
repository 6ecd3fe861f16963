//! What the text of a flag or a variable becomes when something else is asked for.

use serde::de::Error as _;

use super::Fault;
use crate::config::error::Place;
use crate::config::value::{Node, Table, Value};

pub(super) fn boolean(text: &str) -> Result<bool, Fault> {
    text.parse().map_err(|_| Fault::custom(format_args!("{text:?} is neither true nor false")))
}

pub(super) fn integer(text: &str) -> Result<i128, Fault> {
    text.parse().map_err(|_| Fault::custom(format_args!("{text:?} is not a whole number")))
}

pub(super) fn float(text: &str) -> Result<f64, Fault> {
    text.parse().map_err(|_| Fault::custom(format_args!("{text:?} is not a number")))
}

/// `a, b` is two, an empty text none.
pub(super) fn list(text: &str, place: &Place) -> Vec<Value> {
    pieces(text).map(|piece| loose(piece, place)).collect()
}

/// `a=1, b=2`
pub(super) fn map(text: &str, place: &Place) -> Result<Table, Fault> {
    let mut table = Table::new();
    for piece in pieces(text) {
        let Some((key, value)) = piece.split_once('=') else {
            return Err(Fault::custom(format_args!("{piece:?} has no value, as in \"key=value,other=value\"")));
        };
        let key = key.trim().to_owned();
        if table.insert(key.clone(), loose(value.trim(), place)).is_some() {
            return Err(Fault::custom(format_args!("{key:?} has two values")));
        }
    }
    Ok(table)
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let empty = text.trim().is_empty();
    text.split(',').map(str::trim).filter(move |_| !empty)
}

fn loose(text: &str, place: &Place) -> Value {
    Value { node: Node::Loose(text.to_owned()), place: place.clone() }
}
