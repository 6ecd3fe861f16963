//! The program: it puts the parts together and runs them until it is asked to stop.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use addsvc::instrumenting::Instrumenting;
use addsvc::registering::{self, SERVICE};
use addsvc::service::Add;
use addsvc::settings::Settings;
use addsvc::transport::{Parts, Wire};
use kit::lifecycle::Part;
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Stack};
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
            let _ = writeln!(std::io::stderr(), "addsvc: {}", error.message());
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), Error> {
    let log = settings.log.logger()?;
    let metrics = Registry::new();
    observe::register(&metrics, &log)?;
    let stack = Stack::new(&log, &metrics)?;
    let backend = Provider::open(&settings.metrics, &metrics)
        .map(Arc::new)
        .map_err(|cause| Error::new(Code::InvalidArgument, cause.to_string()).with_cause(cause))?;
    let app = App::new(&log);
    let health = app.health().clone();

    // A port that is taken ends it before anything else has begun.
    let mut ports = Vec::new();
    for port in settings.ports() {
        let listen = Listen::bind(settings.server.clone(), &port.addr.to_string(), settings.runtime).await?;
        ports.push((listen, port.wires));
    }
    let listening: Vec<_> = ports.iter().map(|(listen, wires)| (listen.local_addr(), wires.clone())).collect();
    let (first, _) = ports.first().ok_or_else(|| Error::invalid_argument("it is to listen nowhere"))?;
    observe::server(&metrics, &first.stats())?;

    let app = match &settings.register {
        None => app,
        Some(registry) => {
            let instance = registering::instance(settings.advertise.as_deref(), first.local_addr())?;
            let registrar = registry.registrar(SERVICE, &health, observe::registration_log(&log))?;
            app.register("registration", registrar, instance)
        }
    };
    let service = Instrumenting::new(&metrics, Add)?;
    let parts = Parts { service, stack, metrics: Arc::clone(&backend), health };
    // Stopped last: what the servers counted to their end is reported too.
    let mut app = app.part("metrics", |part| report(part, backend));
    for (listen, wires) in ports {
        let parts = parts.clone();
        app = app.http(named(&wires), listen, move || parts.routes(&wires));
    }
    drop(parts);
    // Said when the servers answer, are ready, and signals are listened to: whoever reads it may send either at once. It is the
    // last of the start, which is therefore done.
    let started = app.health().clone();
    let announce = async move |_| {
        started.set_started();
        announce(&listening);
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

/// What answers on a port, in one word: a part of the program is called so.
fn named(wires: &[Wire]) -> String {
    wires.iter().map(|wire| wire.as_str()).collect::<Vec<_>>().join("+")
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn announce(ports: &[(SocketAddr, Vec<Wire>)]) {
    let mut text = String::new();
    for (addr, wires) in ports {
        let _ = writeln!(text, "addsvc listens on http://{addr}; {}", named(wires));
    }
    text += "try:\n";
    for (addr, wires) in ports {
        let json = format!("curl -s http://{addr}/");
        if wires.contains(&Wire::Http) {
            let _ = writeln!(text, "  {json}sum -H 'content-type: application/json' -d '{{\"a\":1,\"b\":2}}'");
        }
        if wires.contains(&Wire::Jsonrpc) {
            let call = r#"{"jsonrpc":"2.0","method":"concat","params":{"a":"1","b":"2"},"id":1}"#;
            let _ = writeln!(text, "  {json}rpc -H 'content-type: application/json' -d '{call}'");
        }
    }
    let _ = std::io::stdout().write_all(text.as_bytes());
}
