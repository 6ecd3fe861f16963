//! Panics become errors: a bug of one call, not the end of the process.
//!
//! Innermost in a stack, so that a panic in a handler still has its log line, its count and its outcome; and once more
//! outermost, as a net for the layers between.
//!
//! std's own hook prints a panic to stderr before anybody catches it. A service that keeps its output to one format installs
//! [`set_panic_hook`]: what [`Recover`] will catch is kept for its error, the rest goes to the hook's reporter. With kit-log that is
//! `kit_log::log_panics`, which is this hook with a log behind it.
//!
//! What runs outside a call, such as a stream that is polled when its call has long been answered, goes through [`catch`]; what a user
//! gave to a task that must go on, such as an observer, through [`contain`].

mod catch;
mod contain;
mod endpoint;
mod error;
mod future;
mod hook;
mod layer;
#[cfg(test)]
mod tests;

pub use catch::catch;
pub use contain::{Contained, contain};
pub use endpoint::Recover;
pub use error::Panicked;
pub use hook::{PanicReport, set_panic_hook};
pub use layer::RecoverLayer;
