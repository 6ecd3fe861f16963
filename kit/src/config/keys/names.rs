//! What each setting is called in the environment and on the command line.

use std::collections::BTreeMap;

use super::{Leaf, Shape};
use crate::config::error::ConfigError;

/// Flags that every program has, and that no setting may take.
const RESERVED: [&str; 3] = ["--config", "--help", "--print-config"];

/// One setting and its names.
#[derive(Debug)]
pub(in crate::config) struct Setting {
    pub(in crate::config) path: Vec<&'static str>,
    pub(in crate::config) leaf: Leaf,
    /// `log.format`
    pub(in crate::config) key: String,
    /// `--log-format`
    pub(in crate::config) flag: String,
    /// `KIT_LOG_FORMAT`, if the program reads the environment.
    pub(in crate::config) env: Option<String>,
}

impl Setting {
    /// The key of the table that it stands in: `log`. Empty for the root.
    pub(in crate::config) fn table(&self) -> &str {
        self.key.strip_suffix(self.path[self.path.len() - 1]).map_or("", |table| table.trim_end_matches('.'))
    }
}

/// All settings by all their names.
#[derive(Debug)]
pub(in crate::config) struct Names {
    pub(in crate::config) settings: Vec<Setting>,
    /// Tables by their keys: `log`.
    pub(in crate::config) tables: Vec<String>,
    flags: BTreeMap<String, usize>,
    envs: BTreeMap<String, usize>,
}

impl Names {
    /// The names of all keys of `shape`; and what is wrong with the type itself, because two settings share one.
    pub(in crate::config) fn new(shape: &Shape, prefix: Option<&str>, errors: &mut Vec<ConfigError>) -> Self {
        let mut names = Self { settings: vec![], tables: vec![], flags: BTreeMap::new(), envs: BTreeMap::new() };
        shape.each_table(&mut |path| names.tables.push(path.join(".")));
        shape.each_leaf(&mut |path, leaf| {
            let flag = flag(path);
            let env = prefix.map(|prefix| env(prefix, path));
            names.settings.push(Setting { path: path.to_vec(), leaf, key: path.join("."), flag, env });
        });
        for (i, setting) in names.settings.iter().enumerate() {
            let taken = names.flags.insert(setting.flag.clone(), i);
            let taken = taken.or(setting.env.clone().and_then(|env| names.envs.insert(env, i)));
            if let Some(other) = taken {
                let other = &names.settings[other].key;
                let line =
                    format!("has the same flag or variable as {other}: the program cannot be told which is meant");
                errors.push(ConfigError::new(line).of(&setting.key));
            }
            if RESERVED.contains(&setting.flag.as_str()) {
                let line = format!("every program's own flag has its name, {}", setting.flag);
                errors.push(ConfigError::new(line).of(&setting.key));
            }
        }
        names
    }

    pub(in crate::config) fn by_flag(&self, flag: &str) -> Option<&Setting> {
        self.flags.get(flag).map(|i| &self.settings[*i])
    }

    pub(in crate::config) fn by_env(&self, env: &str) -> Option<&Setting> {
        self.envs.get(env).map(|i| &self.settings[*i])
    }

    pub(in crate::config) fn by_key(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// What to say of a flag that is none.
    pub(in crate::config) fn no_flag(&self, flag: &str) -> String {
        let flags = self.flags.keys().map(String::as_str).chain(RESERVED);
        unknown(flag, flags, "-")
    }

    /// What to say of a variable that is none.
    pub(in crate::config) fn no_env(&self, name: &str) -> String {
        unknown(name, self.envs.keys().map(String::as_str), "_")
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone, separator: &str) -> String {
    let within = format!("{name}{separator}");
    if let Some(first) = known.clone().find(|known| known.starts_with(&within)) {
        return format!("is a table of settings: give one of them, such as {first}");
    }
    match nearest(name, known) {
        Some(near) => format!("there is no such setting; is {near} meant?"),
        None => "there is no such setting (--help lists them)".into(),
    }
}

fn flag(path: &[&str]) -> String {
    format!("--{}", path.join("-").replace('_', "-"))
}

fn env(prefix: &str, path: &[&str]) -> String {
    format!("{prefix}{}", path.join("_").replace('-', "_").to_uppercase())
}

/// The name that `given` most likely means: few letters away, if any.
pub(in crate::config) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any name, and the work grows with the square of the length.
    if given.len() > 128 {
        return None;
    }
    let far = 1 + given.len() / 6;
    known.map(|name| (distance(given, name), name)).filter(|(d, _)| *d <= far).min().map(|(_, name)| name)
}

/// Letters to put in, take out, change or swap with their neighbour to make one of the other (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let change = rows[i][j] + usize::from(from != to);
            let mut least = change.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && *to == a[i - 1] {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_few_letters_is_understood_and_anything_else_is_not_guessed() {
        let known = ["name", "mode", "log_format", "log_level"];
        for (given, meant) in [
            ("nmae", Some("name")),
            ("nam", Some("name")),
            ("modes", Some("mode")),
            ("log_fromat", Some("log_format")),
            ("log_formats", Some("log_format")),
            ("loglevl", Some("log_level")),
            ("nom", None),
            ("x", None),
            ("", None),
            (&"x".repeat(10_000), None),
        ] {
            assert_eq!(nearest(given, known.into_iter()), meant, "{given}");
        }
    }

    #[test]
    fn a_distance_counts_letters_put_in_taken_out_changed_and_swapped() {
        for (a, b, letters) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("ab", "ba", 1), ("abc", "axc", 1), ("größe", "grösse", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (letters, letters), "{a} {b}");
        }
    }
}
