use std::panic::Location;

use super::Error;
use crate::recover::Panicked;

/// FNV-1a over the places of an error and of the errors it wraps: small, and the same in every process of one build.
pub(super) fn hash(error: &Error) -> u64 {
    let hash = error.wrapped().fold(0xcbf2_9ce4_8422_2325, |hash, error| add(hash, error.place()));
    // Every panic is caught at one place: what tells them apart is where they began.
    let panicked = error.cause::<Panicked>().and_then(Panicked::place).unwrap_or_default();
    panicked.bytes().fold(hash, mix)
}

fn add(hash: u64, place: &Location<'_>) -> u64 {
    let numbers = [place.line().to_le_bytes(), place.column().to_le_bytes()];
    place.file().bytes().chain(numbers.as_flattened().iter().copied()).fold(hash, mix)
}

fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}
