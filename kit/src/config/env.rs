//! A layer from variables of the environment.

use std::ffi::OsString;
use std::sync::Arc;

use super::error::{ConfigError, Place};
use super::keys::Names;
use super::value::{Node, Table, Value, insert};

/// Variables whose names begin with a prefix.
#[derive(Debug)]
pub(super) struct Variables {
    pub(super) prefix: String,
    pub(super) all: Vec<(OsString, OsString)>,
}

/// What the variables say.
#[derive(Debug, Default)]
pub(super) struct FromEnv {
    pub(super) values: Table,
    /// The file that `…CONFIG` names.
    pub(super) file: Option<(String, Place)>,
}

impl Variables {
    /// The variable that names a file.
    pub(super) fn config(&self) -> String {
        format!("{}CONFIG", self.prefix)
    }

    pub(super) fn read(&self, names: &Names, errors: &mut Vec<ConfigError>) -> FromEnv {
        let mut read = FromEnv::default();
        if self.prefix.is_empty() {
            errors.push(ConfigError::new(
                "the program reads its settings from variables without a prefix: any could be one",
            ));
            return read;
        }
        for (name, value) in &self.all {
            let name = name.to_string_lossy();
            if !name.starts_with(&self.prefix) {
                continue;
            }
            let place = Place::Env(Arc::from(&*name));
            let Some(value) = value.to_str() else {
                errors.push(ConfigError::new("is not UTF-8").at(place));
                continue;
            };
            if *name == *self.config() {
                read.file = Some((value.to_owned(), place));
            } else if let Some(setting) = names.by_env(&name) {
                insert(&mut read.values, &setting.path, Value { node: Node::Loose(value.to_owned()), place });
            } else {
                errors.push(ConfigError::new(names.no_env(&name)).at(place));
            }
        }
        read
    }
}
