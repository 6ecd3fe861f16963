//! What the program is told: by a file, by `KIT_…` in the environment, or by flags, which are the strongest.

use std::ffi::OsString;
use std::net::SocketAddr;

use kit::config::{Loader, Stop};
use kit::discovery::Spec;
use kit::http::server;
use kit::log;
use kit::server::Runtime;
use serde::{Deserialize, Serialize};

use crate::transport::Wire;

/// All settings, the same in code, in a file, in the environment and as flags.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where everything listens that has no port of its own. Default 127.0.0.1:8080: nobody but this machine.
    pub addr: SocketAddr,
    /// A port for HTTP alone. Default none.
    pub http_addr: Option<SocketAddr>,
    /// A port for JSON-RPC alone. Default none.
    pub jsonrpc_addr: Option<SocketAddr>,
    /// A port for gRPC alone. Default none.
    pub grpc_addr: Option<SocketAddr>,
    /// A port for metrics and health alone, where callers do not reach them. Default none.
    pub debug_addr: Option<SocketAddr>,
    /// Where it is announced while it is ready, with all of its ports ([`registering`](crate::registering)): `consul:HOST:PORT`,
    /// `etcd:HOST:PORT,…/PREFIX`. Default none: nowhere.
    pub register: Option<Spec>,
    /// What others are told to call, `host:port`, which is where HTTP answers; wires with a port of their own are called at that port of
    /// the same host. Default none: where it listens.
    pub advertise: Option<String>,
    /// How connections are run: `stealing` or `per-core`. Default stealing.
    pub runtime: Runtime,
    /// Where metrics go: `prometheus` (they are scraped at `/metrics`), `statsd:HOST:PORT`, `dogstatsd:HOST:PORT`, `stdout`. Default
    /// prometheus.
    pub metrics: String,
    /// What is logged, and how.
    pub log: log::Config,
    /// How connections are treated.
    pub server: server::Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 8080)),
            http_addr: None,
            jsonrpc_addr: None,
            grpc_addr: None,
            debug_addr: None,
            register: None,
            advertise: None,
            runtime: Runtime::default(),
            metrics: "prometheus".into(),
            log: log::Config::default(),
            server: server::Config::default(),
        }
    }
}

/// An address, and what answers there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The address.
    pub addr: SocketAddr,
    /// What answers, in the order of [`Wire`].
    pub wires: Vec<Wire>,
}

const ABOUT: &str = "Go kit's adding service: sum, concat and series, on HTTP, JSON-RPC and gRPC.";

/// What `--help` says of them.
const DOCS: &[(&str, &str)] = &[
    ("addr", "where everything listens that has no port of its own"),
    ("http_addr", "a port for HTTP alone"),
    ("jsonrpc_addr", "a port for JSON-RPC alone"),
    ("grpc_addr", "a port for gRPC alone"),
    ("debug_addr", "a port for metrics and health alone"),
    ("register", "where it is announced, with all of its ports: consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX"),
    (
        "advertise",
        "what others are told to call, if not where it listens: host:port; a port of its own is told at the same host",
    ),
    ("runtime", "how connections are run"),
    ("metrics", "where metrics go: prometheus, statsd:HOST:PORT, dogstatsd:HOST:PORT, stdout"),
    ("log.format", "how log lines are written"),
    ("log.level", "what is logged: a level, or a list such as info,hyper=warn"),
    ("server", "limits and patience of the server, on every port"),
];

impl Settings {
    /// Reads what this process was given, with these flags.
    ///
    /// # Errors
    /// What is wrong, all of it; or the text that was asked for.
    pub fn read(flags: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        Self::loader().env("KIT_", std::env::vars_os()).flags(flags).load()
    }

    /// The ports, [`addr`](Self::addr) first, unless everything has a port of its own.
    pub fn ports(&self) -> Vec<Port> {
        let own = [
            (Wire::Http, self.http_addr),
            (Wire::Jsonrpc, self.jsonrpc_addr),
            (Wire::Grpc, self.grpc_addr),
            (Wire::Operator, self.debug_addr),
        ];
        let shared: Vec<Wire> = own.iter().filter(|(_, addr)| addr.is_none()).map(|(wire, _)| *wire).collect();
        let first = (!shared.is_empty()).then_some(Port { addr: self.addr, wires: shared });
        let others = own.into_iter().filter_map(|(wire, addr)| addr.map(|addr| Port { addr, wires: vec![wire] }));
        first.into_iter().chain(others).collect()
    }

    fn loader() -> Loader {
        Loader::new("addsvc").about(ABOUT).describe(DOCS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(flags: &[&str]) -> Vec<(String, Vec<Wire>)> {
        let settings: Settings = Settings::loader().flags(flags.to_vec()).load().unwrap();
        settings.ports().into_iter().map(|port| (port.addr.to_string(), port.wires)).collect()
    }

    #[test]
    fn everything_is_on_one_port_unless_it_is_told_otherwise() {
        use Wire::{Grpc, Http, Jsonrpc, Operator};

        assert_eq!(ports(&[]), [("127.0.0.1:8080".into(), vec![Http, Jsonrpc, Grpc, Operator])]);
        assert_eq!(
            ports(&["--debug-addr=127.0.0.1:1", "--addr=[::1]:2"]),
            [("[::1]:2".into(), vec![Http, Jsonrpc, Grpc]), ("127.0.0.1:1".into(), vec![Operator])]
        );
        let own = ["--http-addr", "--jsonrpc-addr", "--grpc-addr", "--debug-addr"];
        let all: Vec<String> = own.iter().zip(1..).map(|(flag, port)| format!("{flag}=127.0.0.1:{port}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let own = |port: u16, wire| (format!("127.0.0.1:{port}"), vec![wire]);
        assert_eq!(ports(&all), [own(1, Http), own(2, Jsonrpc), own(3, Grpc), own(4, Operator)]);
    }

    #[test]
    fn every_name_that_was_promised_is_a_flag_and_a_variable() {
        for (key, text) in [
            ("addr", "[::1]:1"),
            ("http_addr", "[::1]:1"),
            ("log_format", "json"),
            ("log_level", "debug,hyper=warn"),
            ("register", "consul:127.0.0.1:8500"),
            ("server_drain_timeout", "1m 30s"),
        ] {
            let by_flag = Settings::loader().flags([format!("--{}", key.replace('_', "-")), text.into()]);
            by_flag.load::<Settings>().expect(key);
            let by_env = Settings::loader().env("KIT_", [(format!("KIT_{}", key.to_uppercase()), text)]);
            by_env.load::<Settings>().expect(key);
        }
    }
}
