//! kit: a router and one endpoint, bare and inside the default stack.

use std::io::{self, Write};

use kit::http::server::{Config, Router, RouterService, json};
use kit::metrics::Registry;
use kit::server::{Listen, Runtime, Stack};
use kit::{Endpoint, Error, request_fn};

use crate::layout::{self, Layout, Place};
use crate::task::{self, Text, UPPERCASE, Value};

/// The endpoint itself.
pub fn uppercase() -> impl Endpoint<Text, Response = Value> + 'static {
    request_fn(async |text: Text| {
        task::uppercase(text).ok_or_else(|| Error::invalid_argument("the string is empty").with_reason("empty_string"))
    })
}

/// The endpoint behind a router, and nothing round it.
///
/// # Errors
/// None: the route is a good one.
pub fn bare() -> Result<RouterService, Error> {
    Router::new().post(&UPPERCASE, json(uppercase())).build()
}

/// The endpoint inside a stack.
///
/// # Errors
/// None: the route is a good one.
pub fn full(stack: Stack) -> Result<RouterService, Error> {
    Router::with(stack).post(&UPPERCASE, json(uppercase())).build()
}

/// The default stack, its lines as a service prints them: logfmt, with the time.
///
/// # Errors
/// None: the settings are the defaults.
pub fn stack(lines: impl Write + Send + 'static) -> Result<Stack, Error> {
    let log = kit::log::Config::default().logger(lines).map_err(Error::bug)?;
    Stack::new(&log, &Registry::new())
}

/// Serves in a layout, an app per core, for ever.
///
/// # Errors
/// The port cannot be had.
pub fn serve(
    place: Place,
    routes: impl Fn() -> Result<RouterService, Error> + Send + Sync + 'static,
) -> io::Result<()> {
    let addr = place.addr.to_string();
    let serving = async |runtime| {
        let listen = Listen::bind(Config::default(), &addr, runtime).await?;
        listen.serve(routes, || {}, std::future::pending()).await.map(drop)
    };
    let served = match place.layout {
        Layout::Stealing => layout::workers()?.block_on(serving(Runtime::Stealing)),
        Layout::PerCore => layout::single()?.block_on(serving(Runtime::PerCore)),
    };
    served.map_err(io::Error::other)
}
