//! What the program is told: by a file, by `KIT_…` in the environment, or by flags, which are the strongest.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use addsvc::client::Transport;
use kit::client;
use kit::config::{Loader, Stop};
use kit::discovery::Spec;
use kit::http::server;
use kit::log;
use kit::server::Runtime;
use serde::{Deserialize, Serialize};

/// All settings, the same in code, in a file, in the environment and as flags.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where to listen. Default 127.0.0.1:8000, Go kit's port: nobody but this machine.
    pub addr: SocketAddr,
    /// Where the services are looked for: `consul:HOST:PORT`, `etcd:HOST:PORT,…/PREFIX`, `dns:NAME`, `file:PATH`, `static:HOST:PORT,…`.
    /// Default the Consul agent of this machine.
    pub discover: Spec,
    /// How addsvc is found and called, where that is another matter.
    pub addsvc: Addsvc,
    /// Where an operator is told who is called and why, at `/instances/stringsvc` and `/instances/addsvc`. Default none: it names
    /// addresses, and belongs on loopback.
    pub debug_addr: Option<SocketAddr>,
    /// How connections are run: `stealing` or `per-core`. Default stealing.
    pub runtime: Runtime,
    /// Where metrics go: `prometheus` (they are scraped at `/metrics`), `statsd:HOST:PORT`, `dogstatsd:HOST:PORT`, `stdout`. Default
    /// prometheus.
    pub metrics: String,
    /// What is logged, and how.
    pub log: log::Config,
    /// How connections are treated.
    pub server: server::Config,
    /// How the services are called. Default what [`client::Config`] says, within 500 ms in all as in Go kit, and 150 ms an attempt, so that
    /// an instance that hangs leaves time for two others.
    pub client: client::Config,
}

/// The settings of addsvc alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Addsvc {
    /// Where it is looked for instead. Default none: where the others are, which is well for those who go by names.
    pub discover: Option<Spec>,
    /// The wire that it is called over, whatever the gateway is called over: `http`, `jsonrpc` or `grpc`. Default grpc, as
    /// in Go kit's.
    pub transport: Transport,
}

impl Default for Addsvc {
    fn default() -> Self {
        Self { discover: None, transport: Transport::Grpc }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let mut client = client::Config::default();
        client.deadline.max = Some(Duration::from_millis(500));
        client.attempt_timeout = Duration::from_millis(150);
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 8000)),
            discover: "consul:127.0.0.1:8500".parse().expect("a source"),
            addsvc: Addsvc::default(),
            debug_addr: None,
            runtime: Runtime::default(),
            metrics: "prometheus".into(),
            log: log::Config::default(),
            server: server::Config::default(),
            client,
        }
    }
}

const ABOUT: &str = "Go kit's gateway: POST /stringsvc/uppercase and /stringsvc/count are passed on to instances of stringsvc, \
    POST /addsvc/sum, /addsvc/concat and /addsvc/series are called at instances of addsvc.";

/// What `--help` says of them.
const DOCS: &[(&str, &str)] = &[
    ("addr", "where to listen"),
    (
        "discover",
        "where the services are looked for: consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX, dns:NAME, file:PATH, static:HOST:PORT,…",
    ),
    ("addsvc.discover", "where addsvc is looked for, if elsewhere"),
    ("addsvc.transport", "the wire that addsvc is called over"),
    ("debug_addr", "where /instances/SERVICE says who is called and why; on loopback, since it names addresses"),
    ("runtime", "how connections are run"),
    ("metrics", "where metrics go: prometheus, statsd:HOST:PORT, dogstatsd:HOST:PORT, stdout"),
    ("log.format", "how log lines are written"),
    ("log.level", "what is logged: a level, or a list such as info,hyper=warn"),
    ("server", "limits and patience of the HTTP server"),
    ("client", "how the services are called: attempts, limits, ejection, connections"),
];

impl Settings {
    /// Reads what this process was given, with these flags.
    ///
    /// # Errors
    /// What is wrong, all of it; or the text that was asked for.
    pub fn read(flags: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        Self::loader().env("KIT_", std::env::vars_os()).flags(flags).load()
    }

    fn loader() -> Loader {
        Loader::new("apigateway").about(ABOUT).describe(DOCS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_service_is_called_is_a_setting_like_any_other() {
        let flags = ["--client-retry-attempts=5", "--client-deadline-max", "2s", "--client-endpointer-drain", "1s"];
        let settings: Settings = Settings::loader().flags(flags).load().unwrap();
        let client = &settings.client;
        assert_eq!((client.retry.attempts, client.deadline.max), (5, Some(Duration::from_secs(2))));
        assert_eq!(
            (client.endpointer.drain, client.attempt_timeout),
            (Duration::from_secs(1), Duration::from_millis(150))
        );
        let wrong = Settings::loader().flags(["--client-retry-atempts=5"]).load::<Settings>().unwrap_err().to_string();
        assert!(wrong.contains("is --client-retry-attempts meant?"), "{wrong}");
    }

    #[test]
    fn the_source_is_gos_consul_unless_it_is_told_better() {
        assert_eq!(Settings::default().discover.to_string(), "consul:127.0.0.1:8500");
        let flags = ["--discover", "static:127.0.0.1:1,127.0.0.1:2"];
        let settings: Settings = Settings::loader().flags(flags).load().unwrap();
        assert_eq!(settings.discover.to_string(), flags[1]);
    }
}
