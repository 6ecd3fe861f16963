//! Panics in the log.

use std::panic::{self, PanicHookInfo};

use crate::logger::Logger;

/// From now on every panic of the program is logged as an error and flushed, before whatever hook was there runs.
///
/// The line reaches its writer even if the program is about to abort, and even if a thread other than `main` panics, in
/// which case no guard is dropped. Flushing waits at most for [`Queue::patience`](crate::Queue::patience). A panic that
/// somebody catches is logged too.
///
/// Give it a logger whose context is plain: a lazy value that panics while a panic is logged aborts the program.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// kit_log::log_panics(log.clone()); // level=error msg=panic panic="index out of bounds" at=src/cart.rs:7 thread=main
/// ```
pub fn log_panics(log: Logger) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(&log, info);
        before(info);
    }));
}

fn report(log: &Logger, info: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    crate::error!(log, "panic";
        "panic" => info.payload_as_str().unwrap_or("no message"),
        "at" => info.location().map(|place| format!("{}:{}", place.file(), place.line())),
        "thread" => thread.name());
    // A drain that cannot flush, or not in time, must not keep the program from its panic.
    let _ = log.flush();
}
