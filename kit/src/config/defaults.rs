//! The weakest layer: what the type itself says.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::error::Place;
use super::keys::Shape;
use super::secret::is_masked;
use super::value::{Node, Path, Table, Value};

/// The defaults as a table. What is none is not in it, nor is a setting with a secret in it, which cannot be read from what it
/// prints; the path of one that is a secret as a whole is added to `secrets`.
pub(super) fn table(json: &Json, shape: &Shape, secrets: &mut BTreeSet<Path>) -> Table {
    let mut table = Table::new();
    if let Json::Object(entries) = json {
        fill(&mut table, &Path::default(), entries, shape, secrets);
    }
    table
}

fn fill(table: &mut Table, path: &Path, entries: &Map<String, Json>, shape: &Shape, secrets: &mut BTreeSet<Path>) {
    for (key, entry) in entries {
        let path = path.key(key);
        let value = match (entry, shape.child(key)) {
            (Json::Object(entries), Some(shape @ Shape::Table(_))) => {
                let mut table = Table::new();
                fill(&mut table, &path, entries, shape, secrets);
                Some(default(Node::Table(table)))
            }
            (Json::String(text), _) if is_masked(text) => {
                secrets.insert(path);
                None
            }
            _ if secrets.contains(&path) || holds_mask(entry) => None,
            _ => value(entry),
        };
        if let Some(value) = value {
            table.insert(key.clone(), value);
        }
    }
}

/// None for none.
fn value(json: &Json) -> Option<Value> {
    Some(default(match json {
        Json::Null => return None,
        Json::Bool(bool) => Node::Bool(*bool),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Node::Int(int.into()),
            (_, Some(int)) => Node::Int(int.into()),
            _ => Node::Float(number.as_f64()?),
        },
        Json::String(text) => Node::Text(text.clone()),
        Json::Array(items) => Node::List(items.iter().map(|item| value(item).unwrap_or(default(Node::Null))).collect()),
        Json::Object(entries) => {
            Node::Table(entries.iter().filter_map(|(key, entry)| Some((key.clone(), value(entry)?))).collect())
        }
    }))
}

fn default(node: Node) -> Value {
    Value { node, place: Place::Default }
}

/// Whether any text in here is what a secret prints.
pub(super) fn holds_mask(json: &Json) -> bool {
    match json {
        Json::String(text) => is_masked(text),
        Json::Array(items) => items.iter().any(holds_mask),
        Json::Object(entries) => entries.values().any(holds_mask),
        _ => false,
    }
}
