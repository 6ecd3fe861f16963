//! The program: it puts the parts together and runs them until it is asked to stop.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use addsvc::instrumenting::Instrumenting;
use addsvc::registering;
use addsvc::service::{Add, SERVICE};
use addsvc::settings::Settings;
use addsvc::transport::{Parts, Wire};
use kit::log::log_panics;
use kit::metrics::{Provider, Registry};
use kit::server::{Listen, Stack};
use kit::{App, Error, observe};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read(std::env::args_os().skip(1)) {
        Ok(settings) => settings,
        Err(stop) => return stop.report(),
    };
    kit::app::exit("addsvc", run(settings).await)
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
    let mut ports = Vec::new();
    for port in settings.ports() {
        let listen = Listen::bind(settings.server.clone(), &port.addr.to_string(), settings.runtime).await?;
        ports.push((listen, port.wires));
    }
    let listening: Vec<_> = ports.iter().map(|(listen, wires)| (listen.local_addr(), wires.clone())).collect();
    let stats: Vec<_> = ports.iter().map(|(listen, _)| listen.stats()).collect();
    observe::servers(&metrics, &stats)?;

    let app = match &settings.register {
        None => app,
        Some(registry) => {
            let instance = registering::instance(&listening, settings.advertise.as_deref())?;
            let registrar = registry.registrar(SERVICE, &health, observe::registration_log(&log))?;
            app.register("registration", registrar, instance)
        }
    };
    let service = Instrumenting::new(&metrics, Add)?;
    // Stopped last: what the servers counted to their end is reported too.
    let mut app = app.metrics("metrics", &backend);
    let parts = Parts { service, stack, metrics: backend, health };
    for (listen, wires) in ports {
        let parts = parts.clone();
        app = app.http(named(&wires), listen, move || parts.routes(&wires));
    }
    app.started(move || greet(&listening)).run().await
}

/// What answers on a port, in one word: a part of the program is called so.
fn named(wires: &[Wire]) -> String {
    wires.iter().map(|wire| wire.as_str()).collect::<Vec<_>>().join("+")
}

/// For whoever starts it at a terminal. A closed stdout is no reason to stop.
fn greet(ports: &[(SocketAddr, Vec<Wire>)]) {
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
        if wires.contains(&Wire::Grpc) {
            let _ = writeln!(text, "  {} series 1 1 5 100ms --transport grpc --addr {addr}", addcli());
        }
    }
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// How addcli is called here: beside this program, if it was built, or built first.
fn addcli() -> String {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("addcli")).filter(|addcli| addcli.is_file());
    beside.map_or("cargo run -q -p addsvc --bin addcli --".into(), |addcli| addcli.display().to_string())
}
