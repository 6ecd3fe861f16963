//! A backend chosen by name when a program starts.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::registry::Registry;
use crate::reporter::{INTERVAL, Reporter};
use crate::stdout::{Form, Printer};

/// A backend by name, as a flag or a config file gives it.
///
/// | text | backend | feature |
/// |---|---|---|
/// | `prometheus` | the text of [`Provider::scrape`] | `prometheus` |
/// | `expvar` | [`expvar_json`](crate::expvar_json) as the text of [`Provider::scrape`] | |
/// | `statsd:HOST:PORT` | plain StatsD over UDP | `statsd` |
/// | `dogstatsd:HOST:PORT` | StatsD with Datadog's tags over UDP | `statsd` |
/// | `stdout`, `stdout:json` | a table, or JSON lines | |
/// | `discard` | nothing | |
///
/// Every name is known in every build; [`Provider::open`] says which feature is missing.
///
/// # Source
/// Go kit, `metrics/provider`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// Prometheus scrapes.
    Prometheus,
    /// `/debug/vars` is read.
    Expvar,
    /// Plain StatsD at this `host:port`.
    Statsd(String),
    /// StatsD with Datadog's tags at this `host:port`.
    Dogstatsd(String),
    /// Standard output.
    Stdout(Form),
    /// Nowhere.
    Discard,
}

/// A backend could not be chosen or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// There is no such backend.
    #[error(
        "no metrics backend is called {0:?}: prometheus, expvar, statsd:HOST:PORT, dogstatsd:HOST:PORT, stdout, stdout:json, discard"
    )]
    Unknown(String),
    /// The backend needs an address.
    #[error("{0:?} does not end in HOST:PORT")]
    Address(String),
    /// The program was built without the backend.
    #[error(
        "this program was built without the metrics backend {backend}: build kit-metrics with the feature {feature:?}"
    )]
    NotBuilt {
        /// The backend.
        backend: &'static str,
        /// The feature it needs.
        feature: &'static str,
    },
    /// The backend's thread or counters could not be made.
    #[error("the metrics backend could not start")]
    Start(#[source] io::Error),
}

/// `InvalidArgument`, or `Unavailable` if it could not start: for programs whose start answers the one error. Feature `red`, with which
/// `kit-core` comes.
#[cfg(feature = "red")]
impl From<ProviderError> for kit_core::Error {
    #[track_caller]
    fn from(error: ProviderError) -> Self {
        use kit_core::Code;
        let code = if matches!(error, ProviderError::Start(_)) { Code::Unavailable } else { Code::InvalidArgument };
        let message = error.to_string();
        Self::boundary(code, error).with_message(message)
    }
}

/// What a scraper is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scrape {
    /// The value of the header `content-type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A running backend. A clone is the same one: it stops when the last is dropped, as its [`Reporter`] does.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use kit_metrics::{Provider, Registry};
///
/// let registry = Registry::new();
/// let provider = Provider::open("expvar", &registry)?;
/// registry.counter("my_total", "Mine").unlabelled()?.inc();
/// let answer = provider.scrape().expect("it is read, not pushed to");
/// assert_eq!(answer.body, "{\n\"my_total\": 1\n}\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "dropping it stops the backend"]
pub struct Provider(Arc<Running>);

#[derive(Debug)]
struct Running {
    registry: Registry,
    choice: Choice,
    reporter: Option<Reporter>,
}

impl Provider {
    /// Starts the backend that `text` names, at the default [`INTERVAL`] if it is one that is pushed to.
    ///
    /// # Errors
    /// There is no such backend, it was not built in, or it cannot start. That a daemon cannot be reached is no error.
    pub fn open(text: &str, registry: &Registry) -> Result<Self, ProviderError> {
        Self::start(text.parse()?, registry, INTERVAL)
    }

    /// Starts a backend at an interval of your own.
    ///
    /// # Errors
    /// As [`open`](Self::open); also when the interval is zero.
    pub fn start(choice: Choice, registry: &Registry, interval: Duration) -> Result<Self, ProviderError> {
        let reporter = match &choice {
            Choice::Prometheus if cfg!(not(feature = "prometheus")) => {
                return Err(ProviderError::NotBuilt { backend: "prometheus", feature: "prometheus" });
            }
            Choice::Prometheus | Choice::Expvar | Choice::Discard => Ok(None),
            Choice::Stdout(form) => Reporter::start(registry, interval, Printer::new(*form)).map(Some),
            #[cfg(not(feature = "statsd"))]
            Choice::Statsd(_) | Choice::Dogstatsd(_) => {
                return Err(ProviderError::NotBuilt { backend: "statsd", feature: "statsd" });
            }
            #[cfg(feature = "statsd")]
            Choice::Statsd(address) | Choice::Dogstatsd(address) => {
                use crate::statsd::{Statsd, Tags};
                let plain = matches!(choice, Choice::Statsd(_));
                let tags = if plain { Tags::Plain } else { Tags::Datadog };
                let statsd = Statsd::udp(address.as_str()).tags(tags).build(registry).map_err(io::Error::other);
                statsd.and_then(|statsd| Reporter::start(registry, interval, statsd)).map(Some)
            }
        };
        let reporter = reporter.map_err(ProviderError::Start)?;
        Ok(Self(Arc::new(Running { registry: registry.clone(), choice, reporter })))
    }

    /// What to answer a scraper; `None` from a backend that is not scraped.
    pub fn scrape(&self) -> Option<Scrape> {
        let Running { registry, choice, .. } = &*self.0;
        match choice {
            #[cfg(feature = "prometheus")]
            Choice::Prometheus => {
                Some(Scrape { content_type: crate::prometheus::CONTENT_TYPE, body: crate::prometheus::text(registry) })
            }
            Choice::Expvar => Some(Scrape { content_type: "application/json", body: crate::expvar_json(registry) }),
            _ => None,
        }
    }

    /// Reports for the last time and stops, waiting at most this long; whether it was done. Its clones report no more either; a
    /// scrape is still answered.
    ///
    /// It blocks the thread it is called on.
    pub fn shutdown(&self, within: Duration) -> bool {
        self.0.reporter.as_ref().is_none_or(|reporter| reporter.stop(within))
    }
}

impl FromStr for Choice {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, ProviderError> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let address = || match rest.and_then(|rest| rest.rsplit_once(':')) {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(format!("{host}:{port}")),
            _ => Err(ProviderError::Address(text.into())),
        };
        match (name, rest) {
            ("prometheus", None) => Ok(Self::Prometheus),
            ("expvar", None) => Ok(Self::Expvar),
            ("stdout", None) => Ok(Self::Stdout(Form::Table)),
            ("stdout", Some("json")) => Ok(Self::Stdout(Form::JsonLines)),
            ("discard", None) => Ok(Self::Discard),
            ("statsd", _) => Ok(Self::Statsd(address()?)),
            ("dogstatsd", _) => Ok(Self::Dogstatsd(address()?)),
            _ => Err(ProviderError::Unknown(text.into())),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prometheus => f.write_str("prometheus"),
            Self::Expvar => f.write_str("expvar"),
            Self::Statsd(address) => write!(f, "statsd:{address}"),
            Self::Dogstatsd(address) => write!(f, "dogstatsd:{address}"),
            Self::Stdout(Form::Table) => f.write_str("stdout"),
            Self::Stdout(Form::JsonLines) => f.write_str("stdout:json"),
            Self::Discard => f.write_str("discard"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        for text in
            ["prometheus", "expvar", "statsd:a.b:8125", "dogstatsd:[::1]:8125", "stdout", "stdout:json", "discard"]
        {
            assert_eq!(text.parse::<Choice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_name_says_which_there_are_and_a_wrong_address_that_it_is_one() {
        for text in ["", "graphite", "prometheus:9090", "stdout:xml", "Statsd:a:1"] {
            assert!(matches!(text.parse::<Choice>(), Err(ProviderError::Unknown(_))), "{text}");
        }
        for text in ["statsd", "statsd:", "statsd:8125", "dogstatsd:host", "statsd::8125", "statsd:host:99999"] {
            assert!(matches!(text.parse::<Choice>(), Err(ProviderError::Address(_))), "{text}");
        }
    }

    #[test]
    fn a_backend_that_was_not_built_names_its_feature() {
        let open = |text| Provider::open(text, &Registry::new()).map(drop);
        if cfg!(not(feature = "prometheus")) {
            assert!(matches!(open("prometheus"), Err(ProviderError::NotBuilt { feature: "prometheus", .. })));
        } else {
            assert!(open("prometheus").is_ok());
        }
        if cfg!(not(feature = "statsd")) {
            assert!(matches!(open("statsd:127.0.0.1:1"), Err(ProviderError::NotBuilt { feature: "statsd", .. })));
        } else {
            assert!(open("statsd:127.0.0.1:1").is_ok() && open("dogstatsd:127.0.0.1:1").is_ok());
        }
    }

    #[test]
    fn a_clone_is_the_same_one_and_a_scrape_is_answered_after_the_end() {
        let registry = Registry::new();
        let provider = Provider::open("expvar", &registry).unwrap();
        let scraped = provider.clone();
        assert!(provider.shutdown(Duration::ZERO));
        drop(provider);
        registry.counter("my_total", "Mine").unlabelled().unwrap().inc();
        assert!(scraped.scrape().unwrap().body.contains("\"my_total\": 1"));
    }

    #[cfg(feature = "red")]
    #[test]
    fn as_the_one_error_it_says_what_is_wrong() {
        use kit_core::{Code, Error};
        let error = Error::from(Provider::open("graphite", &Registry::new()).unwrap_err());
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with("no metrics backend is called \"graphite\""), "{error}");
        assert!(matches!(error.cause(), Some(ProviderError::Unknown(name)) if name == "graphite"));
    }

    #[test]
    fn what_is_discarded_is_not_scraped_and_stops_at_once() {
        let provider = Provider::open("discard", &Registry::new()).unwrap();
        assert_eq!(provider.scrape(), None);
        assert!(provider.shutdown(Duration::ZERO));
    }
}
