//! The program: it puts the parts together and runs them until it is asked to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use kit::lifecycle::Part;
use kit::log::Logger;
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Stack};
use kit::{App, Code, Error, observe};
use profilesvc::endpoints::SERVICE;
use profilesvc::settings::{self, Settings};
use profilesvc::store::Profiles;
use profilesvc::{registering, transport};

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
            let _ = writeln!(std::io::stderr(), "profilesvc: {}", error.message());
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
            let instance = registering::instance(settings.advertise.as_deref(), addr)?;
            let registrar = registry.registrar(SERVICE, &health, observe::registration_log(&log))?;
            app.register("registration", registrar, instance)
        }
    };

    let scraped = Arc::clone(&backend);
    let routes = move || transport::http(profiles.clone(), stack.clone(), &scraped, &health);
    // Said when the server answers, is ready, and signals are listened to: whoever reads it may send either at once. It is the
    // last of the start, which is therefore done.
    let started = app.health().clone();
    let announce = async move |_| {
        started.set_started();
        announce(addr);
        Ok(())
    };
    // Stopped last: what the server counted to its end is reported too.
    app.part("metrics", |part| report(part, backend)).http("http", http, routes).job("announce", announce).run().await
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
        "profilesvc listens on http://{addr}; try:\n  \
         curl -si http://{addr}/profiles/ -H 'content-type: application/json' -d '{{\"id\":\"7\",\"name\":\"Ann\"}}'\n  \
         curl -s http://{addr}/profiles/7"
    );
}
