//! What a layer holds: values that know where they were given.

use std::collections::BTreeMap;
use std::fmt;

use super::error::Place;

/// A value, and where it was given.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) node: Node,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Text of a file: nothing but text.
    Text(String),
    /// Text of a flag or a variable: becomes what is asked for.
    Loose(String),
    Int(i128),
    Float(f64),
    Bool(bool),
    List(Vec<Value>),
    Table(Table),
    /// A none that stands in a list of the defaults.
    Null,
    /// Was refused. It keeps its place in a list, so that its neighbours keep theirs.
    Gone,
    /// Stands in for a value that nobody gave, so that the search for more errors can go on.
    Filler,
}

pub(super) type Table = BTreeMap<String, Value>;

/// One step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// From the root to a value: `tenants[2].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(pub(super) Vec<Step>);

impl Path {
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Step::Key((*key).to_owned())).collect())
    }

    pub(super) fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Step::Key(key.to_owned()));
        path
    }

    pub(super) fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Its keys, without the numbers of items.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    /// Whether this is `other`, or within it.
    pub(super) fn is_within(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Value {
    /// The value at the end of `path`.
    pub(super) fn get(&self, path: &Path) -> Option<&Value> {
        path.0.iter().try_fold(self, Value::step)
    }

    /// The value at the end of `path`, or the text on the way there of which the rest is a part.
    pub(super) fn closest(&self, path: &Path) -> &Value {
        let mut value = self;
        for step in &path.0 {
            match value.step(step) {
                Some(next) => value = next,
                None => break,
            }
        }
        value
    }

    fn step(&self, step: &Step) -> Option<&Value> {
        match (&self.node, step) {
            (Node::Table(table), Step::Key(key)) => table.get(key),
            (Node::List(items), Step::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// The line that says what is wrong with text that was given here, and quotes it if `words` do not.
    pub(super) fn quoted(&self, words: String) -> String {
        let (Node::Text(text) | Node::Loose(text)) = &self.node else { return words };
        let quoted = format!("{text:?}");
        match words.contains(&quoted) || words.contains(&format!("`{text}`")) {
            true => words,
            false => format!("{quoted}: {words}"),
        }
    }
}

/// Puts a value at the end of `path`, making the tables on the way.
pub(super) fn insert(table: &mut Table, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        table.insert((*first).to_owned(), value);
        return;
    }
    let place = value.place.clone();
    let next = table.entry((*first).to_owned()).or_insert(Value { node: Node::Table(Table::new()), place });
    if let Node::Table(next) = &mut next.node {
        insert(next, rest, value);
    }
}

/// Takes out what stands at the end of `path`, or the text that it was cut from. Whether there was anything.
pub(super) fn remove(table: &mut Table, path: &[Step]) -> bool {
    let Some((Step::Key(key), rest)) = path.split_first() else { return false };
    match table.get_mut(key) {
        None => false,
        Some(value) => match within(value, rest) {
            Removal::Whole => table.remove(key).is_some(),
            Removal::Done => true,
            Removal::Nothing => false,
        },
    }
}

enum Removal {
    /// What was asked is this value itself.
    Whole,
    Done,
    Nothing,
}

fn within(value: &mut Value, path: &[Step]) -> Removal {
    let done = |done| if done { Removal::Done } else { Removal::Nothing };
    match (&mut value.node, path) {
        (_, []) => Removal::Whole,
        (Node::Table(table), path) => done(remove(table, path)),
        (Node::List(items), [Step::Index(index), rest @ ..]) => match items.get_mut(*index) {
            None | Some(Value { node: Node::Gone, .. }) => Removal::Nothing,
            Some(item) => match within(item, rest) {
                Removal::Whole => {
                    item.node = Node::Gone;
                    Removal::Done
                }
                removal => removal,
            },
        },
        // The path leads into the parts of a text.
        (Node::Loose(_), _) => Removal::Whole,
        _ => Removal::Nothing,
    }
}
