//! `examples/stringsvc`: its routes as it has them, and the same without logs and metrics.

use std::io::Write;

use kit::http::server::{Router, RouterService, json};
use kit::metrics::{Provider, Registry};
use kit::server::{Stack, slot};
use kit::{Error, Health};
use stringsvc::endpoints::{self, COUNT, UPPERCASE};
use stringsvc::instrumenting::Instrumenting;
use stringsvc::logging::Logging;
use stringsvc::service::Strings;
use stringsvc::transport;

/// All on: the default stack, the example's own middlewares, and a backend that is scraped.
///
/// # Errors
/// None: the settings are the defaults.
pub fn on(lines: impl Write + Send + 'static) -> Result<RouterService, Error> {
    let log = kit::log::Config::default().logger(lines)?;
    let metrics = Registry::new();
    let stack = Stack::new(&log, &metrics)?;
    let backend = Provider::open("prometheus", &metrics)?;
    let service = Instrumenting::new(&metrics, Logging::new(log, Strings))?;
    transport::http(service, stack, &backend, &Health::new())
}

/// All off: neither a layer nor a middleware that logs or counts; panics are caught, calls have a name and a deadline.
///
/// # Errors
/// None: the routes are good ones.
pub fn off() -> Result<RouterService, Error> {
    let stack = Stack::new(&kit::log::Logger::discard(), &Registry::new())?;
    Router::with(stack.remove(slot::Metrics).remove(slot::Log))
        .post(&UPPERCASE, json(endpoints::uppercase(Strings)))
        .post(&COUNT, json(endpoints::count(Strings)))
        .build()
}
