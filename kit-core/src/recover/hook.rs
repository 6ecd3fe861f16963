use std::cell::{Cell, RefCell};
use std::panic;

use super::error::message;

thread_local! {
    /// How many [`Recover`](super::Recover)s are being polled on this thread.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
    /// Message and place of this thread's last panic.
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// A panic that nobody will catch as an error.
#[derive(Debug)]
pub struct PanicReport<'a> {
    /// What it panicked with.
    pub message: &'a str,
    /// `file:line:column`.
    pub place: Option<String>,
}

/// Replaces the process's panic hook: a panic inside [`Recover`](super::Recover) leaves its place for that call's error and
/// prints nothing; any other goes to `report`, on the thread that panics.
///
/// A process has one hook: the last that was set holds. A service with a log sets `kit_log::log_panics` in its place.
pub fn set_panic_hook(report: impl Fn(&PanicReport<'_>) + Send + Sync + 'static) {
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string);
        let message = message(info.payload());
        if CATCHING.get() > 0 {
            LAST.set(place.map(|place| (message.to_owned(), place)));
        } else {
            report(&PanicReport { message, place });
        }
    }));
}

/// The place of the panic just caught on this thread. The hook does not see one that was resumed: what it saw last may be
/// another, that the call swallowed.
pub(super) fn take_place(caught: &str) -> Option<String> {
    LAST.take().filter(|(message, _)| message == caught).map(|(_, place)| place)
}

/// While it lives, this thread's panics are being caught.
pub(super) struct Catching(());

impl Catching {
    pub(super) fn begin() -> Self {
        CATCHING.set(CATCHING.get() + 1);
        Self(())
    }
}

impl Drop for Catching {
    fn drop(&mut self) {
        CATCHING.set(CATCHING.get() - 1);
    }
}
