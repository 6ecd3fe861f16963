//! The program: it puts the parts together and runs them until it is asked to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use apigateway::settings::{self, Settings};
use apigateway::stringsvc::{SERVICE, Stringsvc};
use apigateway::transport;
use kit::client::Client;
use kit::lifecycle::Part;
use kit::log::Logger;
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Runtime, Stack};
use kit::{App, Code, Error, observe};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read(std::env::args_os().skip(1)) {
        Ok(settings) => settings,
        Err(stop) => return stop.report(),
    };
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log may not exist yet: one line for whoever started it.
            let _ = writeln!(std::io::stderr(), "apigateway: {}", error.message());
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), Error> {
    let log = logger(&settings.log)?;
    let metrics = Registry::new();
    observe::register(&metrics, &log)?;
    let stack = Stack::new(&log, &metrics)?;
    let backend = Provider::open(&settings.metrics, &metrics)
        .map(Arc::new)
        .map_err(|cause| Error::new(Code::InvalidArgument, cause.to_string()).with_cause(cause))?;
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
    let client = Client::builder(source).config(settings.client).start(&log, &metrics)?;
    let stringsvc = Stringsvc::at(&client);

    let scraped = Arc::clone(&backend);
    let routes = move || transport::http(stringsvc.clone(), stack.clone(), &scraped, &health);
    // Stopped last: what the server counted to its end is reported too. The client before the servers, whose last calls it makes.
    let app = app.part("metrics", |part| report(part, backend));
    let explained = client.clone();
    let app = app.part(SERVICE, |part| client.run(part)).http("http", http, routes);
    let app = match debug {
        None => app,
        Some(debug) => app.http("debug", debug, move || transport::debug(&explained)),
    };
    // Said when the server answers, is ready, and signals are listened to: whoever reads it may send either at once. It is the
    // last of the start, which is therefore done.
    let started = app.health().clone();
    let announce = async move |_| {
        started.set_started();
        announce(addr);
        Ok(())
    };
    app.job("announce", announce).run().await
}

async fn report(part: Part, backend: Arc<Provider>) -> Result<(), Error> {
    part.ready();
    part.stopping().await;
    if let Some(backend) = Arc::into_inner(backend) {
        // It waits for a thread of its own.
        let reported = tokio::task::spawn_blocking(move || backend.shutdown(Duration::from_secs(2)));
        reported.await.map_err(Error::bug)?;
    }
    Ok(())
}

fn logger(settings: &settings::Log) -> Result<Logger, Error> {
    let settings::Log { format, level } = settings.clone();
    let config = kit::log::Config { format, level, ..kit::log::Config::default() };
    let log = config.logger(std::io::stderr()).map_err(|cause| Error::boundary(Code::InvalidArgument, cause))?;
    kit::log::log_panics(log.clone());
    Ok(log)
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn announce(addr: SocketAddr) {
    let _ = writeln!(
        std::io::stdout(),
        "apigateway listens on http://{addr}; try:\n  \
         curl -s http://{addr}/stringsvc/uppercase -H 'content-type: application/json' -d '{{\"s\":\"hello\"}}'"
    );
}
