//! `counts.txt`: the instructions that each case may take.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs, io};

/// Callgrind counts nearly the same each time: buckets of hash maps and alignment of memory move it by less.
const SLACK: f64 = 1.02;
/// For cases of a few instructions.
const LEAST_SLACK: f64 = 2.0;

const HEAD: &str = concat!(
    "# Instructions that each case of `./bench micro` took when they were accepted; 2 % more is too much.\n",
    "# Written by `./bench micro --accept`, for Rust ",
    env!("CARGO_PKG_RUST_VERSION"),
    " on x86_64: another compiler counts differently.\n",
);

#[derive(Default)]
pub(crate) struct Limits(BTreeMap<String, f64>);

/// What the gate says of a case.
pub(crate) enum Verdict {
    /// It has no limit yet.
    New,
    Kept,
    /// It takes so many percent more than it may.
    Over(f64),
    /// It takes so many percent less than it did: worth accepting.
    Under(f64),
}

impl Limits {
    pub(crate) fn read(file: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let line = |line: &str| {
            let (count, name) = line.trim_start().split_once(' ')?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        let lines = text.lines().filter(|text| !text.is_empty() && !text.starts_with('#'));
        let limits = lines.map(|text| line(text).ok_or_else(|| io::Error::other(format!("counts.txt: {text}"))));
        Ok(Self(limits.collect::<io::Result<_>>()?))
    }

    pub(crate) fn write(&self, file: &Path) -> io::Result<()> {
        let lines: String = self.0.iter().map(|(name, count)| format!("{count:>8.0} {name}\n")).collect();
        fs::write(file, format!("{HEAD}{lines}"))
    }

    pub(crate) fn accept<'a>(&mut self, counted: impl Iterator<Item = (&'a str, f64)>) {
        self.0 = counted.map(|(name, count)| (name.to_owned(), count)).collect();
    }

    pub(crate) fn of(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    pub(crate) fn verdict(&self, name: &str, count: f64) -> Verdict {
        let Some(limit) = self.of(name) else { return Verdict::New };
        let percent = (count / limit - 1.0) * 100.0;
        if count > (limit * SLACK).max(limit + LEAST_SLACK) {
            Verdict::Over(percent)
        } else if limit > (count * SLACK).max(count + LEAST_SLACK) {
            Verdict::Under(-percent)
        } else {
            Verdict::Kept
        }
    }
}

impl Verdict {
    pub(crate) fn kept(&self) -> bool {
        !matches!(self, Self::Over(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("no limit yet"),
            Self::Kept => f.write_str("kept"),
            Self::Over(percent) => write!(f, "OVER by {percent:.1} %"),
            Self::Under(percent) => write!(f, "{percent:.1} % less"),
        }
    }
}
