//! Values into lines.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::counter::Counter;
use crate::snapshot::readings::quantile_name;
use crate::snapshot::{Distribution, FamilySnapshot, Quantiles, SeriesSnapshot, Value};
use crate::statsd::config::{Observations, Tags};
use crate::statsd::memory::Sent;
use crate::statsd::pack::Group;
use crate::summary::QUANTILES;
use crate::unit::Unit;

/// Timings of a series in one flush at most; more are sampled.
const TIMINGS: f64 = 1000.0;

/// Writes the lines of a series in the style that was set.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The prefix and its dot.
    prefix: String,
    tags: Tags,
    /// The tags of every line, with commas between.
    common: String,
    observations: Observations,
    rates: HashMap<String, f64>,
}

/// The name and the tags that the lines of one series begin and end with.
struct Frame {
    name: String,
    tags: String,
    style: Tags,
}

impl Writer {
    pub(crate) fn new(
        prefix: &str,
        tags: Tags,
        common: &[(String, String)],
        observations: Observations,
        rates: HashMap<String, f64>,
    ) -> Self {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
        let common: Vec<String> = common.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        Self { prefix, tags, common: common.join(","), observations, rates }
    }

    /// What to send so that the daemon, which knows `sent`, knows this value.
    pub(crate) fn groups(
        &self,
        family: &FamilySnapshot,
        series: &SeriesSnapshot,
        sent: Sent,
        not_finite: &Counter,
    ) -> Vec<Group> {
        let frame = self.frame(family, series);
        let rate = self.rates.get(family.name()).copied().unwrap_or(1.0);
        match series.value() {
            Value::Counter(value) if !value.is_finite() => not_finite.inc(),
            Value::Gauge(value) if !value.is_finite() => not_finite.inc(),
            Value::Counter(value) => return counter(&frame, series.id(), *value, rate, &sent).into_iter().collect(),
            Value::Gauge(value) => return vec![gauge(&frame, "", *value)],
            Value::Histogram(read) => return self.histogram(&frame, family.unit(), series.id(), read, rate, sent),
            Value::Summary(read) => return summary(&frame, series.id(), read, &sent),
        }
        Vec::new()
    }

    fn frame(&self, family: &FamilySnapshot, series: &SeriesSnapshot) -> Frame {
        let (mut name, mut tags) = (format!("{}{}", self.prefix, family.name()), String::new());
        match self.tags {
            Tags::Plain => {
                for value in series.label_values() {
                    name.push('.');
                    push_safe(&mut name, value, "_-", false);
                }
            }
            Tags::Datadog => {
                let mut separator = "|#";
                if !self.common.is_empty() {
                    tags.push_str(separator);
                    tags.push_str(&self.common);
                    separator = ",";
                }
                for (label, value) in family.labels(series) {
                    tags.push_str(separator);
                    tags.push_str(label);
                    tags.push(':');
                    push_safe(&mut tags, value, "_-./", true);
                    separator = ",";
                }
            }
        }
        Frame { name, tags, style: self.tags }
    }

    fn histogram(&self, frame: &Frame, unit: Unit, id: u64, read: &Distribution, rate: f64, sent: Sent) -> Vec<Group> {
        let new = sent.buckets.as_ref().map_or_else(|| read.clone(), |earlier| read.since(earlier));
        let count = new.count() as f64;
        if count == 0.0 {
            return Vec::new();
        }
        if self.observations == Observations::Timings {
            return timings(frame, unit, id, read, &new, rate.min(TIMINGS / count), sent.carry);
        }
        let mut group = Group::default();
        group.push(&frame.line(".count", count, "c", 1.0));
        group.push(&frame.line(".sum", new.sum(), "c", 1.0));
        for q in QUANTILES {
            if let Some(value) = new.quantile(q) {
                group.append(&gauge(frame, &format!(".{}", quantile_name(q)), value));
            }
        }
        group.then = Some((id, Sent { buckets: Some(read.clone()), ..Sent::default() }));
        vec![group]
    }
}

impl Frame {
    /// The type of an observation that is no time; a plain daemon has none but that of times.
    fn sizes(&self) -> &'static str {
        if self.style == Tags::Datadog { "h" } else { "ms" }
    }

    fn line(&self, suffix: &str, value: f64, kind: &str, rate: f64) -> String {
        let mut line = format!("{}{suffix}:{value}|{kind}", self.name);
        if rate < 1.0 {
            let _ = write!(line, "|@{rate}");
        }
        line.push_str(&self.tags);
        line
    }
}

fn counter(frame: &Frame, id: u64, value: f64, rate: f64, sent: &Sent) -> Option<Group> {
    // A count that is lower than before was begun anew by whoever keeps it.
    let new = if value >= sent.sum { value - sent.sum } else { value };
    if new == 0.0 {
        return None;
    }
    let mut group = Group { then: Some((id, Sent { sum: value, carry: 0.0, ..Sent::default() })), ..Group::default() };
    if rate == 1.0 {
        group.push(&frame.line("", new, "c", 1.0));
        return Some(group);
    }
    let due = new * rate + sent.carry;
    if due < 1.0 {
        // Nothing to send yet: the difference stays for the next flush.
        return None;
    }
    let whole = due.floor();
    group.push(&frame.line("", whole, "c", rate));
    group.then = Some((id, Sent { sum: value, carry: due - whole, ..Sent::default() }));
    Some(group)
}

fn gauge(frame: &Frame, suffix: &str, value: f64) -> Group {
    let mut group = Group::default();
    if value < 0.0 && frame.style == Tags::Plain {
        group.push(&frame.line(suffix, 0.0, "g", 1.0));
    }
    // Adding 0.0 makes a zero of a negative zero, whose sign would be read.
    group.push(&frame.line(suffix, value + 0.0, "g", 1.0));
    group
}

fn summary(frame: &Frame, id: u64, read: &Quantiles, sent: &Sent) -> Vec<Group> {
    let mut group = Group::default();
    let count = read.count() as f64;
    if count > sent.count {
        group.push(&frame.line(".count", count - sent.count, "c", 1.0));
        group.push(&frame.line(".sum", read.sum() - sent.sum, "c", 1.0));
        group.then = Some((id, Sent { count, sum: read.sum(), ..Sent::default() }));
    }
    for (q, value) in read.values().iter().filter(|(_, value)| value.is_finite()) {
        group.append(&gauge(frame, &format!(".{}", quantile_name(*q)), *value));
    }
    if group.lines == 0 { Vec::new() } else { vec![group] }
}

/// A line for each observation or, below a rate of 1, for each that is due; only the first group tells what the daemon
/// then knows, as they may fill several datagrams.
fn timings(
    frame: &Frame,
    unit: Unit,
    id: u64,
    read: &Distribution,
    new: &Distribution,
    rate: f64,
    mut carry: f64,
) -> Vec<Group> {
    let kind = if unit == Unit::None || unit == Unit::Bytes { frame.sizes() } else { "ms" };
    // A place within a bucket is an estimate: microseconds tell more than it knows.
    let exposed = |value: f64| if unit == Unit::Seconds { (value * 1e6).round() / 1e3 } else { value };
    let mut groups = Vec::new();
    for (bucket, count) in new.counts().iter().enumerate() {
        let due = *count as f64 * rate + carry;
        carry = due.fract();
        let whole = due.floor();
        for nth in 0..whole as u64 {
            let value = new.inside(bucket, (nth as f64 + 0.5) / whole);
            let mut group = Group::default();
            group.push(&frame.line("", exposed(value), kind, rate));
            groups.push(group);
        }
    }
    if let Some(first) = groups.first_mut() {
        first.then = Some((id, Sent { buckets: Some(read.clone()), carry, ..Sent::default() }));
    }
    groups
}

/// Adds a value in which only letters, digits and what is named are left as they are; other scripts' too if `wide`.
fn push_safe(to: &mut String, value: &str, also: &str, wide: bool) {
    if value.is_empty() {
        to.push('_');
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || (wide && c.is_alphanumeric()) || also.contains(c);
    to.extend(value.chars().map(|c| if plain(c) { c } else { '_' }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_label_value_holds_what_a_line_is_made_of(value in any::<String>(), wide: bool) {
            let mut safe = String::new();
            push_safe(&mut safe, &value, if wide { "_-./" } else { "_-" }, wide);
            prop_assert!(!safe.is_empty());
            prop_assert!(!safe.contains([':', '|', '@', '#', ',', '\n', '\r', ' ', '\t', '\0']));
            prop_assert!(wide || !safe.contains(['.', '/']));
            prop_assert!(safe.chars().all(|c| !c.is_control()));
        }
    }
}
