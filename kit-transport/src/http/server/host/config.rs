use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use crate::http::server::extract::BodyLimit;

/// How a [`Server`](super::Server) treats its connections. In a file as in code; durations are written as people do.
///
/// Every limit is on. Where a service needs another one it says so here, and a value that cannot be meant is refused when the
/// server is made.
///
/// ```
/// use std::time::Duration;
/// use kit_transport::http::server::Config;
///
/// let mut in_code = Config::default();
/// in_code.idle_timeout = Duration::from_secs(30);
/// let in_a_file: Config = serde_json::from_str(r#"{"idle_timeout":"30s"}"#)?;
/// assert_eq!(in_code, in_a_file);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// How long a request's head may take to arrive, from its first byte (on a new connection: from its beginning),
    /// `[1ms, 1h]`. Default 10 s: long enough for any network, and a slow client holds a connection no longer. 408, and the
    /// connection is closed.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// The largest head of a request (its line and its headers; in HTTP/2 what the list of headers weighs), in bytes, `[256,
    /// 1048576]`. Default 32 KiB: twice what browsers and proxies let through. 431.
    pub max_header_bytes: usize,
    /// The most headers of a request, `[1, 1000]`. Default 100, hyper's own. 431.
    pub max_headers: usize,
    /// The longest target of a request, in bytes, `[16, 65000]`. Default 8 KiB, what RFC 9110 (4.1) asks every server to take. 414.
    pub max_uri_bytes: usize,
    /// The largest body that is read whole, in bytes, `[0, 1073741824]`, where a route sets no [`BodyLimit`] of its own.
    /// Default 2 MiB ([`BodyLimit::DEFAULT`]). 413; the rest is not read.
    pub max_body_bytes: usize,
    /// How long a request's body may keep its reader waiting in all, `[1ms, 1day]`. Default 30 s, as long as a call may take.
    /// 408. The time that the service itself takes between two reads does not count.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How fast a request's body has to come while its reader waits, on average, in bytes per second, `[0, 1073741824]`.
    /// Default 1,024: slower than any line in use. 408.
    pub min_body_rate: u32,
    /// How far the body may be behind that rate, `[0s, 1day]`. Default 5 s: a lost packet or two.
    #[serde(with = "duration")]
    pub body_grace: Duration,
    /// How long a client may take none of what it is being sent, `[1ms, 1day]`. Default 30 s. The connection is cut off; in HTTP/2
    /// also the one stream whose window stays shut.
    #[serde(with = "duration")]
    pub write_timeout: Duration,
    /// How long a connection may be unused, `[1ms, 1day]`; each one's is up to a tenth shorter, so that those opened together
    /// do not close together. Default 75 s, nginx's: longer than clients keep theirs (kit's 4 s, most others' 60 s at most),
    /// because a connection that the server closes may cost the call that is on its way to it.
    #[serde(with = "duration")]
    pub idle_timeout: Duration,
    /// How old a connection may grow, `[1ms, 365days]`; each one's is up to a tenth shorter. Default 1 h: callers spread anew over
    /// instances that came later. It ends well: `Connection: close` or GOAWAY, and what is in flight goes on.
    #[serde(with = "duration")]
    pub max_age: Duration,
    /// How long what is in flight may go on then before it is cut off, `[1ms, 365days]`. Default 5 min: calls have ended long
    /// before; an endless stream begins anew elsewhere.
    #[serde(with = "duration")]
    pub max_age_grace: Duration,
    /// The most open connections, `[1, 1000000]`. Default 10,000: at 20 KiB each, 200 MiB. Above it nothing more is accepted, and
    /// callers wait in the system's queue.
    pub max_connections: usize,
    /// The most calls in flight on all connections, streamed answers included, `[1, 1000000]`. Default 10,000: a net under the
    /// limits that a service sets for itself. 503, before anything of the body is read.
    pub max_in_flight: usize,
    /// The most requests that one HTTP/2 connection may have open, `[1, 10000]`. Default 200: enough for any client, little to hold.
    pub max_streams: u32,
    /// How many requests that were reset before they were looked at an HTTP/2 connection may leave behind, `[1, 10000]`.
    /// Default 20, h2's. More is an attack (rapid reset, CVE-2023-44487): the connection is closed with ENHANCE_YOUR_CALM.
    pub max_pending_resets: usize,
    /// How many streams of one HTTP/2 connection may be reset because the peer broke the protocol, `[1, 100000]`. Default 1,024,
    /// hyper's. More is an attack (CVE-2025-8671): ENHANCE_YOUR_CALM.
    pub max_error_resets: usize,
    /// The largest HTTP/2 frame that is taken, in bytes, `[16384, 16777215]`. Default 16 KiB, the protocol's least.
    pub max_frame_bytes: u32,
    /// How much of one HTTP/2 request body may be on its way unread, in bytes, `[1024, 2147483647]`. Default 1 MiB: a line of 80
    /// Mbit/s with 100 ms of delay stays busy.
    pub stream_window: u32,
    /// The same for a whole HTTP/2 connection, in bytes, `[65535, 2147483647]`. Default 1 MiB: what a connection holds at most is what
    /// one stream may.
    pub connection_window: u32,
    /// How often a silent HTTP/2 peer is asked whether it lives, `[1ms, 1day]`. Default 20 s.
    #[serde(with = "duration")]
    pub ping_interval: Duration,
    /// How long it may take to say so, `[1ms, 1h]`. Default 10 s.
    #[serde(with = "duration")]
    pub ping_timeout: Duration,
    /// How long a drain waits for what is in flight before it cuts it off, `[0s, 1day]`. Default 10 s, well below what
    /// orchestrators give a process to stop (Kubernetes 30 s).
    #[serde(with = "duration")]
    pub drain_timeout: Duration,
    /// How long a drain leaves an unused HTTP/1.1 connection open, `[0s, 1day]`. Default 500 ms: a request that was on its way
    /// there is still answered, with `Connection: close`. HTTP/2 has GOAWAY for that.
    #[serde(with = "duration")]
    pub drain_idle: Duration,
    /// How long input that nobody wants any more is thrown away before a connection is closed, `[0s, 1h]`. Default 1 s: closing on
    /// unread input resets the connection, and the client may lose the answer that told it why. At most 1 MiB.
    #[serde(with = "duration")]
    pub linger: Duration,
    /// How many connections the system holds that are not accepted yet, `[1, 65535]`. Default 1,024; Linux caps it at
    /// `net.core.somaxconn`.
    pub backlog: u32,
    /// Whether small answers leave at once (TCP_NODELAY). Default yes.
    pub nodelay: bool,
    /// Whether several listeners may share the port (SO_REUSEPORT): one for each core, each with its own queue. Default no: a
    /// second process that takes the port by mistake should be told.
    pub reuse_port: bool,
    /// Whether a connection that does not begin as HTTP/2 is closed. Default no: both are served on one port.
    pub http2_only: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 32 * 1024,
            max_headers: 100,
            max_uri_bytes: 8 * 1024,
            max_body_bytes: BodyLimit::DEFAULT.0,
            body_timeout: Duration::from_secs(30),
            min_body_rate: 1024,
            body_grace: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            max_age: HOUR,
            max_age_grace: Duration::from_secs(300),
            max_connections: 10_000,
            max_in_flight: 10_000,
            max_streams: 200,
            max_pending_resets: 20,
            max_error_resets: 1024,
            max_frame_bytes: 16 * 1024,
            stream_window: 1024 * 1024,
            connection_window: 1024 * 1024,
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            drain_idle: Duration::from_millis(500),
            linger: Duration::from_secs(1),
            backlog: 1024,
            nodelay: true,
            reuse_port: false,
            http2_only: false,
        }
    }
}

const INSTANT: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);
const GIB: usize = 1024 * 1024 * 1024;

impl Config {
    pub(super) fn check(&self) -> Result<(), Error> {
        time("header_timeout", self.header_timeout, INSTANT..=HOUR)?;
        number("max_header_bytes", self.max_header_bytes, 256..=1024 * 1024)?;
        number("max_headers", self.max_headers, 1..=1000)?;
        number("max_uri_bytes", self.max_uri_bytes, 16..=65_000)?;
        number("max_body_bytes", self.max_body_bytes, 0..=GIB)?;
        time("body_timeout", self.body_timeout, INSTANT..=DAY)?;
        number("min_body_rate", self.min_body_rate as usize, 0..=GIB)?;
        time("body_grace", self.body_grace, Duration::ZERO..=DAY)?;
        time("write_timeout", self.write_timeout, INSTANT..=DAY)?;
        time("idle_timeout", self.idle_timeout, INSTANT..=DAY)?;
        time("max_age", self.max_age, INSTANT..=YEAR)?;
        time("max_age_grace", self.max_age_grace, INSTANT..=YEAR)?;
        number("max_connections", self.max_connections, 1..=1_000_000)?;
        number("max_in_flight", self.max_in_flight, 1..=1_000_000)?;
        number("max_streams", self.max_streams as usize, 1..=10_000)?;
        number("max_pending_resets", self.max_pending_resets, 1..=10_000)?;
        number("max_error_resets", self.max_error_resets, 1..=100_000)?;
        number("max_frame_bytes", self.max_frame_bytes as usize, 16_384..=16_777_215)?;
        number("stream_window", self.stream_window as usize, 1024..=i32::MAX as usize)?;
        number("connection_window", self.connection_window as usize, 65_535..=i32::MAX as usize)?;
        time("ping_interval", self.ping_interval, INSTANT..=DAY)?;
        time("ping_timeout", self.ping_timeout, INSTANT..=HOUR)?;
        time("drain_timeout", self.drain_timeout, Duration::ZERO..=DAY)?;
        time("drain_idle", self.drain_idle, Duration::ZERO..=DAY)?;
        time("linger", self.linger, Duration::ZERO..=HOUR)?;
        number("backlog", self.backlog as usize, 1..=65_535)
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
        assert!(text.contains(r#""header_timeout":"10s""#), "{text}");
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
        assert!(serde_json::from_str::<Config>(r#"{"header_timout":"1s"}"#).is_err());
    }

    #[test]
    fn a_setting_out_of_range_is_refused_by_name_and_range() {
        type Spoil = fn(&mut Config);
        let cases: [(Spoil, &str); 27] = [
            (|c| c.header_timeout = Duration::ZERO, "header_timeout is 0s, outside [1ms, 1h]"),
            (|c| c.max_header_bytes = 100, "max_header_bytes is 100, outside [256, 1048576]"),
            (|c| c.max_headers = 0, "max_headers is 0, outside [1, 1000]"),
            (|c| c.max_uri_bytes = 65_001, "max_uri_bytes is 65001, outside [16, 65000]"),
            (|c| c.max_body_bytes = GIB + 1, "max_body_bytes is 1073741825, outside [0, 1073741824]"),
            (|c| c.body_timeout = Duration::ZERO, "body_timeout is 0s, outside [1ms, 1day]"),
            (|c| c.min_body_rate = u32::MAX, "min_body_rate is 4294967295, outside [0, 1073741824]"),
            (|c| c.body_grace = 2 * DAY, "body_grace is 2days, outside [0s, 1day]"),
            (|c| c.write_timeout = Duration::ZERO, "write_timeout is 0s, outside [1ms, 1day]"),
            (|c| c.idle_timeout = Duration::ZERO, "idle_timeout is 0s, outside [1ms, 1day]"),
            (|c| c.max_age = Duration::ZERO, "max_age is 0s, outside [1ms, "),
            (|c| c.max_age_grace = Duration::ZERO, "max_age_grace is 0s, outside [1ms, "),
            (|c| c.max_connections = 0, "max_connections is 0, outside [1, 1000000]"),
            (|c| c.max_in_flight = 0, "max_in_flight is 0, outside [1, 1000000]"),
            (|c| c.max_streams = 0, "max_streams is 0, outside [1, 10000]"),
            (|c| c.max_pending_resets = 0, "max_pending_resets is 0, outside [1, 10000]"),
            (|c| c.max_error_resets = 0, "max_error_resets is 0, outside [1, 100000]"),
            (|c| c.max_frame_bytes = 1, "max_frame_bytes is 1, outside [16384, 16777215]"),
            (|c| c.stream_window = 0, "stream_window is 0, outside [1024, 2147483647]"),
            (|c| c.stream_window = u32::MAX, "stream_window is 4294967295, outside [1024, 2147483647]"),
            (|c| c.connection_window = 1, "connection_window is 1, outside [65535, 2147483647]"),
            (|c| c.ping_interval = Duration::ZERO, "ping_interval is 0s, outside [1ms, 1day]"),
            (|c| c.ping_timeout = Duration::ZERO, "ping_timeout is 0s, outside [1ms, 1h]"),
            (|c| c.drain_timeout = 2 * DAY, "drain_timeout is 2days, outside [0s, 1day]"),
            (|c| c.drain_idle = 2 * DAY, "drain_idle is 2days, outside [0s, 1day]"),
            (|c| c.linger = 2 * HOUR, "linger is 2h, outside [0s, 1h]"),
            (|c| c.backlog = 0, "backlog is 0, outside [1, 65535]"),
        ];
        for (spoil, line) in cases {
            let mut config = Config::default();
            spoil(&mut config);
            let error = config.check().unwrap_err();
            assert!(error.message().starts_with(line), "{error}");
            assert_eq!(error.reason(), Some("bad_config"));
        }
    }
}
