//! Logging as a middleware of the service, written out the Go kit way: it knows the operations and may say what they did.
//!
//! It logs at debug: the stack logs each call already, without knowing what it was about.

use kit::log::Logger;
use kit::{Context, Error};

use crate::service::StringService;

/// Logs what each operation was given and what came of it.
#[derive(Clone, Debug)]
pub struct Logging<S> {
    log: Logger,
    next: S,
}

impl<S> Logging<S> {
    /// Logs the operations of `next` to `log`.
    pub fn new(log: Logger, next: S) -> Self {
        Self { log, next }
    }
}

impl<S: StringService> StringService for Logging<S> {
    async fn uppercase(&self, cx: &mut Context, text: String) -> Result<String, Error> {
        let input = text.clone();
        let result = self.next.uppercase(cx, text).await;
        match &result {
            Ok(output) => kit::log::debug!(self.log; "operation" => "uppercase", "input" => input, "output" => output),
            Err(error) => kit::log::debug!(self.log; "operation" => "uppercase", "input" => input, "error" => #error),
        }
        result
    }

    async fn count(&self, cx: &mut Context, text: String) -> Result<usize, Error> {
        let input = text.clone();
        let result = self.next.count(cx, text).await;
        match &result {
            Ok(count) => kit::log::debug!(self.log; "operation" => "count", "input" => input, "count" => count),
            Err(error) => kit::log::debug!(self.log; "operation" => "count", "input" => input, "error" => #error),
        }
        result
    }
}
