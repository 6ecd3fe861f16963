//! The program: it puts the parts together and runs them until it is asked to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use kit::discovery::registration;
use kit::log::log_panics;
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Stack};
use kit::{App, Error, observe};
use profilesvc::endpoints::SERVICE;
use profilesvc::settings::Settings;
use profilesvc::store::Profiles;
use profilesvc::transport;

#[tokio::main]
async fn main() -> ExitCode {
    match Settings::read(std::env::args_os().skip(1)) {
        Ok(settings) => kit::app::exit("profilesvc", run(settings).await),
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

    let profiles = Profiles::new(settings.max_profiles)?;
    let counted = profiles.clone();
    metrics
        .gauge_fn("profilesvc_profiles", "Profiles that are kept.", move || counted.count() as f64)
        .map_err(Error::bug)?;

    // A port that is taken ends it before anything else has begun.
    let http = Listen::bind(settings.server, &settings.addr.to_string(), settings.runtime).await?;
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
    let routes = move || transport::http(profiles.clone(), stack.clone(), &backend, &health);
    app.http("http", http, routes).started(move || greet(addr)).run().await
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn greet(addr: SocketAddr) {
    let _ = writeln!(
        std::io::stdout(),
        "profilesvc listens on http://{addr}; try:\n  \
         curl -si http://{addr}/profiles/ -H 'content-type: application/json' -d '{{\"id\":\"7\",\"name\":\"Ann\"}}'\n  \
         curl -s http://{addr}/profiles/7"
    );
}
