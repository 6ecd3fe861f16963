//! What targets share: a runtime, and what holds of every error.

use std::time::Duration;

use kit::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a descriptor is left");
}

/// Far more than anything here takes: whatever waits longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs it to its end.
///
/// # Panics
/// If it has none.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(async { timeout(PATIENCE, future).await.expect("it hangs") }))
}

/// Of an error that may be shown: it repeats no more of a stranger's input than a line holds, and nothing that ends a line.
pub(crate) fn may_be_shown(error: &Error) {
    let line = error.message();
    assert!(line.len() <= 2048, "a line of {} bytes", line.len());
    assert!(!line.contains(['\n', '\r', '\0', '\u{1b}']), "{line:?}");
}
