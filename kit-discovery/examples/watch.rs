//! Prints the set of a service as it changes: `watch dns NAME [PORT] [--server ADDRESS]` or `watch file PATH`.

use kit_core::Error;
use kit_discovery::dns::{self, DnsSource};
use kit_discovery::file::{self, FileSource};
use kit_discovery::{Discovery, Instancer as _, State};

#[allow(clippy::print_stdout, reason = "it is what the program is for")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let discovery = match args.as_slice() {
        ["file", path] => Discovery::of(*path, FileSource::new(file::Config::new(*path))?).start()?,
        ["dns", name, rest @ ..] => {
            let (port, server) = match rest {
                [] => (None, None),
                ["--server", server] => (None, Some(server)),
                [port] => (Some(port), None),
                [port, "--server", server] => (Some(port), Some(server)),
                _ => return Err(usage()),
            };
            let mut config = match port {
                Some(port) => dns::Config::host(*name, port.parse().map_err(|_| usage())?),
                None => dns::Config::srv(*name),
            };
            if let Some(server) = server {
                config = config.server(server.parse().map_err(|_| usage())?);
            }
            Discovery::of(*name, DnsSource::new(config)?).start()?
        }
        _ => return Err(usage()),
    };
    let mut subscription = discovery.subscribe();
    loop {
        println!("{}", line(&subscription.changed().await?));
    }
}

fn usage() -> Error {
    Error::invalid_argument("watch dns NAME [PORT] [--server ADDRESS], or watch file PATH")
}

/// `2: 127.0.0.1:9001 127.0.0.1:9002 (0 skipped)`, and what is wrong.
fn line(state: &State) -> String {
    let mut line = format!("{}:", state.generation());
    for instance in state.instances().into_iter().flatten() {
        line = format!("{line} {} p{} w{}", instance.address, instance.priority, instance.weight);
    }
    if state.skipped_count() > 0 {
        line = format!("{line} ({} skipped)", state.skipped_count());
    }
    match state.error() {
        Some(error) => format!("{line} failing: {error}"),
        None => line,
    }
}
