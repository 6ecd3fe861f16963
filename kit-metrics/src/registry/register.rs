//! The registration of one family.

use std::marker::PhantomData;
use std::time::Duration;

use crate::error::RegisterError;
use crate::histogram::Histogram;
use crate::name::{check, check_labels};
use crate::registry::meta::Meta;
use crate::registry::{Family, Instrument, Registry};
use crate::summary::Summary;
use crate::unit::{Measure, Stepped};

/// Label sets that a family of one line each keeps by default.
const LABEL_SETS: usize = 1000;

/// Lines of a scrape that a histogram or summary takes by default.
const LINES: usize = 2000;

/// Most label sets that may be asked for: a table is copied when it grows, and a scrape of more serves nobody.
const MOST: usize = 10_000;

/// A family about to be registered; made by [`Registry::counter`] and its like, ended by [`labels`](Self::labels) or
/// [`unlabelled`](Self::unlabelled).
#[derive(Clone, Debug)]
#[must_use = "nothing is registered until `labels` or `unlabelled`"]
pub struct Register<'r, I> {
    registry: &'r Registry,
    name: String,
    help: String,
    bounds: Option<Vec<f64>>,
    window: Option<Duration>,
    limit: Option<usize>,
    instrument: PhantomData<fn() -> I>,
}

impl<'r, I: Instrument> Register<'r, I> {
    pub(crate) fn new(registry: &'r Registry, name: &str, help: &str) -> Self {
        Self {
            registry,
            name: name.into(),
            help: help.into(),
            bounds: None,
            window: None,
            limit: None,
            instrument: PhantomData,
        }
    }

    /// Label sets kept before new ones share the series [`OTHER`](crate::OTHER). Default: 1,000; for
    /// histograms as many as make 2,000 lines of a scrape; for summaries 50. At most 10,000.
    pub fn limit(mut self, label_sets: usize) -> Self {
        self.limit = Some(label_sets);
        self
    }

    /// Registers the family with these labels, or answers it when it is registered already with the same kind, unit,
    /// labels and buckets; help text and limit are then those of the first.
    ///
    /// # Errors
    /// The name, a label or the buckets break a rule, there is no help text, or the name is registered with another
    /// shape. Nothing is changed then.
    pub fn labels<const N: usize>(self, labels: [&str; N]) -> Result<Family<I>, RegisterError> {
        let Self { name, help, .. } = self;
        let unit = I::unit(&name);
        check(&name, I::KIND, unit)?;
        check_labels(&name, &labels)?;
        if help.trim().is_empty() {
            return Err(RegisterError::NoHelp { name });
        }
        let bounds = I::bounds(&name, self.bounds.as_deref())?;
        let window = I::window(&name, self.window)?;
        let limit = self.limit.unwrap_or(match I::lines(bounds.len()) {
            1 => LABEL_SETS,
            lines => (LINES / lines).max(1),
        });
        if !(1..=MOST).contains(&limit) {
            return Err(RegisterError::Limit { name, given: limit });
        }
        let meta = Meta {
            name: name.into(),
            help: help.into(),
            kind: I::KIND,
            unit,
            labels: labels.into_iter().map(Into::into).collect(),
            bounds: bounds.into(),
            window,
            limit,
        };
        Ok(Family::new(self.registry.enter(meta)?))
    }

    /// Registers the family without labels and answers its one handle.
    ///
    /// # Errors
    /// As [`labels`](Self::labels); also when its value is read from a function.
    pub fn unlabelled(self) -> Result<I, RegisterError> {
        Ok(self.labels([])?.with::<&str, 0>([])?)
    }
}

impl<U: Measure> Register<'_, Histogram<U>> {
    /// Upper bounds of the buckets, inclusive and rising, in the unit of the name: seconds, bytes. At most
    /// [`MAX_BOUNDS`](crate::buckets::MAX_BOUNDS). Default: [`buckets::SECONDS`](crate::buckets::SECONDS),
    /// [`buckets::BYTES`](crate::buckets::BYTES); plain numbers have none.
    pub fn buckets(mut self, bounds: &[f64]) -> Self {
        self.bounds = Some(bounds.into());
        self
    }
}

impl<U: Stepped> Register<'_, Summary<U>> {
    /// The quantiles told, each in `[0.0, 1.0]`, rising. Default: [`summary::QUANTILES`](crate::summary::QUANTILES).
    pub fn quantiles(mut self, quantiles: &[f64]) -> Self {
        self.bounds = Some(quantiles.into());
        self
    }

    /// What the quantiles look back on, at least a second; it moves by fifths. Default:
    /// [`summary::WINDOW`](crate::summary::WINDOW).
    pub fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }
}
