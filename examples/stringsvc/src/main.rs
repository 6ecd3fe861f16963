//! The program: it puts the parts together and runs them until it is asked to stop; or it watches who answers.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use kit::discovery::registration;
use kit::log::{Logger, log_panics};
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Stack};
use kit::{App, Error, observe};
use stringsvc::endpoints::SERVICE;
use stringsvc::instrumenting::Instrumenting;
use stringsvc::logging::Logging;
use stringsvc::proxying::{self, Proxying};
use stringsvc::service::{StringService, Strings};
use stringsvc::settings::Settings;
use stringsvc::{transport, watching};

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    let watches = args.next_if(|arg| arg == "watch").is_some();
    let settings = match Settings::read(args) {
        Ok(settings) => settings,
        Err(stop) => return stop.report(),
    };
    kit::app::exit("stringsvc", if watches { watch(settings).await } else { run(settings).await })
}

async fn watch(settings: Settings) -> Result<(), Error> {
    let (log, _written) = settings.log.start(std::io::stderr())?;
    log_panics(log.clone());
    let source = settings.discover.ok_or_else(|| Error::invalid_argument("watch what? --discover says where"))?;
    watching::watch(&source, &log, std::io::stdout()).await
}

async fn run(settings: Settings) -> Result<(), Error> {
    if settings.discover.is_some() {
        return Err(Error::invalid_argument("discover is a setting of `stringsvc watch`, which serves nothing"));
    }
    // Kept to the end, when what is queued is written.
    let (log, _written) = settings.log.start(std::io::stderr())?;
    log_panics(log.clone());
    let metrics = Registry::new();
    observe::register(&metrics, &log)?;
    let app = App::new(&log);
    // A port that is taken ends it before anything else has begun.
    let http = Listen::bind(settings.server.clone(), &settings.addr.to_string(), settings.runtime).await?;
    match &settings.proxy {
        None => serve(settings, app, http, log, metrics, Strings).await,
        Some(upstream) => {
            let client = upstream.client(settings.client.clone(), &log, &metrics)?;
            let service = Proxying::new(proxying::uppercase(&client)?, Strings);
            // Before the server, which stops first: its last calls still find the others.
            let app = app.part("proxy", |part| client.run(part));
            serve(settings, app, http, log, metrics, service).await
        }
    }
}

/// Serves `service` until it is asked to stop.
async fn serve<S: StringService + Clone>(
    settings: Settings,
    app: App,
    http: Listen,
    log: Logger,
    metrics: Registry,
    service: S,
) -> Result<(), Error> {
    let stack = Stack::new(&log, &metrics)?;
    let backend = Provider::open(&settings.metrics, &metrics)?;
    let health = app.health().clone();

    observe::server(&metrics, &http.stats())?;
    let addr = http.local_addr();
    let app = match &settings.register {
        None => app,
        Some(registry) => {
            let instance = registration::instance(addr, settings.advertise.as_deref())?;
            let registrar = registry.registrar(SERVICE, &health, observe::registration_log(&log))?;
            app.register("registration", registrar, instance)
        }
    };
    // Stopped last: what the server counted to its end is reported too.
    let app = app.metrics("metrics", &backend);
    let routes = move || {
        let service = Logging::new(log.clone(), service.clone());
        transport::http(Instrumenting::new(&metrics, service)?, stack.clone(), &backend, &health)
    };
    app.http("http", http, routes).started(move || greet(addr)).run().await
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn greet(addr: SocketAddr) {
    let _ = writeln!(
        std::io::stdout(),
        "stringsvc listens on http://{addr}; try:\n  \
         curl -s http://{addr}/uppercase -H 'content-type: application/json' -d '{{\"s\":\"hello\"}}'"
    );
}
