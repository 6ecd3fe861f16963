use std::panic::Location;

use super::Error;

/// FNV-1a over the places of an error and of the errors it wraps: small, and the same in every process of one build.
pub(super) fn hash(error: &Error) -> u64 {
    let inner = error.chain().filter_map(|cause| cause.downcast_ref::<Error>());
    std::iter::once(error).chain(inner).fold(0xcbf2_9ce4_8422_2325, |hash, error| add(hash, error.place()))
}

fn add(hash: u64, place: &Location<'_>) -> u64 {
    let numbers = [place.line().to_le_bytes(), place.column().to_le_bytes()];
    let bytes = place.file().as_bytes().iter().chain(numbers.as_flattened());
    bytes.fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
