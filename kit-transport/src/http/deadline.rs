//! How a deadline travels: the time that is left, as `grpc-timeout`, on every wire.
//!
//! A server also reads Envoy's `x-envoy-expected-rq-timeout-ms`. What it cannot read it ignores: a caller that cannot write a
//! header still deserves an answer, within the server's own limit. A call of gRPC is refused instead: there the header is no courtesy but a
//! part of the call, and one whose caller waits for less long than is thought here works for nobody.

use std::time::Duration;

use http::HeaderValue;
use http::header::HeaderName;
use kit_core::Metadata;

/// The header of the time that is left: up to eight digits and a unit (`H M S m u n`).
pub const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Envoy's name for it: whole milliseconds.
pub const ENVOY_TIMEOUT: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");

/// The time that the caller gives; the shorter of the two if both headers are there.
pub fn read(metadata: &Metadata) -> Option<Duration> {
    given(metadata).time
}

/// What the headers of a call say of its time.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    pub(crate) time: Option<Duration>,
    /// There is a `grpc-timeout` that is none.
    #[cfg_attr(not(any(feature = "grpc", test)), expect(dead_code, reason = "only gRPC refuses it"))]
    pub(crate) is_malformed: bool,
}

pub(crate) fn given(metadata: &Metadata) -> Given {
    static NAMES: [HeaderName; 2] = [GRPC_TIMEOUT, ENVOY_TIMEOUT];
    // One walk over the few that a request has: to look two names up, both would be hashed, all their forty bytes, and most requests have
    // neither.
    let mut found = [None; 2];
    for (name, value) in metadata.headers() {
        if let Some(at) = NAMES.iter().position(|wanted| wanted == name) {
            found[at].get_or_insert(value.as_bytes());
        }
    }
    let grpc = found[0].map(parse);
    let envoy = found[1].and_then(digits).map(Duration::from_millis);
    let time = match (grpc.flatten(), envoy) {
        (Some(grpc), Some(envoy)) => Some(grpc.min(envoy)),
        (grpc, envoy) => grpc.or(envoy),
    };
    Given { time, is_malformed: grpc == Some(None) }
}

/// The header's value for `left`, rounded down to the finest unit that fits, so that a callee never has more time than its
/// caller.
pub fn write(left: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let nanos = left.as_nanos();
    let units = [(1, b'n'), (1_000, b'u'), (1_000_000, b'm'), (1_000_000_000, b'S'), (60_000_000_000, b'M')];
    let (count, unit) = units
        .into_iter()
        .map(|(size, unit)| (nanos / size, unit))
        .find(|(count, _)| *count <= MOST)
        .unwrap_or(((nanos / 3_600_000_000_000).min(MOST), b'H'));
    // On every request: by hand, for the one allocation that the value is.
    let (mut text, mut at, mut count) = ([unit; 9], 8, count);
    loop {
        at -= 1;
        text[at] = b'0' + (count % 10) as u8;
        count /= 10;
        if count == 0 {
            return HeaderValue::from_bytes(&text[at..]).expect("digits and a letter");
        }
    }
}

fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, count) = value.split_last()?;
    if count.len() > 8 {
        return None;
    }
    let count = digits(count)?;
    Some(match unit {
        b'H' => Duration::from_secs(count * 3_600),
        b'M' => Duration::from_secs(count * 60),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    })
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_unit_and_ignores_the_rest() {
        for (text, time) in [
            ("1H", Some(Duration::from_secs(3_600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("100m", Some(Duration::from_millis(100))),
            ("5u", Some(Duration::from_micros(5))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("0m", Some(Duration::ZERO)),
            ("123456789m", None),
            ("m", None),
            ("", None),
            ("-1m", None),
            ("1s", None),
            ("1.5S", None),
            (" 1S", None),
        ] {
            assert_eq!(parse(text.as_bytes()), time, "{text:?}");
        }
    }

    #[test]
    fn the_shorter_of_both_headers_counts() {
        let mut metadata = Metadata::default();
        assert_eq!(read(&metadata), None);
        metadata.insert("x-envoy-expected-rq-timeout-ms", "250").unwrap();
        assert_eq!(read(&metadata), Some(Duration::from_millis(250)));
        metadata.insert("grpc-timeout", "100m").unwrap();
        assert_eq!(read(&metadata), Some(Duration::from_millis(100)));
        assert!(!given(&metadata).is_malformed);
        metadata.insert("grpc-timeout", "soon").unwrap();
        assert_eq!(read(&metadata), Some(Duration::from_millis(250)));
        assert!(given(&metadata).is_malformed);
        metadata.insert("x-envoy-expected-rq-timeout-ms", "1e3").unwrap();
        assert_eq!(read(&metadata), None);
        metadata.remove("grpc-timeout");
        assert!(!given(&metadata).is_malformed);
    }

    proptest! {
        #[test]
        fn what_is_written_is_never_more_and_hardly_less(nanos in 0u64..) {
            let left = Duration::from_nanos(nanos);
            let read = parse(write(left).as_bytes()).unwrap();
            prop_assert!(read <= left);
            prop_assert!(left - read <= left / 1_000_000, "{left:?} became {read:?}");
        }
    }
}
