//! How it calls: by a file, by `KIT_…` in the environment, or by flags, which are the strongest.

use std::ffi::OsString;
use std::time::Duration;

use addsvc::client::Transport;
use kit::config::{Loader, Stop};
use kit::discovery::Spec;
use kit::{Error, client, log};
use serde::{Deserialize, Serialize};

/// All settings, the same in code, in a file, in the environment and as flags.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The wire: `http`, `jsonrpc` or `grpc`. Default http.
    pub(crate) transport: Transport,
    /// Where the service is, `host:port`. Default 127.0.0.1:8080, if nothing is said of discovery.
    addr: Option<String>,
    /// Where it is looked for instead: `consul:HOST:PORT`, `etcd:HOST:PORT,…/PREFIX`, `dns:NAME`, `file:PATH`, `static:HOST:PORT,…`.
    discover: Option<Spec>,
    /// How long all of it may take. Default 5 s: whoever waits at a terminal has given up by then.
    #[serde(with = "kit::duration")]
    pub(crate) deadline: Duration,
    /// What is logged. Default nothing: it says what came of it anyway.
    pub(crate) log: log::Config,
    /// How the service is called: attempts, limits, ejection, connections.
    pub(crate) client: client::Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            transport: Transport::default(),
            addr: None,
            discover: None,
            deadline: Duration::from_secs(5),
            log: log::Config { level: "off".parse().expect("a level"), ..log::Config::default() },
            client: client::Config::default(),
        }
    }
}

const ABOUT: &str = "Calls addsvc: addcli sum A B, addcli concat A B, addcli series A B [COUNT [PAUSE]]. Flags stand in front or behind.";

/// What `--help` says of them.
const DOCS: &[(&str, &str)] = &[
    ("transport", "the wire that the call goes over"),
    ("addr", "where the service is, host:port; 127.0.0.1:8080 if nothing is said of discovery"),
    (
        "discover",
        "where it is looked for instead: consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX, dns:NAME, file:PATH, static:HOST:PORT,…",
    ),
    ("deadline", "how long all of it may take"),
    ("log.format", "how log lines are written"),
    ("log.level", "what is logged: a level, or a list such as info,hyper=warn"),
    ("client", "how the service is called: attempts, limits, ejection, connections"),
];

impl Settings {
    /// Reads what this process was given, with these flags.
    ///
    /// # Errors
    /// What is wrong, all of it; or the text that was asked for.
    pub(crate) fn read(flags: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        Loader::new("addcli").about(ABOUT).describe(DOCS).env("KIT_", std::env::vars_os()).flags(flags).load()
    }

    /// Where the service is, or is looked for.
    ///
    /// # Errors
    /// `InvalidArgument` if both are said.
    pub(crate) fn source(&self) -> Result<Spec, Error> {
        match (&self.addr, &self.discover) {
            (Some(_), Some(_)) => Err(Error::invalid_argument("an address and discovery: it is one or the other")),
            (_, Some(source)) => Ok(source.clone()),
            (addr, None) => {
                format!("static:{}", addr.as_deref().unwrap_or("127.0.0.1:8080")).parse().map_err(Error::from)
            }
        }
    }
}
