use std::ops::RangeInclusive;
use std::time::Duration;

use http::HeaderValue;
use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use super::Token;
use crate::address::Address;
use crate::malformed::Malformed;

/// Where Consul is and how it is asked.
///
/// ```
/// use kit_discovery::consul::{Config, Token};
///
/// let config: Config = toml::from_str(r#"
///     address = "http://10.0.0.9:8500"
///     token = "3f2a1c52-0c7b-4f8a-9f3e-1d6b5c0a7e11"
/// "#)?;
/// assert_eq!(config.address, "http://10.0.0.9:8500");
/// assert!(!format!("{config:?}").contains("3f2a"));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `http://host:port`, or that alone. Default `http://127.0.0.1:8500`: the agent on the same machine.
    pub address: String,
    /// The ACL token that is sent with every request. Default none: what the anonymous token may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// How long connecting may take, the look-up of a name included, `[1ms, 1h]`. Default 1 s: an agent is near.
    #[serde(with = "duration")]
    pub connect: Duration,
    /// How long an answer may take, connecting included, beyond what Consul was asked to wait, `[1ms, 1h]`. Default 3
    /// s: with the default wait an agent that hangs is noticed within 14 s.
    #[serde(with = "duration")]
    pub answer: Duration,
    /// The largest answer that is read, in bytes, `[1024, 1073741824]`. Default 8 MiB: some 4,000 instances with their
    /// checks.
    pub max_answer_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: "http://127.0.0.1:8500".into(),
            token: None,
            connect: Duration::from_secs(1),
            answer: Duration::from_secs(3),
            max_answer_bytes: 8 * 1024 * 1024,
        }
    }
}

impl Config {
    /// The settings in the forms that requests need.
    pub(super) fn check(&self) -> Result<(Address, Option<HeaderValue>), Error> {
        let limits = Duration::from_millis(1)..=Duration::from_secs(3_600);
        within("connect", self.connect, &limits)?;
        within("answer", self.answer, &limits)?;
        let sizes = 1_024..=1_073_741_824;
        if !sizes.contains(&self.max_answer_bytes) {
            let message = format!("max_answer_bytes is {}, it must be within {sizes:?}", self.max_answer_bytes);
            return Err(Error::invalid_argument(message));
        }
        if self.address.starts_with("https://") {
            return Err(Error::invalid_argument(
                "address begins with https://, and this client has no TLS of its own: ask an agent near by, or give it a Dial",
            ));
        }
        let bare = self.address.strip_prefix("http://").unwrap_or(&self.address);
        let address = bare.strip_suffix('/').unwrap_or(bare).parse().map_err(|malformed: Malformed| {
            let message = format!("address is no http://host:port: {malformed}");
            Error::from(malformed).with_message(message)
        })?;
        let token = self.token.as_ref().map(header).transpose()?;
        Ok((address, token))
    }
}

fn header(token: &Token) -> Result<HeaderValue, Error> {
    let refused = || Error::invalid_argument("token is empty or holds what no header may");
    let mut value = HeaderValue::from_str(token.expose()).ok().filter(|value| !value.is_empty()).ok_or_else(refused)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Refuses a duration out of its range, by the name of the setting.
pub(super) fn within(name: &str, given: Duration, range: &RangeInclusive<Duration>) -> Result<(), Error> {
    if range.contains(&given) {
        return Ok(());
    }
    let shown = |d: Duration| duration::display(d).to_string();
    let (given, low, high) = (shown(given), shown(*range.start()), shown(*range.end()));
    Err(Error::invalid_argument(format!("{name} is {given}, it must be within [{low}, {high}]")))
}

/// Refuses a text that is empty or holds control characters, by the name of the setting.
pub(super) fn plain(name: &str, given: &str) -> Result<(), Error> {
    if given.is_empty() || given.len() > 1_024 || given.chars().any(char::is_control) {
        return Err(Malformed::of(&format!("{name} is empty, longer than 1024 bytes or not plain:"), given).into());
    }
    Ok(())
}
