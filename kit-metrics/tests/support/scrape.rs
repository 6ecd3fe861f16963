//! A reader of Prometheus' text format, strict about every line.

use std::collections::BTreeMap;

use kit_metrics::contract::Subject;
use kit_metrics::snapshot::Snapshot;

/// Labels by name.
pub(crate) type Labels = BTreeMap<String, String>;

/// What a scrape said.
#[derive(Debug, Default)]
pub(crate) struct Scrape {
    pub(crate) samples: Vec<(String, Labels, f64)>,
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) helps: BTreeMap<String, String>,
    pub(crate) malformed: Vec<String>,
}

impl Scrape {
    pub(crate) fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        if !text.is_empty() && !text.ends_with('\n') {
            scrape.malformed.push("the last line does not end".into());
        }
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            if scrape.line(line).is_none() {
                scrape.malformed.push(line.to_owned());
            }
        }
        scrape
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ')?;
            return self.helps.insert(name.into(), unescape(help)?).is_none().then_some(());
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ')?;
            return self.types.insert(name.into(), kind.into()).is_none().then_some(());
        }
        let end = line.find(['{', ' '])?;
        let (name, mut rest) = line.split_at(end);
        let known = |name: &str| self.types.contains_key(name);
        let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        if !known(name) && !stem.is_some_and(known) {
            return None;
        }
        let mut labels = Labels::new();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            loop {
                let (label, value) = rest.split_once("=\"")?;
                let end = closing_quote(value)?;
                if !label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                    return None;
                }
                labels.insert(label.into(), unescape(&value[..end])?);
                rest = &value[end + 1..];
                if let Some(after) = rest.strip_prefix('}') {
                    rest = after;
                    break;
                }
                rest = rest.strip_prefix(',')?;
            }
        }
        let value = rest.strip_prefix(' ')?.parse().ok()?;
        self.samples.push((name.into(), labels, value));
        Some(())
    }

    pub(crate) fn sample(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        self.samples.iter().find(|(found, with, _)| found == name && *with == labels).map(|(_, _, value)| *value)
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

fn unescape(text: &str) -> Option<String> {
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

/// Prometheus as far as the contract is concerned.
#[derive(Default)]
pub(crate) struct Scraper(Scrape);

impl Subject for Scraper {
    fn flush(&mut self, snapshot: &Snapshot) {
        self.0 = Scrape::parse(&kit_metrics::prometheus::encode(snapshot));
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.0.sample(name, labels)
    }

    fn count_and_sum(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<(f64, f64)> {
        let sum = self.0.sample(&format!("{name}_sum"), labels)?;
        Some((self.0.sample(&format!("{name}_count"), labels)?, sum))
    }

    fn quantile(&mut self, name: &str, labels: &[(&str, &str)], q: f64) -> Option<f64> {
        let q_text = q.to_string();
        if let Some(told) = self.0.sample(name, &[labels, &[("quantile", &q_text)]].concat()) {
            return Some(told);
        }
        // As histogram_quantile does it.
        let bucket = format!("{name}_bucket");
        let buckets: Vec<(f64, f64)> = self
            .0
            .samples
            .iter()
            .filter(|(found, _, _)| *found == bucket)
            .map(|(_, labels, count)| (labels["le"].parse().expect("a bound"), *count))
            .collect();
        let rank = q * buckets.last()?.1;
        let at = buckets.iter().position(|(_, count)| *count >= rank)?;
        let (low, below) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
        let (high, upto) = buckets[at];
        Some(low + (high - low) * (rank - below) / (upto - below))
    }

    fn total(&mut self, name: &str) -> f64 {
        self.0.samples.iter().filter(|(found, _, _)| found == name).map(|(_, _, value)| value).sum()
    }

    fn malformed(&mut self) -> Vec<String> {
        self.0.malformed.clone()
    }
}
