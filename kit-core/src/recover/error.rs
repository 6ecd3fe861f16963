use std::any::Any;

use super::hook;

/// A call panicked: the cause of the error that its caller gets.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {message}{}", .place.as_deref().map(|place| format!(" (at {place})")).unwrap_or_default())]
pub struct Panicked {
    message: String,
    place: Option<String>,
}

impl Panicked {
    pub(super) fn new(payload: &(dyn Any + Send)) -> Self {
        let message = message(payload);
        Self { message: message.to_owned(), place: hook::take_place(message) }
    }

    /// What it panicked with, if that was text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// `file:line:column`, where [`set_panic_hook`](super::set_panic_hook) is installed.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

/// The text of a panic's payload.
pub(super) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
