use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

/// The settings of a [`Client`](super::Client) and of [`Channels`](super::Channels), the same in code and in a file.
///
/// ```
/// use std::time::Duration;
/// use kit_transport::http::client::Config;
///
/// let in_code = Config { connect_timeout: Duration::from_millis(250), ..Config::default() };
/// let in_a_file: Config = serde_json::from_str(r#"{"connect_timeout":"250ms"}"#)?;
/// assert_eq!(in_code, in_a_file);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long name resolution and connecting may take together, `[1ms, 1h]`. Default 1 s: a lost SYN is sent again once, and a
    /// host that does not answer then is not worth a caller's time (linkerd's value).
    ///
    /// The addresses of one name share it evenly.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How long an unused connection is kept, `[1ms, 1h]`. Default 4 s: below the 5 s after which Node.js, Apache and uvicorn
    /// close theirs. A connection that the server closes while a request is on its way to it costs that call, if it may not run twice.
    #[serde(with = "duration")]
    pub idle_timeout: Duration,
    /// How long a peer may be silent before it is asked for a sign of life, `[1ms, 1h]`. Default 10 s.
    ///
    /// It then has half as long again: a connection whose peer has vanished is retired after 15 s. HTTP/2 asks by PING while calls
    /// are open, TCP by keep-alive probes, and on Linux what is sent and not acknowledged ends the connection in the same
    /// time.
    #[serde(with = "duration")]
    pub keep_alive: Duration,
    /// How old a connection may grow before it takes no more calls, `[1ms, 1day]`; each one's time is up to a tenth shorter, so
    /// that those opened together do not end together. What is on it goes on. Default 5 min: a name that leads elsewhere, or a
    /// machine behind a load balancer, is noticed within minutes, at the price of one connect in thousands of calls. `none` is none.
    #[serde(with = "duration::option")]
    pub max_age: Option<Duration>,
    /// How many HTTP/1.1 connections may be open to each host, `[1, 65536]`, one for each call that is under way; those that are
    /// being opened and those that nobody uses count. Default 256: calls of 10 ms come to 25,000 a second, and three instances
    /// that hang leave something of the 1,024 descriptors that a process usually has.
    ///
    /// A call that finds none waits for its turn.
    pub max_connections: usize,
    /// How many calls may wait for a connection to each host, `[0, 1048576]`, by HTTP/2 for room on one. Default 1,024: four
    /// times those that are served; who comes after them would wait longer than is worth while, and is refused at once. One that is
    /// sent again has waited, and is not counted.
    pub max_waiting: usize,
    /// How many HTTP/2 connections take calls to each host, `[1, 64]`. Default 1, what the protocol is made for, and what its
    /// calls share a lost packet with. More pay where one core at the other end, or its limit of streams, is not enough: a call goes to
    /// the one that carries the fewest, and another is opened when all are in use.
    pub http2_connections: usize,
    /// How many unused connections are kept for each host, `[1, 65536]`. Default 128: what a burst opened and nobody needs any
    /// more is not kept. It is nothing to HTTP/2.
    pub max_idle_per_host: usize,
    /// The largest answer that is decoded, in bytes, `[1, 1073741824]`. Default 2 MiB, as much as a server of ours reads. A
    /// body that the caller reads for itself has no limit.
    pub max_response_bytes: usize,
    /// How long a call may take whose context has no deadline, `[1ms, 1day]`, a streamed answer included. Default 30 s, what most
    /// proxies allow: nothing waits for ever. A context that has a deadline is never cut shorter.
    #[serde(with = "duration")]
    pub default_deadline: Duration,
    /// Whether to speak HTTP/2 from the first byte (with prior knowledge: without TLS nothing is negotiated). Default no: a
    /// server that knows only HTTP/1.1 would not understand.
    pub http2_only: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(4),
            keep_alive: Duration::from_secs(10),
            max_age: Some(Duration::from_secs(5 * 60)),
            max_connections: 256,
            max_waiting: 1024,
            http2_connections: 1,
            max_idle_per_host: 128,
            max_response_bytes: 2 * 1024 * 1024,
            default_deadline: Duration::from_secs(30),
            http2_only: false,
        }
    }
}

const INSTANT: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Config {
    pub(super) fn check(&self) -> Result<(), Error> {
        time("connect_timeout", self.connect_timeout, INSTANT..=HOUR)?;
        time("idle_timeout", self.idle_timeout, INSTANT..=HOUR)?;
        time("keep_alive", self.keep_alive, INSTANT..=HOUR)?;
        time("default_deadline", self.default_deadline, INSTANT..=DAY)?;
        self.max_age.map_or(Ok(()), |age| time("max_age", age, INSTANT..=DAY))?;
        number("max_connections", self.max_connections, 1..=65_536)?;
        number("max_waiting", self.max_waiting, 0..=1024 * 1024)?;
        number("http2_connections", self.http2_connections, 1..=64)?;
        number("max_idle_per_host", self.max_idle_per_host, 1..=65_536)?;
        number("max_response_bytes", self.max_response_bytes, 1..=1024 * 1024 * 1024)
    }
}

fn time(field: &str, value: Duration, range: RangeInclusive<Duration>) -> Result<(), Error> {
    let text = duration::display;
    check(field, range.contains(&value), text(value), text(*range.start()), text(*range.end()))
}

fn number(field: &str, value: usize, range: RangeInclusive<usize>) -> Result<(), Error> {
    check(field, range.contains(&value), value, range.start(), range.end())
}

fn check(
    field: &str,
    fits: bool,
    value: impl fmt::Display,
    least: impl fmt::Display,
    most: impl fmt::Display,
) -> Result<(), Error> {
    if fits {
        return Ok(());
    }
    let line = format!("{field} is {value}, outside [{least}, {most}]");
    Err(Error::invalid_argument(line).with_reason("bad_config"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_the_same_in_a_file() {
        let config = Config::default();
        config.check().unwrap();
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), config);
        let text = serde_json::to_string(&config).unwrap();
        assert!(text.contains(r#""connect_timeout":"1s""#), "{text}");
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    }

    #[test]
    fn a_setting_out_of_range_is_refused_by_name_and_range() {
        type Spoil = fn(&mut Config);
        let cases: [(Spoil, &str); 12] = [
            (|c| c.connect_timeout = Duration::ZERO, "connect_timeout is 0s, outside [1ms, 1h]"),
            (|c| c.idle_timeout = Duration::ZERO, "idle_timeout is 0s, outside [1ms, 1h]"),
            (|c| c.keep_alive = 2 * HOUR, "keep_alive is 2h, outside [1ms, 1h]"),
            (|c| c.default_deadline = Duration::ZERO, "default_deadline is 0s, outside [1ms, 1day]"),
            (|c| c.default_deadline = 2 * DAY, "default_deadline is 2days, outside [1ms, 1day]"),
            (|c| c.max_age = Some(Duration::ZERO), "max_age is 0s, outside [1ms, 1day]"),
            (|c| c.max_connections = 0, "max_connections is 0, outside [1, 65536]"),
            (|c| c.max_waiting = 1 << 21, "max_waiting is 2097152, outside [0, 1048576]"),
            (|c| c.http2_connections = 65, "http2_connections is 65, outside [1, 64]"),
            (|c| c.max_idle_per_host = 0, "max_idle_per_host is 0, outside [1, 65536]"),
            (|c| c.max_idle_per_host = 70_000, "max_idle_per_host is 70000, outside [1, 65536]"),
            (|c| c.max_response_bytes = 0, "max_response_bytes is 0, outside [1, 1073741824]"),
        ];
        for (spoil, line) in cases {
            let mut config = Config::default();
            spoil(&mut config);
            let error = config.check().unwrap_err();
            assert_eq!((error.message(), error.reason()), (line, Some("bad_config")));
        }
    }

    #[test]
    fn a_file_with_an_unknown_field_or_no_duration_is_refused() {
        for (text, told) in [
            (r#"{"conect_timeout":"1s"}"#, "unknown field `conect_timeout`"),
            (r#"{"connect_timeout":"soon"}"#, "\"soon\" is no duration"),
            (r#"{"connect_timeout":1}"#, "expected a duration"),
        ] {
            let error = serde_json::from_str::<Config>(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
