use tokio::signal::unix::{SignalKind, signal};

/// Waits until the process is asked to end: SIGTERM, or SIGINT as Ctrl-C sends it.
///
/// # Panics
/// Outside a tokio runtime with I/O enabled, or if the system refuses a handler, which would leave a process that
/// nobody can stop.
///
/// # Cancel safety
/// Cancel safe; a signal that came while nobody waited is lost.
pub async fn shutdown() {
    let mut terminate = signal(SignalKind::terminate()).expect("a handler for SIGTERM");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a handler for SIGINT");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
