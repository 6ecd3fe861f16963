//! What the program is told: by a file, by `KIT_…` in the environment, or by flags, which are the strongest.

use std::ffi::OsString;
use std::net::SocketAddr;

use kit::client;
use kit::config::{Loader, Stop};
use kit::discovery::Spec;
use kit::http::server;
use kit::log;
use kit::server::Runtime;
use serde::{Deserialize, Serialize};

use crate::proxying::Upstream;

/// All settings, the same in code, in a file, in the environment and as flags.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where to listen. Default 127.0.0.1:8080: nobody but this machine.
    pub addr: SocketAddr,
    /// Other instances that uppercase is forwarded to: `http://HOST:PORT` for one, or a source as of `discover`. Default none: it is
    /// done here.
    pub proxy: Option<Upstream>,
    /// Where it is announced while it is ready: `consul:HOST:PORT`, `etcd:HOST:PORT,…/PREFIX`. Default none: nowhere.
    pub register: Option<Spec>,
    /// What others are told to call, `host:port`. Default none: where it listens.
    pub advertise: Option<String>,
    /// Where `stringsvc watch` looks: `static:HOST:PORT,…`, `file:PATH`, `dns:NAME`, `consul:HOST:PORT`,
    /// `etcd:HOST:PORT,…/PREFIX`. Default none.
    pub discover: Option<Spec>,
    /// How connections are run: `stealing` or `per-core`. Default stealing.
    pub runtime: Runtime,
    /// Where metrics go: `prometheus` (they are scraped at `/metrics`), `statsd:HOST:PORT`, `dogstatsd:HOST:PORT`, `stdout`. Default
    /// prometheus.
    pub metrics: String,
    /// What is logged, and how.
    pub log: log::Config,
    /// How connections are treated.
    pub server: server::Config,
    /// How those are called that uppercase is forwarded to: attempts, limits, ejection, connections.
    pub client: client::Config,
}

impl Default for Settings {
    fn default() -> Self {
        let addr = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            addr,
            proxy: None,
            register: None,
            advertise: None,
            discover: None,
            runtime: Runtime::default(),
            metrics: "prometheus".into(),
            log: log::Config::default(),
            server: server::Config::default(),
            client: client::Config::default(),
        }
    }
}

const ABOUT: &str =
    "Go kit's string service: POST /uppercase and POST /count. `stringsvc watch` prints who answers, as it changes.";

/// What `--help` says of them.
const DOCS: &[(&str, &str)] = &[
    ("addr", "where to listen"),
    ("proxy", "other instances that uppercase is forwarded to: http://HOST:PORT, or a source as of --discover"),
    ("register", "where it is announced: consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX"),
    ("advertise", "what others are told to call, if not where it listens: host:port"),
    (
        "discover",
        "for `stringsvc watch`: static:HOST:PORT,…, file:PATH, dns:NAME, consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX",
    ),
    ("runtime", "how connections are run"),
    ("metrics", "where metrics go: prometheus, statsd:HOST:PORT, dogstatsd:HOST:PORT, stdout"),
    ("log.format", "how log lines are written"),
    ("log.level", "what is logged: a level, or a list such as info,hyper=warn"),
    ("server", "limits and patience of the HTTP server"),
    ("client", "how those are called that uppercase is forwarded to: attempts, limits, ejection, connections"),
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
        Loader::new("stringsvc").about(ABOUT).describe(DOCS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_was_promised_is_a_flag_and_a_variable() {
        for (key, text) in [
            ("addr", "[::1]:1"),
            ("proxy", "http://a"),
            ("log_format", "json"),
            ("log_level", "debug,hyper=warn"),
            ("register", "consul:127.0.0.1:8500"),
            ("discover", "static:127.0.0.1:1"),
        ] {
            let by_flag = Settings::loader().flags([format!("--{}", key.replace('_', "-")), text.into()]);
            by_flag.load::<Settings>().expect(key);
            let by_env = Settings::loader().env("KIT_", [(format!("KIT_{}", key.to_uppercase()), text)]);
            by_env.load::<Settings>().expect(key);
        }
    }

    #[test]
    fn what_the_help_says_is_of_settings_that_there_are_and_the_server_has_its_own() {
        let help = Settings::loader().flags(["--help"]).load::<Settings>().unwrap_err().to_string();
        assert!(help.contains("--addr TEXT") && help.contains("where to listen [default: 127.0.0.1:8080]"), "{help}");
        assert!(help.contains("--log-format logfmt|json") && help.contains("--server-drain-timeout TEXT"), "{help}");
        let settings: Settings = Settings::loader().flags(["--server-drain-timeout", "1m 30s"]).load().unwrap();
        assert_eq!(settings.server.drain_timeout.as_secs(), 90);
    }
}
