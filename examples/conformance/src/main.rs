//! `conformance [--addr A] [--h2-addr A]`: serves until it is asked to stop.

use std::io::Write as _;
use std::process::ExitCode;

use conformance::routes::routes;
use kit::http::server::Config;
use kit::log::Config as LogConfig;
use kit::metrics::Registry;
use kit::server::{Listen, Runtime, Stack};
use kit::{App, Error};

#[tokio::main]
async fn main() -> ExitCode {
    kit::app::exit("conformance", run().await)
}

async fn run() -> Result<(), Error> {
    let (addr, h2_addr) = flags(std::env::args().skip(1))?;
    let log = LogConfig::default().logger(std::io::stderr())?;
    let stack = Stack::new(&log, &Registry::new())?;

    let both = Listen::bind(Config::default(), &addr, Runtime::Stealing).await?;
    let mut only = Config::default();
    only.http2_only = true;
    let only = Listen::bind(only, &h2_addr, Runtime::Stealing).await?;
    let _ = writeln!(
        std::io::stdout(),
        "http://{} (HTTP/1.1 and HTTP/2)\nhttp://{} (HTTP/2 alone)",
        both.local_addr(),
        only.local_addr()
    );

    let again = stack.clone();
    App::new(&log)
        .http("http", both, move || routes(stack.clone()))
        .http("http2", only, move || routes(again.clone()))
        .run()
        .await
}

/// The two addresses.
fn flags(mut given: impl Iterator<Item = String>) -> Result<(String, String), Error> {
    let (mut addr, mut h2_addr) = (String::from("127.0.0.1:8090"), String::from("127.0.0.1:8091"));
    while let Some(flag) = given.next() {
        let into = match flag.as_str() {
            "--addr" => &mut addr,
            "--h2-addr" => &mut h2_addr,
            other => {
                return Err(Error::invalid_argument(format!("{other} is no flag; there are --addr and --h2-addr")));
            }
        };
        *into = given.next().ok_or_else(|| Error::invalid_argument(format!("{flag} needs an address")))?;
    }
    Ok((addr, h2_addr))
}
