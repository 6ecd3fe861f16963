//! The search for everything that is wrong.
//!
//! serde stops at the first error. So the value at fault is taken out of its layer, which leaves the weaker layer's, and all is
//! read again, until there is no error left to find. What is missing is filled with something that most types take. Every round
//! takes something out or fills a gap that was not filled before, so it ends.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::de::{self, Fault, Unknown, What};
use super::error::{ConfigError, Place};
use super::keys::{Names, Shape, nearest};
use super::layers::Layers;
use super::value::{Node, Path, Value};

pub(super) struct Search<'a> {
    pub(super) shape: &'a Shape,
    pub(super) names: &'a Names,
    /// The settings that print masked: their values may not be repeated in an error.
    pub(super) secrets: &'a BTreeSet<Path>,
    pub(super) layers: Layers,
    pub(super) errors: Vec<ConfigError>,
    /// What `errors` are about.
    blamed: Vec<Path>,
    filled: BTreeSet<Path>,
    /// Defaults that their own type does not read, and why.
    unreadable: BTreeMap<Path, String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(shape: &'a Shape, names: &'a Names, secrets: &'a BTreeSet<Path>, layers: Layers) -> Self {
        Self {
            shape,
            names,
            secrets,
            layers,
            errors: Vec::new(),
            blamed: Vec::new(),
            filled: BTreeSet::new(),
            unreadable: BTreeMap::new(),
        }
    }

    /// The settings, if nothing was wrong with them, and what they were read from.
    pub(super) fn run<T: DeserializeOwned>(&mut self) -> Option<(T, Value)> {
        loop {
            let merged = self.layers.merge(self.shape);
            let (read, unknown) = de::read::<T>(&merged);
            for unknown in unknown {
                self.unknown(unknown);
            }
            match read {
                Ok(settings) => return Some((settings, merged)).filter(|_| self.errors.is_empty()),
                Err(fault) => self.fault(fault, &merged)?,
            }
        }
    }

    fn unknown(&mut self, unknown: Unknown) {
        let Unknown { path, place, fields } = unknown;
        // What a default prints and its type does not read is the program's affair.
        if !self.layers.refuse(&path) {
            self.layers.forget_default(&path);
            return;
        }
        let given = path.keys().last().unwrap_or_default();
        let line = match nearest(given, fields.iter().copied()) {
            Some(near) => format!("there is no such setting; is {near} meant?"),
            None if (1..=8).contains(&fields.len()) => {
                format!("there is no such setting, there is {}", fields.join(", "))
            }
            None => "there is no such setting".to_owned(),
        };
        self.errors.push(ConfigError::new(line).of(&path).at(place));
        self.blamed.push(path);
    }

    /// Notes an error and clears the way for the next one. None if nothing more can be found.
    fn fault(&mut self, fault: Fault, merged: &Value) -> Option<()> {
        let words = fault.to_string();
        let (path, place) = fault.at.unwrap_or((Path::default(), Place::Default));
        let more = match fault.what {
            What::Missing(key) => self.missing(&path, key, place.clone()),
            // A default has the field's own name, and somebody gave it under another.
            What::Duplicate(key) if self.layers.forget_default(&path.parent().key(key)) => Some(()),
            What::Secret | What::Mask => self.wrong(&path, &place, words.clone(), merged),
            What::Said(_) if self.secrets.iter().any(|secret| path.is_within(secret)) => {
                self.wrong(&path, &place, What::Secret.to_string(), merged)
            }
            What::Duplicate(_) | What::Said(_) => {
                self.wrong(&path, &place, merged.closest(&path).quoted(words.clone()), merged)
            }
        };
        if more.is_none() && self.errors.is_empty() {
            self.errors.push(ConfigError::new(words).of(&path).at(place));
        }
        more
    }

    fn wrong(&mut self, path: &Path, place: &Place, line: String, merged: &Value) -> Option<()> {
        let value = merged.closest(path);
        if matches!(value.node, Node::Filler) {
            // It takes none of what stands for a missing value: then its table is missing.
            let table = path.parent();
            let found = self.layers.refuse_all(&table) | self.layers.forget_default(&table);
            return found.then_some(());
        }
        if *place == Place::Default && self.layers.forget_default(path) {
            self.unreadable.insert(path.clone(), line);
            return Some(());
        }
        // A weaker layer's value may be as wrong as the one that was refused; what ails a table follows from its parts.
        let whole = matches!(value.node, Node::Table(_));
        if !self.blamed.iter().any(|blamed| blamed.is_within(path) && (whole || blamed != path)) {
            let error = ConfigError::new(line).at(place.clone());
            self.errors.push(if path.is_root() { error } else { error.of(path) });
            self.blamed.push(path.clone());
        }
        // Of a value, the strongest layer's is at fault; of a table, nobody knows which part.
        let found = if whole { self.layers.refuse_all(path) } else { self.layers.refuse(path) };
        found.then_some(())
    }

    fn missing(&mut self, table: &Path, key: &'static str, place: Place) -> Option<()> {
        let path = table.key(key);
        if !self.blamed.iter().any(|blamed| blamed.is_within(&path)) {
            let named = self.names.by_key(&path.to_string());
            let mut line = String::from("must be set");
            if let Some(setting) = named {
                line += &format!(" ({} or ", setting.flag);
                line += &setting.env.as_ref().map(|env| format!("{env} or ")).unwrap_or_default();
                line += "in a file)";
            }
            if let Some(why) = self.unreadable.get(&path) {
                line += &format!("; its default cannot be read: {why}");
            }
            let error = ConfigError::new(line).of(&path);
            // A flag or a variable that set another part of the table is not where this is missing.
            let file = matches!(place, Place::File { .. });
            self.errors.push(if file { error.at(place) } else { error });
            self.blamed.push(path.clone());
        }
        (self.filled.insert(path) && self.layers.fill(table, key)).then_some(())
    }
}
