use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{Name, RecordType};
use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use crate::malformed::Malformed;

/// What is asked for, whom, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The name of the records: `_http._tcp.strings.example`, or a host's name if there is a port. It is absolute.
    pub name: String,
    /// The port, where the addresses of `name` are the instances. Not 0. Default none: SRV records have ports of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The name servers, each asked when those before it fail. Default none: those of the system, in `/etc/resolv.conf`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// Which addresses of a host are instances. Default [`Family::V4ThenV6`].
    #[serde(default)]
    pub family: Family,
    /// Whether targets of SRV records are resolved. Where they are not, an instance's address is the target's name, and
    /// whoever connects resolves it. Default `true`: an instance is one address.
    #[serde(default = "yes")]
    pub resolve: bool,
    /// The shortest time between two answers, whatever their time to live. At least 1 s. Default 1 s: a time to live of 0
    /// asks for no cache, not for a query all the time.
    #[serde(with = "duration", default = "second")]
    pub min_ttl: Duration,
    /// The longest, before a tenth that chance adds so that many who ask do not ask together. At least `min_ttl`. Default
    /// 1 min: how long a new instance may wait for its first call.
    #[serde(with = "duration", default = "minute")]
    pub max_ttl: Duration,
    /// How long one question may take, asked of every server. More than zero. Default 5 s: that of resolv.conf.
    #[serde(with = "duration", default = "five")]
    pub timeout: Duration,
}

/// Which addresses of a host are instances. A host with both kinds is one server, so it is one instance unless both are
/// asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
    /// IPv4, and IPv6 of a host that has none.
    #[default]
    V4ThenV6,
    /// IPv6, and IPv4 of a host that has none.
    V6ThenV4,
    /// Both, each an instance of its own.
    Both,
}

fn yes() -> bool {
    true
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn five() -> Duration {
    Duration::from_secs(5)
}

impl Config {
    /// The SRV records of `name`, by the servers of the system.
    pub fn srv(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            port: None,
            servers: Vec::new(),
            family: Family::default(),
            resolve: yes(),
            min_ttl: second(),
            max_ttl: minute(),
            timeout: five(),
        }
    }

    /// The addresses of `name` at `port`, by the servers of the system.
    pub fn host(name: impl Into<String>, port: u16) -> Self {
        Self { port: Some(port), ..Self::srv(name) }
    }

    /// By this name server and, where it fails, by those that were named before.
    pub fn server(mut self, server: SocketAddr) -> Self {
        self.servers.push(server);
        self
    }

    /// The name to ask for.
    pub(super) fn check(&self) -> Result<Name, Error> {
        let name = name(&self.name)?;
        if self.port == Some(0) {
            return Err(Error::invalid_argument("port is 0, it must be from 1 to 65535"));
        }
        if self.servers.iter().any(|server| server.port() == 0) {
            return Err(Error::invalid_argument("a port of servers is 0, it must be from 1 to 65535"));
        }
        if self.port.is_some() && !self.resolve {
            return Err(Error::invalid_argument("resolve is false, which means nothing beside a port"));
        }
        let Self { min_ttl, max_ttl, .. } = *self;
        if min_ttl < second() {
            return Err(Error::invalid_argument(format!("min_ttl is {min_ttl:?}, it must be at least 1s")));
        }
        if max_ttl < min_ttl {
            let message = format!("max_ttl is {max_ttl:?}, it must be at least {min_ttl:?}, which is min_ttl");
            return Err(Error::invalid_argument(message));
        }
        if self.timeout.is_zero() {
            return Err(Error::invalid_argument("timeout is 0ns, it must be more than zero"));
        }
        Ok(name)
    }
}

impl Family {
    /// What to ask for, in this order; the second only if the first has nothing, or always.
    pub(super) fn kinds(self) -> (&'static [RecordType], bool) {
        use RecordType::{A, AAAA};
        match self {
            Family::V4 => (&[A], false),
            Family::V6 => (&[AAAA], false),
            Family::V4ThenV6 => (&[A, AAAA], false),
            Family::V6ThenV4 => (&[AAAA, A], false),
            Family::Both => (&[A, AAAA], true),
        }
    }
}

fn name(text: &str) -> Result<Name, Malformed> {
    let malformed = |reason| Malformed::of(reason, text);
    if text.is_empty() || text == "." {
        return Err(malformed("name has no label:"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        return Err(malformed("name holds what no name holds:"));
    }
    let mut name = Name::from_ascii(text).map_err(|_| malformed("name is none, or too long:"))?;
    name.set_fqdn(true);
    Ok(name)
}
