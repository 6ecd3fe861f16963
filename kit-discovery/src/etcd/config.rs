use std::fmt;
use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use super::tls::Tls;
use crate::address::Address;
use crate::malformed::Malformed;

/// Where etcd is, and how it is spoken to.
///
/// ```
/// use kit_discovery::etcd::{Config, Etcd};
///
/// let config: Config = toml::from_str(r#"
///     endpoints = ["10.0.0.1:2379", "10.0.0.2:2379"]
///     user = "strings"
///     password = "guess"
///     keep_alive = "20s"
/// "#)?;
/// assert!(!format!("{config:?}").contains("guess"));
/// let etcd = Etcd::with(config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Members of one cluster, each `host:port`, `http://host:port` or `https://host:port`. At least one. Default
    /// `127.0.0.1:2379`, where etcd listens by default.
    pub endpoints: Vec<String>,
    /// Who this is; with a password. Default nobody, as etcd's.
    pub user: Option<String>,
    /// The user's. It is read from settings and never written to any; without TLS it is sent in the clear.
    #[serde(skip_serializing)]
    pub password: Option<String>,
    /// For `https` endpoints, which want the feature `etcd-tls`: which certificates count. Default those that the
    /// system trusts.
    pub tls: Option<Tls>,
    /// How long connecting may take, TLS and authentication included. More than zero. Default 3 s.
    #[serde(with = "duration")]
    pub connect: Duration,
    /// How long one request may take. More than zero. Default 3 s: etcd answers in milliseconds, and elects a leader in
    /// one or two seconds.
    #[serde(with = "duration")]
    pub request: Duration,
    /// How long a connection or a watch may be silent before the server is asked whether it is there. More than zero; a
    /// server with default settings hangs up on clients that ask more often than every 5 s. Default 10 s.
    #[serde(with = "duration")]
    pub keep_alive: Duration,
    /// How long the answer to that may take; then the next endpoint is tried. More than zero. Default 5 s.
    #[serde(with = "duration")]
    pub keep_alive_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoints: vec!["127.0.0.1:2379".to_owned()],
            user: None,
            password: None,
            tls: None,
            connect: Duration::from_secs(3),
            request: Duration::from_secs(3),
            keep_alive: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// The URLs of the endpoints, if all settings are in their ranges and mean something.
    pub(super) fn check(&self) -> Result<Vec<String>, Error> {
        let refused = |reason: String| Err(Error::invalid_argument(reason));
        for (name, value) in [
            ("connect", self.connect),
            ("request", self.request),
            ("keep_alive", self.keep_alive),
            ("keep_alive_timeout", self.keep_alive_timeout),
        ] {
            if value.is_zero() {
                return refused(format!("{name} is 0ns, it must be more than zero"));
            }
        }
        match (&self.user, &self.password) {
            (Some(_), None) => return refused("user has no password".to_owned()),
            (None, Some(_)) => return refused("password has no user".to_owned()),
            _ => {}
        }
        if self.endpoints.is_empty() {
            return refused("endpoints is empty, it must name at least one".to_owned());
        }
        let urls = self.endpoints.iter().map(|endpoint| url(endpoint)).collect::<Result<Vec<_>, _>>()?;
        if urls.iter().any(|url| url.starts_with("https://")) {
            Tls::check(self.tls.as_ref())?;
        }
        if self.tls.is_some()
            && let Some(clear) = urls.iter().find(|url| url.starts_with("http://"))
        {
            return refused(format!("tls is set, and the endpoint {clear} does not use it: write https://"));
        }
        Ok(urls)
    }
}

/// The URL of an endpoint, in its one spelling.
fn url(endpoint: &str) -> Result<String, Malformed> {
    let (scheme, rest) = match endpoint.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest.strip_suffix('/').unwrap_or(rest)),
        Some(_) => return Err(Malformed::of("neither http nor https:", endpoint)),
        None => ("http", endpoint),
    };
    let address: Address = rest.parse()?;
    // Its number is no part of a URL that the HTTP library reads.
    if address.host().contains('%') {
        return Err(Malformed::of("an IPv6 address with a scope in", endpoint));
    }
    Ok(format!("{scheme}://{address}"))
}

/// Without the password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("endpoints", &self.endpoints)
            .field("user", &self.user)
            .field("tls", &self.tls)
            .field("connect", &self.connect)
            .field("request", &self.request)
            .field("keep_alive", &self.keep_alive)
            .field("keep_alive_timeout", &self.keep_alive_timeout)
            .finish_non_exhaustive()
    }
}
