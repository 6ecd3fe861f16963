//! What targets share: a runtime, a server, and what holds of every error.

use std::net::SocketAddr;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use kit::Error;
use kit::http::server::{Config, RouterService, Server};
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

/// A server on a thread of its own, which runs until the process ends.
pub(crate) fn served(routes: fn() -> RouterService) -> SocketAddr {
    let (tell, told) = sync_channel(1);
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a descriptor is left");
        runtime.block_on(async {
            let server = Server::new(Config::default()).expect("the defaults are good");
            let bound = server.bind("127.0.0.1:0").await.expect("a port is free");
            // Who asked waits for it.
            let _ = tell.send(bound.local_addr());
            bound.serve(routes(), std::future::pending()).await
        })
    });
    told.recv().expect("the server listens")
}
