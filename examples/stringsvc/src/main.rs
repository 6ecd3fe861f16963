//! The program: it puts the parts together and runs them until it is asked to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use kit::log::Logger;
use kit::metrics::Registry;
use kit::server::{Listen, Stack};
use kit::{App, Code, Error, observe};
use stringsvc::instrumenting::Instrumenting;
use stringsvc::logging::Logging;
use stringsvc::proxying::{self, Proxying};
use stringsvc::service::{StringService, Strings};
use stringsvc::settings::{self, Settings};
use stringsvc::transport;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(stop) => return stop.report(),
    };
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log may not exist yet: one line for whoever started it.
            let _ = writeln!(std::io::stderr(), "stringsvc: {}", error.message());
            ExitCode::FAILURE
        }
    }
}

async fn run(mut settings: Settings) -> Result<(), Error> {
    match settings.proxy.take() {
        None => serve(settings, || Ok(Strings)).await,
        Some(url) => {
            // Refused here, and not by the first core that builds its routes.
            proxying::to(&url)?;
            serve(settings, move || Ok(Proxying::new(proxying::to(&url)?, Strings))).await
        }
    }
}

/// Serves what `service` makes: once, or once for each core, whose client it then has for itself.
async fn serve<S, F>(settings: Settings, service: F) -> Result<(), Error>
where
    S: StringService + Clone,
    F: Fn() -> Result<S, Error> + Send + Sync + 'static,
{
    let log = logger(&settings.log)?;
    let metrics = Registry::new();
    observe::register(&metrics, &log)?;
    let stack = Stack::new(&log, &metrics)?;
    let app = App::new(&log);
    let health = app.health().clone();

    let http = Listen::bind(settings.server, &settings.addr.to_string(), settings.runtime).await?;
    observe::server(&metrics, &http.stats())?;
    announce(http.local_addr());
    let routes = move || {
        let service = Logging::new(log.clone(), service()?);
        transport::http(Instrumenting::new(&metrics, service)?, stack.clone(), &metrics, &health)
    };
    app.http(http, routes).run().await
}

fn logger(settings: &settings::Log) -> Result<Logger, Error> {
    let settings::Log { format, level } = settings.clone();
    let config = kit::log::Config { format, level, ..kit::log::Config::default() };
    let log = config.logger(std::io::stderr()).map_err(|cause| Error::boundary(Code::InvalidArgument, cause))?;
    let panics = log.clone();
    kit::recover::set_panic_hook(move |panic| {
        kit::log::error!(panics, "panic"; "error" => panic.message, "error_at" => panic.place.clone());
    });
    Ok(log)
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn announce(addr: SocketAddr) {
    let _ = writeln!(
        std::io::stdout(),
        "stringsvc listens on http://{addr}; try:\n  \
         curl -s http://{addr}/uppercase -H 'content-type: application/json' -d '{{\"s\":\"hello\"}}'"
    );
}
