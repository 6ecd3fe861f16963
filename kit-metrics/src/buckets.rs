//! Bounds of histograms.

use crate::error::RegisterError;
use crate::unit::{Measure, Unit};

/// Default bounds of a histogram of [`Seconds`](crate::Seconds), from 5 ms to 10 s.
///
/// Those that OpenTelemetry's conventions advise for the durations of HTTP calls, so that kit's histograms can be
/// summed with those of other services. Fourteen of them and the sum fill exactly one pair of cache lines a shard.
///
/// # Source
/// OpenTelemetry semantic conventions for HTTP metrics, `http.server.request.duration`.
pub const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Default bounds of a histogram of [`Bytes`](crate::Bytes): 64 bytes to 16 MiB by factors of four.
///
/// Sizes spread over orders of magnitude; one bucket for each factor of four tells a header from a page from an upload,
/// and 4 MiB, gRPC's default limit, is one of the bounds.
pub const BYTES: [f64; 10] =
    [64.0, 256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];

/// Most bounds of a histogram: each is a line in every scrape for every label set.
pub const MAX_BOUNDS: usize = 128;

/// `n` bounds that begin at `start` and rise by `width`.
pub fn linear(start: f64, width: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| start + width * i as f64).collect()
}

/// `n` bounds that begin at `start` and rise by `factor`.
pub fn exponential(start: f64, factor: f64, n: usize) -> Vec<f64> {
    std::iter::successors(Some(start), |bound| Some(bound * factor)).take(n).collect()
}

/// The bounds of a new histogram: those asked for, checked, or the default of its unit.
pub(crate) fn resolve<U: Measure>(name: &str, asked: Option<&[f64]>) -> Result<Vec<f64>, RegisterError> {
    let error = |problem| RegisterError::Buckets { name: name.into(), problem };
    let bounds = match (asked, U::UNIT) {
        (Some(asked), _) => asked,
        (None, Unit::Seconds) => &SECONDS[..],
        (None, Unit::Bytes) => &BYTES[..],
        (None, _) => return Err(error("plain numbers have no default bounds")),
    };
    if bounds.is_empty() {
        return Err(error("there is no bound"));
    }
    if bounds.len() > MAX_BOUNDS {
        return Err(error("there are more than 128 bounds"));
    }
    let keys: Option<Vec<u64>> = bounds.iter().map(|bound| U::bound(*bound)).collect();
    match keys {
        None => Err(error("a bound is not finite, negative, or too large for its unit")),
        Some(keys) if keys.windows(2).any(|pair| pair[0] >= pair[1]) => Err(error("the bounds do not rise")),
        Some(_) => Ok(bounds.to_vec()),
    }
}

/// Bounds that passed [`resolve`], as keys.
pub(crate) fn keys<U: Measure>(bounds: &[f64]) -> Box<[u64]> {
    bounds.iter().filter_map(|bound| U::bound(*bound)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::{Bytes, Number, Seconds};

    #[test]
    fn the_defaults_pass_their_own_checks() {
        assert_eq!(resolve::<Seconds>("f", None).unwrap(), SECONDS);
        assert_eq!(resolve::<Bytes>("f", None).unwrap(), BYTES);
        assert!(resolve::<Number>("f", None).is_err());
    }

    #[test]
    fn bounds_that_make_no_buckets_are_refused() {
        let bad = [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY], &[-1.0], &[1e-10, 2e-10]];
        for bounds in bad {
            assert!(resolve::<Seconds>("f", Some(bounds)).is_err(), "{bounds:?}");
        }
        assert!(resolve::<Number>("f", Some(&[-1.0, 0.0])).is_ok());
        assert!(resolve::<Bytes>("f", Some(&linear(1.0, 1.0, MAX_BOUNDS + 1))).is_err());
    }

    #[test]
    fn series_of_bounds_start_where_told() {
        assert_eq!(linear(1.0, 0.5, 3), [1.0, 1.5, 2.0]);
        assert_eq!(exponential(0.5, 2.0, 4), [0.5, 1.0, 2.0, 4.0]);
    }
}
