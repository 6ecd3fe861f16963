//! What `--help` prints, from the keys of the type and the values of its default.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::keys::{Kind, Names};
use super::secret::is_masked;

/// Flags longer than this have their text on the next line.
const COLUMN: usize = 34;

pub(super) struct Help<'a> {
    pub(super) program: &'a str,
    pub(super) about: &'a str,
    /// What the caller says of keys and of tables.
    pub(super) docs: &'a BTreeMap<String, String>,
    /// The prefix of the environment, if it is read.
    pub(super) prefix: Option<&'a str>,
    pub(super) names: &'a Names,
    pub(super) defaults: &'a Json,
}

impl Help<'_> {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        if !self.about.is_empty() {
            let _ = writeln!(out, "{}\n", self.about);
        }
        let _ = writeln!(out, "Usage: {} [--NAME VALUE]...", self.program);
        for table in std::iter::once("").chain(self.names.tables.iter().map(String::as_str)) {
            self.table(table, &mut out);
        }
        let _ = writeln!(out);
        let config = self.prefix.map(|prefix| format!(" [{prefix}CONFIG]")).unwrap_or_default();
        line(&mut out, "--config FILE", &format!("read settings from this TOML file{config}"));
        line(&mut out, "--print-config", "print the settings and where each was given, and exit");
        line(&mut out, "--help", "print this, and exit");
        // One below a table shows most.
        let settings = &self.names.settings;
        let example = settings.iter().find(|setting| setting.path.len() > 1).or(settings.first());
        if let (Some(prefix), Some(setting)) = (self.prefix, example) {
            let env = setting.env.as_deref().unwrap_or_default();
            let (flag, key) = (&setting.flag, &setting.key);
            let _ = writeln!(
                out,
                "\nEvery setting is also a variable with {prefix} before its name, and a key of the file: {flag} is {env} and {key}.\n\
                 Flags are stronger than variables, and variables than the file."
            );
        }
        out
    }

    /// The settings that stand in this table itself; nothing if all are in tables of its own.
    fn table(&self, key: &str, out: &mut String) {
        let mut settings = self.names.settings.iter().filter(|setting| setting.table() == key).peekable();
        let _ = match (settings.peek(), self.docs.get(key)) {
            (None, None) => return,
            _ if key.is_empty() => writeln!(out),
            (_, Some(doc)) => writeln!(out, "\n{key}: {doc}"),
            (_, None) => writeln!(out, "\n{key}:"),
        };
        for setting in settings {
            let mut doc = self.docs.get(&setting.key).cloned().unwrap_or_default();
            if let Some(default) = self.default(&setting.path) {
                let space = if doc.is_empty() { "" } else { " " };
                let _ = write!(doc, "{space}[default: {default}]");
            }
            line(out, &format!("{}{}", setting.flag, value_name(setting.leaf.kind)), &doc);
        }
    }

    /// The default of a setting as it would be given in a flag. None for none, and for a secret.
    fn default(&self, path: &[&str]) -> Option<String> {
        let value = path.iter().try_fold(self.defaults, |value, key| value.get(key))?;
        let one = |value: &Json| match value {
            Json::String(text) if is_masked(text) => None,
            Json::String(text) => Some(text.clone()),
            Json::Null | Json::Object(_) | Json::Array(_) => None,
            value => Some(value.to_string()),
        };
        match value {
            Json::Array(items) if !items.is_empty() => {
                items.iter().map(one).collect::<Option<Vec<_>>>().map(|items| items.join(","))
            }
            value => one(value).filter(|text| !text.is_empty()),
        }
    }
}

fn value_name(kind: Kind) -> String {
    match kind {
        Kind::Bool => String::new(),
        Kind::Number => " NUMBER".into(),
        Kind::Text | Kind::Any => " TEXT".into(),
        Kind::Choice(variants) => format!(" {}", variants.join("|")),
        Kind::List => " A,B,...".into(),
        Kind::Map => " KEY=VALUE,...".into(),
    }
}

fn line(out: &mut String, flag: &str, doc: &str) {
    let _ = match (doc.is_empty(), flag.len() > COLUMN) {
        (true, _) => writeln!(out, "  {flag}"),
        (false, false) => writeln!(out, "  {flag:COLUMN$}  {doc}"),
        (false, true) => writeln!(out, "  {flag}\n  {:COLUMN$}  {doc}", ""),
    };
}
