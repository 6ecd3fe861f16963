//! Serves `grpc.testing.TestService` until it is asked to stop.

use std::io::Write as _;
use std::process::ExitCode;

use interop::server::routes;
use interop::settings::ServerSettings;
use kit::http::server::Config;
use kit::log;
use kit::metrics::Registry;
use kit::server::{Listen, Runtime, Stack};
use kit::{App, Error};

#[tokio::main]
async fn main() -> ExitCode {
    match ServerSettings::read(std::env::args_os().skip(1)) {
        Ok(settings) => kit::app::exit("interop-server", run(settings).await),
        Err(stop) => stop.report(),
    }
}

async fn run(settings: ServerSettings) -> Result<(), Error> {
    let addr = settings.addr()?;
    // Kept to the end, when what is queued is written.
    let (log, _written) = log::Config::default().start(std::io::stderr())?;
    let stack = Stack::new(&log, &Registry::new())?;
    let listen = Listen::bind(Config::default(), &addr, Runtime::Stealing).await?;
    let addr = listen.local_addr();
    let greet = move || {
        let _ = writeln!(std::io::stdout(), "interop-server listens on http://{addr}");
    };
    App::new(&log).http("grpc", listen, move || routes(stack.clone()).build()).started(greet).run().await
}
