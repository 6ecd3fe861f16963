//! Other instances of this service as a middleware of it: Go kit's stringsvc3, wherever they are.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use kit::client::{self, Client};
use kit::codec::Json;
use kit::discovery::Spec;
use kit::http::client::{Channels, Target, post};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{BoxEndpoint, Context, Endpoint, Error, observe};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::endpoints::{SERVICE, Text, UPPERCASE, Uppercased};
use crate::service::StringService;

/// Where the instances are that work is forwarded to: what [`Spec`] names, or the URL of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    text: String,
    source: Spec,
    /// What every path there begins with.
    path: String,
}

impl Upstream {
    /// A client of the instances that are there.
    ///
    /// # Errors
    /// What the source needs is malformed or was not built; a setting is out of its range.
    pub fn client(&self, mut config: client::Config, log: &Logger, metrics: &Registry) -> Result<Client, Error> {
        let source = self.source.start(SERVICE, observe::discovery_log(log))?;
        let channels = Channels::new(std::mem::take(&mut config.connections))?.path(&self.path)?;
        Client::over(source, channels).config(config).start(log, metrics)
    }
}

impl FromStr for Upstream {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let Some((_, rest)) = text.split_once(':').filter(|(_, rest)| rest.starts_with("//")) else {
            return Ok(Self { text: text.to_owned(), source: text.parse()?, path: String::new() });
        };
        let target = Target::parse(text)?;
        let authority = target.authority();
        let path = rest.trim_start_matches('/').strip_prefix(authority).unwrap_or_default();
        // A URL may leave the port to its scheme, an address may not.
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if has_port { "" } else { ":80" };
        let source = format!("static:{authority}{port}").parse()?;
        Ok(Self { text: text.to_owned(), source, path: path.to_owned() })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Upstream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Upstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| de::Error::custom(error.message()))
    }
}

/// `uppercase` at another instance, by HTTP.
///
/// # Errors
/// None that the caller can do anything about.
pub fn uppercase(client: &Client) -> Result<BoxEndpoint<Text, Uppercased>, Error> {
    Ok(client.endpoint(&UPPERCASE, post(&UPPERCASE, Json).binding::<Uppercased>()?).boxed())
}

/// Forwards `uppercase` to an endpoint, whatever it leads to; `count` is done here.
#[derive(Clone, Debug)]
pub struct Proxying<S, E> {
    uppercase: E,
    next: S,
}

impl<S, E> Proxying<S, E> {
    /// Forwards to `uppercase` what `next` would have done.
    pub fn new(uppercase: E, next: S) -> Self {
        Self { uppercase, next }
    }
}

impl<S, E> StringService for Proxying<S, E>
where
    S: StringService,
    E: Endpoint<Text, Response = Uppercased> + 'static,
{
    async fn uppercase(&self, cx: &mut Context, text: String) -> Result<String, Error> {
        Ok(self.uppercase.call(cx, Text { s: text }).await?.v)
    }

    async fn count(&self, cx: &mut Context, text: String) -> Result<usize, Error> {
        self.next.count(cx, text).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_instance_and_all_else_a_source() {
        for (text, source, path) in [
            ("http://a:8080", "static:a:8080", ""),
            ("http://a", "static:a:80", ""),
            ("http://[::1]", "static:[::1]:80", ""),
            ("http://[::1]:81/strings/v1", "static:[::1]:81", "/strings/v1"),
            ("static:a:1,b:1", "static:a:1,b:1", ""),
            ("etcd:http://a:1/strings", "etcd:http://a:1/strings", ""),
        ] {
            let upstream: Upstream = text.parse().unwrap();
            assert_eq!((upstream.source.to_string().as_str(), upstream.path.as_str()), (source, path), "{text}");
            assert_eq!(upstream.to_string(), text);
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_the_reason() {
        for (text, part) in [
            ("ftp://a", "another scheme than http"),
            ("a:1", "no such kind of discovery"),
            ("a", "no kind before a colon"),
        ] {
            let refused = text.parse::<Upstream>().unwrap_err();
            assert!(refused.message().contains(part), "{text}: {}", refused.message());
        }
    }
}
