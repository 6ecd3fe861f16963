//! One wide line per call, for servers and for clients.
//!
//! ```text
//! level=info ts=… msg=request side=server method=stringsvc.uppercase outcome=success code=OK duration_ms=0.213 received_bytes=13 sent_bytes=13 request_id=5f0c… peer=127.0.0.1:51234
//! ```
//!
//! An answer that a [fallback](kit_core::Context::fallback) gave says how the call itself had ended: `outcome=success code=OK
//! duration_ms=250.117 fallback=timed_out`.
//!
//! An error is logged here, once, with everything it knows ([`kit_core::error::Report`]). The line of a streamed answer is
//! written at the end of the stream; that of a call whose caller went away, when it went.

mod endpoint;
mod layer;
mod line;
mod short;
#[cfg(test)]
mod tests;

pub use endpoint::RequestLog;
pub use layer::RequestLogLayer;

use kit_core::Context;
use kit_core::error::Report;
use slog::{KV, Key, Record, Serializer, o};

use crate::logger::Logger;

/// The logger of one call: `log`, with the call's `request_id` on every line, and its `trace_id` and `span_id` if it is traced.
///
/// ```
/// use kit_core::{Context, RequestId};
/// use kit_log::{Logger, logfmt, request};
///
/// let log = Logger::new(logfmt(std::io::stderr()));
/// let mut cx = Context::new();
/// cx.set_request_id(RequestId::from_bits(7));
/// kit_log::info!(request::logger(&log, &cx), "halfway"); // level=info request_id=00000000000000000000000000000007 msg=halfway
/// ```
pub fn logger(log: &Logger, cx: &Context) -> Logger {
    let log = match cx.request_id() {
        Some(id) => log.with(o!("request_id" => id.to_string())),
        None => log.clone(),
    };
    match cx.span() {
        Some(span) => log.with(o!("trace_id" => span.trace_id().to_string(), "span_id" => span.span_id().to_string())),
        None => log,
    }
}

/// The pairs of an error's report, for any line: `kit_log::error!(log, "cannot start"; reported(&error))`.
pub fn reported(error: &kit_core::Error) -> Reported<'_> {
    Reported(error.report())
}

/// The pairs of an error's report: made by [`reported`].
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a>(Report<'a>);

impl KV for Reported<'_> {
    /// Last pair first: slog's own lists are so, and drains turn them round. The report is walked once for each of its
    /// dozen parts, since what it hands out does not outlive the hand.
    fn serialize(&self, _record: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let mut parts = 0;
        self.0.pairs(|_, _| parts += 1);
        for wanted in (0..parts).rev() {
            let (mut at, mut result) = (0, Ok(()));
            self.0.pairs(|key, value| {
                if at == wanted {
                    result = to.emit_arguments(Key::from(key), &format_args!("{value}"));
                }
                at += 1;
            });
            result?;
        }
        Ok(())
    }
}
