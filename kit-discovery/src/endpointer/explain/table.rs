use std::fmt;

use kit_core::duration::display;

use super::{ChannelState, Explanation, InstanceExplanation, InstanceState};

const HEAD: [&str; 10] =
    ["id", "address", "zone", "weight", "priority", "in flight", "latency", "failing", "channel", "standing"];

/// A few lines, then a table: one line for each instance, or none where there is none.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.instances.len();
        write!(f, "{}: {count} instance{}", plain(&self.service), if count == 1 { "" } else { "s" })?;
        match self.answered {
            Some(answered) => write!(f, ", set {}, answered {} ago", self.generation, display(answered))?,
            None => f.write_str(", no answer yet")?,
        }
        if let Some(reason) = &self.nobody {
            write!(f, "\nnobody may be called: {}", plain(reason))?;
        }
        if let Some(error) = &self.error {
            write!(f, "\ndiscovery has failed for {}: {}", display(self.age), plain(error))?;
        }
        if count == 0 {
            return Ok(());
        }
        let rows: Vec<_> = self.instances.iter().map(InstanceExplanation::row).collect();
        let width = |at: usize| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([HEAD[at].len()]).max().unwrap_or_default()
        };
        let widths: [usize; HEAD.len()] = std::array::from_fn(width);
        for row in [HEAD.map(String::from)].iter().chain(&rows) {
            f.write_str("\n")?;
            for (at, cell) in row.iter().enumerate() {
                match at + 1 < row.len() {
                    true => write!(f, "{cell:<width$}  ", width = widths[at])?,
                    false => f.write_str(cell)?,
                }
            }
        }
        Ok(())
    }
}

impl InstanceExplanation {
    fn row(&self) -> [String; HEAD.len()] {
        let none = || "-".to_owned();
        let standing = self.standing.as_ref().map_or_else(none, InstanceState::to_string);
        [
            plain(&self.id),
            plain(&self.address),
            self.zone.as_deref().map_or_else(none, plain),
            self.weight.to_string(),
            self.priority.to_string(),
            self.in_flight.to_string(),
            self.latency.map_or_else(none, |latency| display(latency).to_string()),
            percent(self.failing),
            self.channel.to_string(),
            if self.healthy { standing } else { format!("{standing}; unhealthy, says discovery") },
        ]
    }
}

impl fmt::Display for ChannelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Making { error: Some(error), attempts } => {
                write!(f, "making, {attempts} failed: {}", plain(error))
            }
            Self::Making { .. } => f.write_str("making"),
            Self::Checking => f.write_str("checking"),
            Self::Made => f.write_str("made"),
            Self::Draining { left: Some(left) } => write!(f, "draining, {} left", display(*left)),
            Self::Draining { left: None } => f.write_str("draining"),
            Self::Closing => f.write_str("closing"),
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In => f.write_str("in"),
            Self::Ramping { share } => write!(f, "ramping up, {}", percent(*share)),
            Self::Probing => f.write_str("probing"),
            Self::FailsChecks { error: Some(error) } => write!(f, "fails its checks: {}", plain(error)),
            Self::FailsChecks { error: None } => f.write_str("fails its checks"),
            Self::Ejected { left: Some(left), times } => {
                write!(f, "ejected, {} left, {times} in a row", display(*left))
            }
            Self::Ejected { left: None, times } => write!(f, "ejected, {times} in a row"),
            Self::Refused { left: Some(left) } => write!(f, "refused by its gate, {} left", display(*left)),
            Self::Refused { left: None } => f.write_str("refused by its gate"),
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// On one line, and no more than it says: a registry's words are a stranger's.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => plain.push(c),
            _ => plain.extend(c.escape_debug()),
        }
    }
    plain
}
