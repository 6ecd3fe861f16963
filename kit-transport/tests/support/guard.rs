use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Ends this process, and every test in it, if it is not dropped in time: a test that waits for what never comes fails.
pub(crate) struct Guard {
    _over: SyncSender<()>,
}

impl Guard {
    pub(crate) fn new() -> Self {
        let (over, is_over) = sync_channel(0);
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        std::thread::spawn(move || {
            if is_over.recv_timeout(Duration::from_secs(120)) == Err(RecvTimeoutError::Timeout) {
                // What is printed by a macro is caught, and lost here.
                let _ = writeln!(std::io::stderr(), "{name} hangs");
                std::process::exit(101);
            }
        });
        Self { _over: over }
    }
}
