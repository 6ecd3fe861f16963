//! The settings that a type has: their keys, and what kind of value each takes.

mod learn;
mod names;

pub(super) use learn::learn;
pub(super) use names::{Names, Setting, nearest};

/// What stands under a key.
#[derive(Debug)]
pub(super) enum Shape {
    /// A struct: more keys. Layers are laid over one another key by key.
    Table(Vec<Key>),
    /// A value that a stronger layer replaces as a whole.
    Leaf(Leaf),
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

/// A setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) kind: Kind,
    /// Whether the type of the field says that it must not be printed.
    pub(super) secret: bool,
}

/// What a setting's type asks a format for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Number,
    Text,
    /// An enum, by the names of its variants.
    Choice(&'static [&'static str]),
    List,
    /// Keys that the type does not know beforehand.
    Map,
    /// The type takes what comes (an untagged enum), or does not say (a struct within itself).
    Any,
}

impl Shape {
    /// What stands under `name`, if this is a table that has it.
    pub(super) fn child(&self, name: &str) -> Option<&Shape> {
        match self {
            Shape::Table(keys) => keys.iter().find(|key| key.name == name).map(|key| &key.shape),
            Shape::Leaf(_) => None,
        }
    }

    /// Calls `each` with every setting in the order of the type's fields, and with its path.
    pub(super) fn each_leaf(&self, each: &mut dyn FnMut(&[&'static str], Leaf)) {
        self.walk(&mut Vec::new(), each, &mut |_| {});
    }

    /// Calls `each` with the path of every table but the root.
    pub(super) fn each_table(&self, each: &mut dyn FnMut(&[&'static str])) {
        self.walk(&mut Vec::new(), &mut |_, _| {}, each);
    }

    fn walk(
        &self,
        path: &mut Vec<&'static str>,
        leaf: &mut dyn FnMut(&[&'static str], Leaf),
        table: &mut dyn FnMut(&[&'static str]),
    ) {
        match self {
            // A root that is no struct has no keys that could be named.
            Shape::Leaf(_) if path.is_empty() => {}
            Shape::Leaf(found) => leaf(path, *found),
            Shape::Table(keys) => {
                if !path.is_empty() {
                    table(path);
                }
                for key in keys {
                    path.push(key.name);
                    key.shape.walk(path, leaf, table);
                    path.pop();
                }
            }
        }
    }
}
