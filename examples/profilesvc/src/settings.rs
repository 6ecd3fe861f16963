//! What the program is told: by a file, by `KIT_…` in the environment, or by flags, which are the strongest.

use std::ffi::OsString;
use std::net::SocketAddr;

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
    /// Where to listen. Default 127.0.0.1:8080, Go kit's port: nobody but this machine.
    pub addr: SocketAddr,
    /// Where it is announced while it is ready: `consul:HOST:PORT`, `etcd:HOST:PORT,…/PREFIX`. Default none: nowhere.
    pub register: Option<Spec>,
    /// What others are told to call, `host:port`. Default none: where it listens.
    pub advertise: Option<String>,
    /// How many profiles are kept at most, at least 1. Default 10 000: some 110 MB if each is as large as it may be.
    pub max_profiles: usize,
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
            register: None,
            advertise: None,
            max_profiles: 10_000,
            runtime: Runtime::default(),
            metrics: "prometheus".into(),
            log: log::Config::default(),
            server: server::Config::default(),
        }
    }
}

const ABOUT: &str = "Go kit's profile service: REST over profiles and their addresses, kept in memory.";

/// What `--help` says of them.
const DOCS: &[(&str, &str)] = &[
    ("addr", "where to listen"),
    ("register", "where it is announced: consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX"),
    ("advertise", "what others are told to call, if not where it listens: host:port"),
    ("max_profiles", "how many profiles are kept at most"),
    ("runtime", "how connections are run"),
    ("metrics", "where metrics go: prometheus, statsd:HOST:PORT, dogstatsd:HOST:PORT, stdout"),
    ("log.format", "how log lines are written"),
    ("log.level", "what is logged: a level, or a list such as info,hyper=warn"),
    ("server", "limits and patience of the HTTP server"),
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
        Loader::new("profilesvc").about(ABOUT).describe(DOCS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_was_promised_is_a_flag_and_a_variable() {
        for (key, text) in [
            ("addr", "[::1]:1"),
            ("max_profiles", "5"),
            ("log_format", "json"),
            ("log_level", "debug,hyper=warn"),
            ("register", "consul:127.0.0.1:8500"),
            ("advertise", "profiles.test:80"),
        ] {
            let by_flag = Settings::loader().flags([format!("--{}", key.replace('_', "-")), text.into()]);
            by_flag.load::<Settings>().expect(key);
            let by_env = Settings::loader().env("KIT_", [(format!("KIT_{}", key.to_uppercase()), text)]);
            by_env.load::<Settings>().expect(key);
        }
    }
}
