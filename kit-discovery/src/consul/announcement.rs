use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use super::config::{plain, within};

/// How an instance is announced, and how Consul learns that it works.
///
/// ```
/// use std::time::Duration;
///
/// use kit_discovery::consul::{Announcement, Check};
///
/// let short: Announcement = toml::from_str(r#"check = { ttl = "6s" }"#)?;
/// assert_eq!(short.check, Check::Ttl(Duration::from_secs(6)));
/// let probed: Announcement = toml::from_str(r#"check = { http = { path = "/readyz", interval = "5s" } }"#)?;
/// assert!(matches!(probed.check, Check::Http(http) if http.path == "/readyz"));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Announcement {
    /// Who finds out whether it works. Default [`Check::Ttl`] of 15 s.
    pub check: Check,
    /// How long an instance may be critical before Consul forgets it, `[1m, 30days]`; Consul takes no less, and looks
    /// every 30 s. Default 10 m: what a crash left behind goes away, and one that was only away announces itself again.
    /// None keeps it.
    #[serde(with = "duration::option")]
    pub deregister_after: Option<Duration>,
    /// What it is while a readiness check fails: [`Grade::Critical`], the default, which nobody is sent to, or
    /// [`Grade::Warning`], which Consul's DNS and those who do not ask for passing instances still are. While it
    /// starts, drains or is not alive it is critical.
    pub unready: Grade,
}

/// Who finds out whether an instance works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// The instance says so itself, four times within this, `[1s, 1day]`; when it does not, it is critical. It may be
    /// gone from the agent for half of that at most before it is announced again. No port has to be reached, and a
    /// process that hangs is noticed.
    Ttl(#[serde(with = "duration")] Duration),
    /// The agent asks it by HTTP.
    Http(HttpCheck),
}

/// How an agent asks an instance whether it works: any status of 2xx is passing, 429 a warning, all else critical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpCheck {
    /// The path, with a slash at its beginning. Default `/readyz`, where kit's server answers for it.
    pub path: String,
    /// The port. Default the instance's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How often, `[1s, 1h]`; Consul takes no less. As often kit asks whether the agent still knows the instance.
    /// Default 5 s.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// How long an answer may take, `[1ms, 1h]`. Default 2 s: a probe of kit's takes 1 s at most unless it is set to
    /// more.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

/// How an instance stands, in Consul's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// It works.
    Passing,
    /// It works, and something is wrong.
    Warning,
    /// It is not to be called.
    Critical,
}

impl Default for Announcement {
    fn default() -> Self {
        Self {
            check: Check::Ttl(Duration::from_secs(15)),
            deregister_after: Some(Duration::from_secs(600)),
            unready: Grade::Critical,
        }
    }
}

impl Default for HttpCheck {
    fn default() -> Self {
        Self { path: "/readyz".into(), port: None, interval: Duration::from_secs(5), timeout: Duration::from_secs(2) }
    }
}

impl Announcement {
    pub(super) fn check(self) -> Result<Self, Error> {
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3_600));
        match &self.check {
            Check::Ttl(ttl) => within("check.ttl", *ttl, &(second..=24 * hour))?,
            Check::Http(http) => {
                plain("check.http.path", &http.path)?;
                if !http.path.starts_with('/') || http.path.contains(char::is_whitespace) {
                    return Err(Error::invalid_argument("check.http.path must begin with a slash and hold no space"));
                }
                if http.port == Some(0) {
                    return Err(Error::invalid_argument("check.http.port is 0"));
                }
                within("check.http.interval", http.interval, &(second..=hour))?;
                within("check.http.timeout", http.timeout, &(Duration::from_millis(1)..=hour))?;
            }
        }
        if let Some(after) = self.deregister_after {
            within("deregister_after", after, &(60 * second..=30 * 24 * hour))?;
        }
        if self.unready == Grade::Passing {
            return Err(Error::invalid_argument("unready is passing, it must be warning or critical"));
        }
        Ok(self)
    }
}

impl Grade {
    /// The word that Consul has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Grade::Passing => "passing",
            Grade::Warning => "warning",
            Grade::Critical => "critical",
        }
    }
}
