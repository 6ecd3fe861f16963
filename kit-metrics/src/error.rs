//! What can be wrong with a registration or a label set.

use crate::name::MAX_LABELS;
use crate::unit::Unit;

/// A family could not be registered. Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The metric's name breaks a rule.
    #[error("metric name {name:?} {problem}")]
    Name {
        /// The name given.
        name: String,
        /// The rule.
        problem: NameProblem,
    },
    /// A label's name breaks a rule.
    #[error("label {label:?} of metric {name:?} {problem}")]
    Label {
        /// The family.
        name: String,
        /// The label given.
        label: String,
        /// The rule.
        problem: NameProblem,
    },
    /// More labels than a family may have.
    #[error("metric {name:?} has {given} labels, at most {MAX_LABELS} are allowed")]
    TooManyLabels {
        /// The family.
        name: String,
        /// How many were given.
        given: usize,
    },
    /// The help text is empty: every reader of a scrape needs one.
    #[error("metric {name:?} has no help text")]
    NoHelp {
        /// The family.
        name: String,
    },
    /// The bounds of a histogram's buckets make none.
    #[error("buckets of metric {name:?}: {problem}")]
    Buckets {
        /// The family.
        name: String,
        /// What is wrong with them.
        problem: &'static str,
    },
    /// The quantiles of a summary are none, out of `[0.0, 1.0]`, or do not rise.
    #[error("quantiles of metric {name:?} are none, out of range, or do not rise")]
    Quantiles {
        /// The family.
        name: String,
    },
    /// The window of a summary is shorter than a second.
    #[error("the window of metric {name:?} is shorter than a second")]
    Window {
        /// The family.
        name: String,
    },
    /// The limit on label sets is zero, or above 10,000.
    #[error("metric {name:?} may not keep {given} label sets")]
    Limit {
        /// The family.
        name: String,
        /// The limit given.
        given: usize,
    },
    /// The name belongs to a family of another shape.
    #[error("metric {name:?} is already registered with another {what}")]
    Conflict {
        /// The family.
        name: String,
        /// What differs: its kind, unit, labels, buckets or window.
        what: &'static str,
    },
    /// The series is there already, and what it reads cannot be replaced.
    #[error(transparent)]
    Series(#[from] LabelError),
}

/// A rule that a metric's or a label's name breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// Not lower-case letters, digits and underscores, or longer than 200.
    #[error("is not lower-case snake case")]
    NotSnakeCase,
    /// A counter whose name does not end in `_total`.
    #[error("is a counter's and does not end in `_total`")]
    CounterWithoutTotal,
    /// `_total` at the end of what is no counter.
    #[error("ends in `_total` and is no counter's")]
    TotalWithoutCounter,
    /// A word that backends append themselves.
    #[error("uses `{0}`, which is made by backends")]
    Reserved(Box<str>),
    /// The kind of instrument, which is told elsewhere.
    #[error("holds the word `{0}`, which the kind already tells")]
    TellsKind(Box<str>),
    /// What is observed is measured in another unit than the name's end tells.
    #[error("does not end in the unit of what is observed, {}", unit_in_words(.0))]
    Unit(Unit),
    /// A scaled or shortened unit.
    #[error("uses a scaled or shortened unit, the base unit is `{0}`")]
    NotBaseUnit(&'static str),
    /// Given before in the same list.
    #[error("is given twice")]
    Twice,
}

/// A label set does not fit its family.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// Too few or too many values.
    #[error("metric {family:?} takes {expected} label values, {given} were given")]
    Count {
        /// The family.
        family: Box<str>,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// A label that the family does not have, or that a preset already gave.
    #[error("metric {family:?} takes no label {label:?}")]
    Unknown {
        /// The family.
        family: Box<str>,
        /// The label given.
        label: Box<str>,
    },
    /// A label of the family was not given.
    #[error("metric {family:?} needs a value for label {label:?}")]
    Missing {
        /// The family.
        family: Box<str>,
        /// The label left out.
        label: Box<str>,
    },
    /// The family keeps as many label sets as it may, and what is read from a function cannot join `other`.
    #[error("metric {family:?} keeps its limit of {limit} label sets already")]
    Full {
        /// The family.
        family: Box<str>,
        /// Its limit.
        limit: usize,
    },
    /// The series is read from a function, or the other way round.
    #[error("the series of metric {family:?} is there already, read another way")]
    Taken {
        /// The family.
        family: Box<str>,
    },
}

fn unit_in_words(unit: &Unit) -> &'static str {
    match unit {
        Unit::Seconds => "`_seconds`",
        Unit::Milliseconds => "`_ms` or `_milliseconds`",
        Unit::Bytes => "`_bytes`",
        Unit::None => "which is a plain number",
    }
}
