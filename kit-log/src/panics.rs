//! Panics in the log.

use kit_core::recover::{PanicReport, set_panic_hook};

use crate::logger::Logger;

/// From now on a panic is one line: this replaces the process's panic hook, and with it what std prints to stderr.
///
/// A panic inside a call, which [`Recover`](kit_core::recover::Recover) catches, leaves its place for that call's error, and is
/// in the line of the call, or of the stack's net, and nowhere else. Any other is logged as an error, on the thread that panics,
/// and flushed before anything unwinds: the line reaches its writer even if the program is about to abort, and even if a
/// thread other than `main` panics, in which case no guard is dropped. Flushing waits at most for
/// [`Queue::patience`](crate::Queue::patience).
///
/// It is [`set_panic_hook`] with a log behind it. There is one hook: of the two, and of any other, the last that was set holds.
///
/// Give it a logger whose context is plain: a lazy value that panics while a panic is logged aborts the program.
///
/// # Examples
/// ```
/// # let log = kit_log::Logger::discard();
/// kit_log::log_panics(log.clone()); // level=error msg=panic panic="index out of bounds" at=src/cart.rs:7:5 thread=main
/// ```
pub fn log_panics(log: Logger) {
    set_panic_hook(move |panic| report(&log, panic));
}

fn report(log: &Logger, panic: &PanicReport<'_>) {
    let thread = std::thread::current();
    crate::error!(log, "panic"; "panic" => panic.message, "at" => panic.place.as_deref(), "thread" => thread.name());
    // A drain that cannot flush, or not in time, must not keep the program from its panic.
    let _ = log.flush();
}
