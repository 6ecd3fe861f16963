//! What goes back as it came.

use kit::{Context, Error, StreamEnd};

/// Comes, and goes back ahead of the messages.
pub(super) const INITIAL: &str = "x-grpc-test-echo-initial";
/// Comes, and goes back behind them.
pub(super) const TRAILING: &str = "x-grpc-test-echo-trailing-bin";

/// Sends back what is to go ahead.
pub(super) fn initial(cx: &mut Context) -> Result<(), Error> {
    match cx.inbound().get(INITIAL).map(str::to_owned) {
        Some(value) => cx.outbound_mut().insert(INITIAL, &value),
        None => Ok(()),
    }
}

/// Leaves at the end what is to follow.
pub(super) fn trailing(value: Option<Vec<u8>>, end: &StreamEnd) -> Result<(), Error> {
    match value {
        Some(value) => end.with_trailers(|trailers| trailers.insert_bin(TRAILING, &value)),
        None => Ok(()),
    }
}
