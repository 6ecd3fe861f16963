//! A layer from TOML, in which every value knows its line.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Place};
use super::value::{Node, Table, Value};

/// The values of a file called `name`; none if it is not TOML.
pub(super) fn parse(name: &str, text: &str, errors: &mut Vec<ConfigError>) -> Table {
    let file = File { name: name.into(), text };
    let (table, faults) = DeTable::parse_recoverable(text);
    if faults.is_empty() {
        return file.table(table.into_inner(), errors);
    }
    let mut lines = Vec::new();
    for fault in faults {
        let place = file.place(fault.span().map_or(text.len(), |span| span.start));
        // One slip makes the reader stumble several times over the same line.
        if !lines.contains(&place) {
            errors.push(ConfigError::new(format!("is not TOML: {}", fault.message())).at(place.clone()));
            lines.push(place);
        }
    }
    Table::new()
}

struct File<'a> {
    name: Arc<str>,
    text: &'a str,
}

impl File<'_> {
    fn place(&self, byte: usize) -> Place {
        let before = &self.text.as_bytes()[..byte.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Place::File { file: Arc::clone(&self.name), line: Some(line) }
    }

    fn table(&self, table: DeTable<'_>, errors: &mut Vec<ConfigError>) -> Table {
        table.into_iter().map(|(key, value)| (key.into_inner().into_owned(), self.value(value, errors))).collect()
    }

    fn value(&self, value: Spanned<DeValue<'_>>, errors: &mut Vec<ConfigError>) -> Value {
        let place = self.place(value.span().start);
        let node = match value.into_inner() {
            DeValue::String(text) => Node::Text(text.into_owned()),
            DeValue::Boolean(bool) => Node::Bool(bool),
            DeValue::Datetime(date) => Node::Text(date.to_string()),
            DeValue::Array(items) => {
                let items = items.iter().cloned().map(|item| self.value(item, errors));
                Node::List(items.collect())
            }
            DeValue::Table(table) => Node::Table(self.table(table, errors)),
            DeValue::Integer(int) => match i128::from_str_radix(int.as_str(), int.radix()) {
                Ok(int) => Node::Int(int),
                Err(_) => too_large(&place, errors),
            },
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(float) => Node::Float(float),
                Err(_) => too_large(&place, errors),
            },
        };
        Value { node, place }
    }
}

fn too_large(place: &Place, errors: &mut Vec<ConfigError>) -> Node {
    errors.push(ConfigError::new("this number is too large").at(place.clone()));
    Node::Gone
}
