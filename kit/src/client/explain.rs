use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kit_circuit::breaker::{State, Status};
use kit_core::{Channel, duration};
use kit_discovery::endpointer;
use serde::Serialize;
use tokio::time::Instant;

use super::pooled::{Replaced, Shared};

/// What a [`Client`](super::Client) does at one time: as JSON by serde, and as text.
///
/// It is for operators: it names addresses, and what errors keep from callers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The client's name in metrics.
    pub client: String,
    /// What picks: the name of its type.
    pub balancer: &'static str,
    /// What may be repeated, by the client's own retry and by whom else [`budget`](super::Client::budget) was given to.
    pub budget: BudgetExplanation,
    /// The breakers of the instances that were called, by id. Without the client's own layer they hear of no call.
    pub breakers: BTreeMap<String, BreakerExplanation>,
    /// The slots in which a layer of the client's own [does not stand any more](super::Client::replace), with the type of what does;
    /// none where nothing does.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<&'static str, Option<&'static str>>,
    /// Who may be called, and what discovery knows.
    #[serde(flatten)]
    pub endpointer: endpointer::Explanation,
}

/// A budget in an [`Explanation`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BudgetExplanation {
    /// Its name.
    pub name: String,
    /// What may be spent now.
    pub left: u64,
    /// What was spent and still counts.
    pub spent: u64,
    /// Calls that count.
    pub calls: u64,
    /// Over so long.
    #[serde(with = "duration")]
    pub window: Duration,
    /// Repeats that it did not allow so far.
    pub refused: u64,
}

/// A breaker in an [`Explanation`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BreakerExplanation {
    /// How it stands: `closed`, `open`, `half_open`, `forced_open`, `forced_closed`, `disabled`.
    pub state: &'static str,
    /// How long it stays so, if that is known.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub left: Option<Duration>,
    /// Why it last opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Explanation {
    pub(super) fn new<C: Channel>(client: &Shared<C>, replaced: &Replaced) -> Self {
        let now = Instant::now();
        let (stats, config) = (client.budget.stats(now), client.budget.config());
        let breakers = client.breakers.registry().statuses().into_iter();
        Self {
            client: client.name.to_string(),
            balancer: client.balancer,
            budget: BudgetExplanation {
                name: client.budget.name().to_owned(),
                left: stats.left,
                spent: stats.spent,
                calls: stats.calls,
                window: config.window,
                refused: stats.refused,
            },
            breakers: breakers.map(|(id, status)| (id.to_string(), BreakerExplanation::new(&status, now))).collect(),
            replaced: replaced.clone(),
            endpointer: client.endpointer.explain(),
        }
    }
}

impl BreakerExplanation {
    fn new(status: &Status, now: Instant) -> Self {
        let left = status.until.map(|until| until.saturating_duration_since(now));
        // To a person, the rest says nothing.
        let left = left.map(|left| Duration::from_millis(left.as_millis() as u64));
        Self { state: status.state.as_str(), left, reason: status.reason.map(|reason| reason.to_string()) }
    }
}

/// The table of the endpointer, then a line for the balancer, the budget and the breakers each, and for each layer that was replaced;
/// breakers that are closed are counted, the others are listed.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { balancer, budget, .. } = self;
        writeln!(f, "{}", self.endpointer)?;
        writeln!(f, "balancer: {balancer}")?;
        writeln!(
            f,
            "budget: {} repeats left, {} spent on {} calls in {}, {} refused so far",
            budget.left,
            budget.spent,
            budget.calls,
            duration::display(budget.window),
            budget.refused
        )?;
        let closed = self.breakers.values().filter(|breaker| breaker.state == State::Closed.as_str()).count();
        write!(f, "breakers: {closed} closed")?;
        for (id, breaker) in self.breakers.iter().filter(|(_, breaker)| breaker.state != State::Closed.as_str()) {
            write!(f, "\n  {}: {breaker}", id.escape_debug())?;
        }
        for (slot, layer) in &self.replaced {
            match layer {
                Some(layer) => write!(f, "\n{slot}: replaced by {layer}")?,
                None => write!(f, "\n{slot}: removed")?,
            }
            f.write_str(match *slot {
                "retry" => ", which may spend another budget",
                "breaker" => ", so that the breakers above hear of no call",
                _ => "",
            })?;
        }
        Ok(())
    }
}

impl fmt::Display for BreakerExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.state)?;
        if let Some(left) = self.left {
            write!(f, ", {} left", duration::display(left))?;
        }
        match &self.reason {
            Some(reason) => write!(f, ", {reason}"),
            None => Ok(()),
        }
    }
}
