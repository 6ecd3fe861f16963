mod registrar;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use kit_core::{Code, Error, Observer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::event::Event;
use crate::fixed::Fixed;
use crate::instancer::Instancer;
use crate::malformed::Malformed;

/// A source in one line, for a flag or a setting: its kind, and what that kind needs. In settings it is that line.
///
/// | | |
/// |---|---|
/// | `static:10.0.0.1:80,[::1]:80` | these addresses |
/// | `file:/etc/strings.toml` | a file of JSON or TOML (feature `file`) |
/// | `dns:_http._tcp.strings.example` | SRV records (feature `dns`) |
/// | `dns:strings.example:8080` | the addresses of a name, at a port (feature `dns`) |
/// | `dns:_http._tcp.strings.example?server=127.0.0.1:5353` | either, by this name server instead of the system's; several with `&server=` |
/// | `consul:127.0.0.1:8500` | who passes at this agent; another name than the service's after a `/` (feature `consul`) |
/// | `etcd:10.0.0.1:2379,10.0.0.2:2379/services/strings` | the keys below a prefix (feature `etcd`) |
///
/// The last two are registries, where instances are announced as well: [`registrar`](Self::registrar).
///
/// ```
/// use kit_discovery::{Instancer as _, Spec};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
/// let spec: Spec = "static:10.0.0.1:80".parse()?;
/// let strings = spec.start("strings", ())?;
/// assert_eq!(strings.subscribe().ready().await?.generation(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    kind: Kind,
    rest: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Static,
    File,
    Dns,
    Etcd,
    Consul,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Static, Self::File, Self::Dns, Self::Etcd, Self::Consul];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::File => "file",
            Self::Dns => "dns",
            Self::Etcd => "etcd",
            Self::Consul => "consul",
        }
    }

    #[allow(dead_code, reason = "with every feature there is no kind left that was not built")]
    fn missing(self) -> Error {
        let kind = self.as_str();
        Error::new(Code::Unimplemented, format!("discovery by {kind} was not built, it needs the feature {kind:?}"))
    }
}

impl Spec {
    /// Starts to follow `service` there, and tells `observer` what becomes of it.
    ///
    /// # Errors
    /// `InvalidArgument` if what the kind needs is malformed, `Unimplemented` if the kind was not built: the message begins with
    /// this line, and says which feature it needs.
    ///
    /// # Panics
    /// Outside a tokio runtime, for a kind that has a task.
    pub fn start(
        &self,
        service: impl Into<Arc<str>>,
        observer: impl Observer<Event> + 'static,
    ) -> Result<Box<dyn Instancer>, Error> {
        self.instancer(service.into(), observer).map_err(|error| self.refused(error))
    }

    /// The error of a part, which knows what is wrong, and not in which line.
    fn refused(&self, error: Error) -> Error {
        let line = format!("{self}: {}", error.message());
        error.with_message(line)
    }

    fn instancer(
        &self,
        service: Arc<str>,
        observer: impl Observer<Event> + 'static,
    ) -> Result<Box<dyn Instancer>, Error> {
        let rest = self.rest.as_str();
        // A fixed set has nothing to tell, and it may be all that was built.
        let _ = &observer;
        match self.kind {
            Kind::Static => Ok(Box::new(Fixed::parse(service, rest)?)),
            #[cfg(feature = "file")]
            Kind::File => {
                let source = crate::file::FileSource::new(crate::file::Config::new(rest))?;
                Ok(Box::new(crate::Discovery::of(service, source).observer(observer).start()?))
            }
            #[cfg(feature = "dns")]
            Kind::Dns => {
                let source = crate::dns::DnsSource::new(named(rest)?)?;
                Ok(Box::new(crate::Discovery::of(service, source).observer(observer).start()?))
            }
            #[cfg(feature = "consul")]
            Kind::Consul => {
                let (consul, name) = agent(rest, &service)?;
                let source = consul.instancer(name, Default::default())?;
                Ok(Box::new(source.called(Arc::clone(&service)).observer(observer).start()?))
            }
            #[cfg(feature = "etcd")]
            Kind::Etcd => {
                let (endpoints, prefix) = rooted(rest)?;
                let source = crate::etcd::Etcd::new(endpoints)?.instancer(prefix)?;
                Ok(Box::new(source.called(service).observer(observer).start()?))
            }
            #[allow(unreachable_patterns, reason = "with every feature there is no kind left that was not built")]
            missing => Err(missing.missing()),
        }
    }
}

/// A name, perhaps with a port, and perhaps whom to ask for it.
#[cfg(feature = "dns")]
fn named(text: &str) -> Result<crate::dns::Config, Malformed> {
    let (name, servers) = text.split_once('?').map_or((text, None), |(name, servers)| (name, Some(servers)));
    let config = match name.rsplit_once(':') {
        None => crate::dns::Config::srv(name),
        Some((host, port)) => {
            crate::dns::Config::host(host, port.parse().map_err(|_| Malformed::of("no port in", name))?)
        }
    };
    servers.into_iter().flat_map(|servers| servers.split('&')).try_fold(config, |config, parameter| {
        let server = parameter.strip_prefix("server=").and_then(|server| server.parse().ok());
        Ok(config.server(server.ok_or_else(|| Malformed::of("no server=ADDRESS:PORT in", parameter))?))
    })
}

/// An agent, and what Consul calls the service.
#[cfg(feature = "consul")]
fn agent<'a>(text: &'a str, service: &'a str) -> Result<(crate::consul::Consul, &'a str), Error> {
    let bare = text.strip_prefix("http://").unwrap_or(text);
    let (address, name) = bare.split_once('/').unwrap_or((bare, ""));
    let config = crate::consul::Config { address: address.to_owned(), ..Default::default() };
    Ok((crate::consul::Consul::new(config)?, if name.is_empty() { service } else { name }))
}

/// Endpoints and the path behind them, which begins at the first slash that is no part of a scheme.
#[cfg(feature = "etcd")]
fn rooted(text: &str) -> Result<(&str, &str), Malformed> {
    let of_scheme = |at: usize| text[..at].ends_with(':') || text[..at].ends_with(":/");
    let path = text.match_indices('/').map(|(at, _)| at).find(|at| !of_scheme(*at));
    path.map(|at| text.split_at(at)).ok_or_else(|| Malformed::of("no prefix after the endpoints in", text))
}

impl FromStr for Spec {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (kind, rest) = text.split_once(':').ok_or_else(|| Malformed::of("no kind before a colon in", text))?;
        let known = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
        let kind = known.ok_or_else(|| {
            Malformed::new(format!(
                "{}, it may be {}",
                Malformed::of("no such kind of discovery:", kind),
                Kind::ALL.map(Kind::as_str).join(", ")
            ))
        })?;
        if rest.is_empty() {
            return Err(Malformed::of("nothing after the colon in", text));
        }
        Ok(Self { kind, rest: rest.to_owned() })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.rest)
    }
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn start(text: &str) -> Result<Box<dyn Instancer>, String> {
        let spec: Spec = text.parse().map_err(|malformed: Malformed| malformed.to_string())?;
        assert_eq!(spec.to_string(), text);
        spec.start("strings", ()).map_err(|error| error.message().to_owned())
    }

    #[tokio::test]
    async fn a_line_that_names_no_source_is_refused_with_the_reason() {
        for (line, reason) in [
            ("10.0.0.1", "no kind before a colon in \"10.0.0.1\""),
            ("zookeeper:x", "no such kind of discovery: \"zookeeper\", it may be static, file, dns, etcd, consul"),
            ("static:", "nothing after the colon in \"static:\""),
        ] {
            assert_eq!(start(line).await.err().as_deref(), Some(reason), "{line}");
        }
        for (line, reason) in [
            ("static:a", "\"a\": no port in \"a\""),
            ("file:a.yaml", "path is \"a.yaml\", it must end in .json or .toml"),
            ("dns:a:b", "no port in \"a:b\""),
            ("consul:strings", "address is no http://host:port: no port in \"strings\""),
            ("dns:a b", "name holds what no name holds: \"a b\""),
            ("dns:a?", "no server=ADDRESS:PORT in \"\""),
            ("dns:a?server=127.0.0.1", "no server=ADDRESS:PORT in \"server=127.0.0.1\""),
            ("dns:a?sever=127.0.0.1:1", "no server=ADDRESS:PORT in \"sever=127.0.0.1:1\""),
            ("dns:a?server=127.0.0.1:0", "a port of servers is 0, it must be from 1 to 65535"),
        ] {
            assert_eq!(start(line).await.err(), Some(format!("{line}: {reason}")));
        }
    }

    #[tokio::test]
    async fn each_kind_that_was_built_starts() {
        for line in [
            "static:10.0.0.1:80,[::1]:80",
            "file:/nowhere/strings.toml",
            "consul:127.0.0.1:9",
            "consul:http://[::1]:9/strings",
            "dns:_http._tcp.strings.test?server=127.0.0.1:9",
            "dns:strings.test:80?server=127.0.0.1:9&server=[::1]:9",
        ] {
            let instancer = start(line).await.unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(instancer.subscribe().service(), "strings", "{line}");
        }
        // The machine may have no name server; the line is right all the same.
        if let Err(error) = start("dns:strings.test:80").await {
            assert!(error.contains("the system"), "{error}");
        }
    }

    #[cfg(feature = "etcd")]
    #[tokio::test]
    async fn the_endpoints_of_etcd_end_where_the_prefix_begins() {
        for line in ["etcd:127.0.0.1:1/strings", "etcd:http://a:1,[::1]:2,http://b:3/services/strings"] {
            assert_eq!(start(line).await.unwrap().subscribe().service(), "strings", "{line}");
        }
        for (line, reason) in [
            ("etcd:a:1", "no prefix after the endpoints in \"a:1\""),
            ("etcd:http://a:1", "no prefix after the endpoints in \"http://a:1\""),
            ("etcd:/strings", "endpoints is empty, it must name at least one"),
            ("etcd:a:1/", "a prefix that takes every key: \"/\""),
        ] {
            assert_eq!(start(line).await.err(), Some(format!("{line}: {reason}")));
        }
    }

    #[test]
    fn in_settings_it_is_its_line() {
        let spec: Spec = serde_json::from_str("\"consul:127.0.0.1:8500\"").unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), "\"consul:127.0.0.1:8500\"");
        let refused = serde_json::from_str::<Spec>("\"consul\"").unwrap_err().to_string();
        assert_eq!(refused, "no kind before a colon in \"consul\"");
    }

    #[test]
    fn what_was_not_built_says_which_feature_it_needs() {
        let error = Kind::Etcd.missing();
        assert_eq!(error.code(), Code::Unimplemented);
        assert_eq!(error.message(), "discovery by etcd was not built, it needs the feature \"etcd\"");
    }
}
