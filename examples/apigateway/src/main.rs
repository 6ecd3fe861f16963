//! The program: it puts the parts together and runs them until it is asked to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use addsvc::service::SERVICE as ADDSVC;
use apigateway::settings::{Addsvc, Settings};
use apigateway::stringsvc::{SERVICE, Stringsvc};
use apigateway::transport;
use kit::client::Client;
use kit::log::log_panics;
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Runtime, Stack};
use kit::{App, Error, observe};

#[tokio::main]
async fn main() -> ExitCode {
    match Settings::read(std::env::args_os().skip(1)) {
        Ok(settings) => kit::app::exit("apigateway", run(settings).await),
        Err(stop) => stop.report(),
    }
}

async fn run(settings: Settings) -> Result<(), Error> {
    // Kept to the end, when what is queued is written.
    let (log, _written) = settings.log.start(std::io::stderr())?;
    log_panics(log.clone());
    let metrics = Registry::new();
    observe::register(&metrics, &log)?;
    let stack = Stack::new(&log, &metrics)?;
    let backend = Provider::open(&settings.metrics, &metrics)?;
    let app = App::new(&log);
    let health = app.health().clone();

    // A port that is taken ends it before anything else has begun.
    let http = Listen::bind(settings.server.clone(), &settings.addr.to_string(), settings.runtime).await?;
    observe::server(&metrics, &http.stats())?;
    let addr = http.local_addr();
    let debug = match settings.debug_addr {
        None => None,
        Some(addr) => Some(Listen::bind(settings.server, &addr.to_string(), Runtime::Stealing).await?),
    };

    let source = settings.discover.start(SERVICE, observe::discovery_log(&log))?;
    let strings = Client::builder(source).config(settings.client.clone()).start(&log, &metrics)?;
    let stringsvc = Stringsvc::at(&strings);
    let Addsvc { discover, transport } = settings.addsvc;
    let source = discover.unwrap_or(settings.discover).start(ADDSVC, observe::discovery_log(&log))?;
    let addsvc = addsvc::client::Client::new(transport, source, settings.client, &log, &metrics)?;

    // Stopped last: what the server counted to its end is reported too. The clients before the servers, whose last calls they make.
    let app = app.metrics("metrics", &backend);
    let explained = [strings.clone(), addsvc.instances().clone()];
    let closed = addsvc.clone();
    let app = app.part(SERVICE, |part| strings.run(part)).part(ADDSVC, |part| closed.run(part));
    let routes = move || transport::http(stringsvc.clone(), addsvc.clone(), stack.clone(), &backend, &health);
    let app = app.http("http", http, routes);
    let app = match debug {
        None => app,
        Some(debug) => app.http("debug", debug, move || transport::debug(&explained)),
    };
    app.started(move || greet(addr)).run().await
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn greet(addr: SocketAddr) {
    let _ = writeln!(
        std::io::stdout(),
        "apigateway listens on http://{addr}; try:\n  \
         curl -s http://{addr}/stringsvc/uppercase -H 'content-type: application/json' -d '{{\"s\":\"hello\"}}'\n  \
         curl -s http://{addr}/addsvc/sum -H 'content-type: application/json' -d '{{\"a\":1,\"b\":2}}'"
    );
}
