use std::fmt;
use std::sync::OnceLock;

use kit_core::{Code, Method, Outcome};

use crate::counter::Counter;
use crate::gauge::Gauge;
use crate::histogram::Histogram;
use crate::registry::{CounterFamily, GaugeFamily, HistogramFamily};

/// The metrics of one side, by labels.
#[derive(Clone, Debug)]
pub(super) struct Families {
    pub(super) requests: CounterFamily,
    pub(super) duration: HistogramFamily,
    pub(super) in_flight: GaugeFamily,
    pub(super) fallbacks: CounterFamily,
}

/// What one method's calls are counted with.
///
/// A handle is missing where the user has taken its series for a function of their own: that one is theirs.
pub(super) struct Handles {
    method: &'static Method,
    families: Families,
    /// By outcome, then by code, `OK` first; resolved when the first call ends so.
    ended: [OnceLock<Option<Counter>>; Outcome::ALL.len() * CODES],
    duration: Option<Histogram>,
    in_flight: Option<Gauge>,
    /// By the outcome that the answer stands in the place of.
    fallbacks: [OnceLock<Option<Counter>>; Outcome::ALL.len()],
}

/// Every code, and none.
const CODES: usize = Code::ALL.len() + 1;

impl Handles {
    pub(super) fn new(families: &Families, method: &'static Method) -> Self {
        let labels = [method.service(), method.name()];
        let handles = Self {
            method,
            families: families.clone(),
            ended: [const { OnceLock::new() }; _],
            duration: families.duration.with(labels).ok(),
            in_flight: families.in_flight.with(labels).ok(),
            fallbacks: [const { OnceLock::new() }; _],
        };
        // A rate needs a zero to rise from.
        handles.ended(Outcome::Success, None);
        handles
    }

    /// Calls that ended like this.
    pub(super) fn ended(&self, outcome: Outcome, code: Option<Code>) -> Option<&Counter> {
        let at = outcome as usize * CODES + code.map_or(0, |code| usize::from(code.number()));
        let resolve = || {
            let code = code.map_or("OK", Code::as_str);
            self.families.requests.with([self.method.service(), self.method.name(), outcome.as_str(), code]).ok()
        };
        self.ended[at].get_or_init(resolve).as_ref()
    }

    /// Answers of a fallback in the place of one of this outcome.
    #[cold]
    pub(super) fn fallbacks(&self, instead_of: Outcome) -> Option<&Counter> {
        let resolve = || {
            let labels = [self.method.service(), self.method.name(), instead_of.as_str()];
            self.families.fallbacks.with(labels).ok()
        };
        self.fallbacks[instead_of as usize].get_or_init(resolve).as_ref()
    }

    pub(super) fn duration(&self) -> Option<&Histogram> {
        self.duration.as_ref()
    }

    pub(super) fn in_flight(&self) -> Option<&Gauge> {
        self.in_flight.as_ref()
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").field("method", self.method).finish_non_exhaustive()
    }
}
