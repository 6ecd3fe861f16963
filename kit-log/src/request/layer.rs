use kit_core::Layer;
use kit_core::order::{Placed, place};

use super::RequestLog;
use super::line::Side;
use crate::logger::Logger;

/// Logs one line per call.
#[derive(Clone, Debug)]
pub struct RequestLogLayer {
    log: Logger,
    side: Side,
}

impl RequestLogLayer {
    /// Logs the calls that are served here.
    pub fn server(log: &Logger) -> Self {
        Self { log: log.clone(), side: Side::Server }
    }

    /// Logs the calls that are made to others.
    pub fn client(log: &Logger) -> Self {
        Self { log: log.clone(), side: Side::Client }
    }
}

impl<E> Layer<E> for RequestLogLayer {
    type Service = RequestLog<E>;

    fn layer(&self, inner: E) -> Self::Service {
        RequestLog::new(inner, self.log.clone(), self.side)
    }
}

impl Placed for RequestLogLayer {
    type Place = place::Any;
}
