//! What was promised, beside what came.

use std::fmt;

/// A line of the matrix, measured.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) promised: String,
    pub(super) came: String,
    pub(super) kept: bool,
}

/// All that is looked at in one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Promises(pub(super) Vec<Promise>);

impl Promises {
    pub(super) fn that(&mut self, promised: impl Into<String>, kept: bool, came: impl Into<String>) {
        self.0.push(Promise { promised: promised.into(), came: came.into(), kept });
    }

    /// At most so many.
    pub(super) fn count(&mut self, promised: impl Into<String>, got: u64, most: u64) {
        self.that(promised, got <= most, got.to_string());
    }

    /// At most this share, within `[0.0, 1.0]`.
    pub(super) fn share(&mut self, promised: impl Into<String>, got: f64, most: f64) {
        self.that(promised, got <= most, Percent(got).to_string());
    }

    /// At most so many seconds; `None` is never.
    pub(super) fn seconds(&mut self, promised: impl Into<String>, got: Option<f64>, most: f64) {
        let came = got.map_or_else(|| "never".to_owned(), |got| format!("{got:.2} s"));
        self.that(promised, got.is_some_and(|got| got <= most), came);
    }

    pub(super) fn are_kept(&self) -> bool {
        self.0.iter().all(|promise| promise.kept)
    }
}

/// A share of one, printed in hundredths.
pub(super) struct Percent(pub(super) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} %", self.0 * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_broken_breaks_the_row() {
        let mut promises = Promises::default();
        promises.count("0 lost", 0, 0);
        promises.share("at most 1 %", 0.0099, 0.01);
        promises.seconds("back within 10 s", Some(9.9), 10.0);
        assert!(promises.are_kept());
        promises.seconds("back within 10 s", None, 10.0);
        assert!(!promises.are_kept());
        assert_eq!(
            promises.0.iter().map(|promise| &*promise.came).collect::<Vec<_>>(),
            ["0", "0.99 %", "9.90 s", "never"]
        );
    }
}
