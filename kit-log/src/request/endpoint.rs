use kit_core::{Context, Endpoint, Error};
use tokio::time::Instant;

use super::line::{Line, Side};
use crate::logger::Logger;

/// Logs one line per call: info for what worked or was the caller's mistake, warn for what was refused or too late, error for
/// what failed.
///
/// # Cancel safety
/// A call that is dropped is logged as cancelled. One that unwinds is not logged here: who catches the panic does that.
#[derive(Clone, Debug)]
pub struct RequestLog<E> {
    inner: E,
    log: Logger,
    side: Side,
}

impl<E> RequestLog<E> {
    pub(super) fn new(inner: E, log: Logger, side: Side) -> Self {
        Self { inner, log, side }
    }
}

impl<E, Req> Endpoint<Req> for RequestLog<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let mut line = Line::begin(&self.log, self.side, cx);
        let result = self.inner.call(cx, request).await;
        line.learn(cx);
        match (cx.stream(), &result) {
            (Some(end), Ok(_)) => {
                let line = line.outlive();
                end.attach(move |ended| line.end(ended.outcome(), ended.error(), Instant::now()));
            }
            _ => line.end(cx.outcome_of(&result), result.as_ref().err(), cx.end()),
        }
        result
    }
}
