//! Settings as TOML that loads to the same settings, with the place of each value beside it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::defaults::holds_mask;
use super::error::Place;
use super::keys::{Key, Shape};
use super::secret::{STARS, is_masked};
use super::value::{Path, Value};

/// Comments stand in one column up to this one.
const COLUMN: usize = 40;

/// All settings. `merged` is what they were read from; what is not in it came from the type.
pub(super) fn print(settings: &Json, shape: &Shape, merged: &Value, secrets: &BTreeSet<Path>) -> String {
    let mut print = Print { merged, secrets, out: String::new() };
    if let (Json::Object(settings), Shape::Table(keys)) = (settings, shape) {
        print.table(&Path::default(), settings, keys);
    }
    print.out
}

struct Print<'a> {
    merged: &'a Value,
    secrets: &'a BTreeSet<Path>,
    out: String,
}

impl Print<'_> {
    fn table(&mut self, path: &Path, settings: &Map<String, Json>, keys: &[Key]) {
        let mut lines = Vec::new();
        let mut tables = Vec::new();
        for key in keys {
            match (settings.get(key.name), &key.shape) {
                (Some(Json::Object(inner)), Shape::Table(keys)) => tables.push((path.key(key.name), inner, keys)),
                (Some(value), _) => lines.push(self.leaf(&path.key(key.name), key.name, value)),
                (None, _) => {}
            }
        }
        // What only the serializer knows: fields that are flattened.
        for (name, value) in settings.iter().filter(|(name, _)| keys.iter().all(|key| key.name != *name)) {
            lines.push(self.leaf(&path.key(name), name, value));
        }
        let widths = lines.iter().filter(|(_, comment)| !comment.is_empty()).map(|(line, _)| line.chars().count());
        let column = widths.filter(|width| *width <= COLUMN).max().unwrap_or_default();
        for (line, comment) in lines {
            let _ = match comment.is_empty() {
                true => writeln!(self.out, "{line}"),
                false => writeln!(self.out, "{line:column$}  # {comment}"),
            };
        }
        for (path, inner, keys) in tables {
            let names: Vec<String> = path.keys().map(name).collect();
            let _ = writeln!(self.out, "{}[{}]", if self.out.is_empty() { "" } else { "\n" }, names.join("."));
            self.table(&path, inner, keys);
        }
    }

    /// A line, and what stands behind it.
    fn leaf(&self, path: &Path, key: &str, value: &Json) -> (String, String) {
        let place = self.merged.get(path).map_or(Place::Default, |value| value.place.clone());
        let comment = place.to_string().replace(char::is_control, "?");
        let key = name(key);
        if value.is_null() {
            return (format!("# {key} is not set"), String::new());
        }
        // A secret that nobody gave: a line that says so, and no mask that would be taken for one that is given.
        let secret = self.secrets.contains(path);
        let mark = if place == Place::Default && (secret || holds_mask(value)) { "# " } else { "" };
        match if secret { Some(string(STARS)) } else { toml(value) } {
            Some(text) => (format!("{mark}{key} = {text}"), comment),
            None => (format!("# {key} cannot be written in TOML"), comment),
        }
    }
}

/// A value on one line. None for a none within a list.
fn toml(value: &Json) -> Option<String> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(bool) => bool.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => string(if is_masked(text) { STARS } else { text }),
        Json::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(toml).collect();
            format!("[{}]", items?.join(", "))
        }
        Json::Object(entries) => {
            let present = entries.iter().filter(|(_, value)| !value.is_null());
            let entries: Option<Vec<String>> =
                present.map(|(key, value)| Some(format!("{} = {}", name(key), toml(value)?))).collect();
            match entries?.join(", ") {
                entries if entries.is_empty() => "{}".into(),
                entries => format!("{{ {entries} }}"),
            }
        }
    })
}

fn name(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { string(key) }
}

/// A basic string.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            // Also what would turn the line round on a terminal.
            c if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
