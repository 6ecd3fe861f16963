//! The program: it puts the parts together and runs them until it is asked to stop.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kit::http::server::{Config, Server};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::server::Stack;
use kit::{Code, Error};
use stringsvc::flags::Flags;
use stringsvc::instrumenting::Instrumenting;
use stringsvc::logging::Logging;
use stringsvc::proxying::{self, Proxying};
use stringsvc::service::{StringService, Strings};
use stringsvc::transport;

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Flags::read() {
        Ok(flags) => run(flags).await.map_err(|error| error.message().to_owned()),
        Err(line) => Err(line),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            // The log may not exist yet: one line for whoever started it.
            let _ = writeln!(std::io::stderr(), "stringsvc: {line}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), Error> {
    let log = logger(&flags)?;
    let metrics = Registry::new();
    match &flags.proxy {
        None => serve(Strings, flags, log, metrics).await,
        Some(url) => {
            let uppercase = proxying::to(url)?;
            serve(Proxying::new(uppercase, Strings), flags, log, metrics).await
        }
    }
}

async fn serve(service: impl StringService + Clone, flags: Flags, log: Logger, metrics: Registry) -> Result<(), Error> {
    let service = Instrumenting::new(&metrics, Logging::new(log.clone(), service))?;
    let stack = Stack::new(&log, &metrics)?;
    let ready = Arc::new(AtomicBool::new(true));
    let routes = transport::http(service, stack, metrics, Arc::clone(&ready))?;

    let bound = Server::new(Config::default())?.bind(flags.addr).await?;
    announce(bound.local_addr());
    let stop = async {
        kit::shutdown().await;
        ready.store(false, Ordering::Relaxed);
        kit::log::info!(log, "draining");
    };
    let drained = bound.serve(routes, stop).await;
    kit::log::info!(log, "stopped"; "aborted" => drained.aborted);
    Ok(())
}

fn logger(flags: &Flags) -> Result<Logger, Error> {
    let config = kit::log::Config {
        format: flags.log_format.into(),
        level: flags.log_level.clone(),
        ..kit::log::Config::default()
    };
    let log = config.logger(std::io::stderr()).map_err(|cause| Error::boundary(Code::InvalidArgument, cause))?;
    let panics = log.clone();
    kit::recover::set_panic_hook(move |panic| {
        kit::log::error!(panics, "panic"; "error" => panic.message, "error_at" => panic.place.clone());
    });
    Ok(log)
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn announce(addr: std::net::SocketAddr) {
    let _ = writeln!(
        std::io::stdout(),
        "stringsvc listens on http://{addr}; try:\n  \
         curl -s http://{addr}/uppercase -H 'content-type: application/json' -d '{{\"s\":\"hello\"}}'"
    );
}
