//! Layers of values, the weakest first, and what they come to together.

use super::error::Place;
use super::keys::Shape;
use super::value::{Node, Path, Step, Table, Value, remove};

/// The defaults, and everything that was given.
#[derive(Debug, Default)]
pub(super) struct Layers {
    defaults: Table,
    /// The weakest first.
    given: Vec<Table>,
}

impl Layers {
    pub(super) fn new(defaults: Table, given: Vec<Table>) -> Self {
        Self { defaults, given }
    }

    /// All layers in one. Tables of the type's structs are merged key by key; everything else (a list, a map, a variant) is taken
    /// whole from the strongest layer that has it.
    pub(super) fn merge(&self, shape: &Shape) -> Value {
        let mut merged = Table::new();
        for layer in std::iter::once(&self.defaults).chain(&self.given) {
            lay(&mut merged, layer, shape);
        }
        Value { node: Node::Table(merged), place: Place::Default }
    }

    /// Takes out what the strongest layer gives at `path`. Whether any gives something there.
    pub(super) fn refuse(&mut self, path: &Path) -> bool {
        self.given.iter_mut().rev().any(|layer| remove(layer, &path.0))
    }

    /// Takes out all that is given at `path`, and leaves the default.
    pub(super) fn refuse_all(&mut self, path: &Path) -> bool {
        let mut any = false;
        while self.refuse(path) {
            any = true;
        }
        any
    }

    /// Takes out the default at `path`.
    pub(super) fn forget_default(&mut self, path: &Path) -> bool {
        remove(&mut self.defaults, &path.0)
    }

    /// Puts a value that stands for any into the table at `path`, where a key of it is missing.
    pub(super) fn fill(&mut self, path: &Path, key: &str) -> bool {
        let mut layers = std::iter::once(&mut self.defaults).chain(&mut self.given).rev();
        let Some(table) = layers.find_map(|layer| table_at(layer, &path.0)) else { return false };
        table.insert(key.to_owned(), Value { node: Node::Filler, place: Place::Default });
        true
    }
}

fn lay(below: &mut Table, above: &Table, shape: &Shape) {
    for (key, value) in above {
        let child = shape.child(key);
        match (child, below.get_mut(key), &value.node) {
            (Some(shape @ Shape::Table(_)), Some(Value { node: Node::Table(below), place }), Node::Table(above)) => {
                lay(below, above, shape);
                *place = value.place.clone();
            }
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}

fn table_at<'a>(table: &'a mut Table, path: &[Step]) -> Option<&'a mut Table> {
    let Some((Step::Key(first), rest)) = path.split_first() else { return Some(table) };
    let mut value = table.get_mut(first)?;
    for step in rest {
        value = match (&mut value.node, step) {
            (Node::Table(table), Step::Key(key)) => table.get_mut(key)?,
            (Node::List(items), Step::Index(index)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    match &mut value.node {
        Node::Table(table) => Some(table),
        _ => None,
    }
}
