//! A layer from the command line.

use std::ffi::OsString;
use std::iter::Peekable;
use std::slice;
use std::sync::Arc;

use super::error::{ConfigError, Place};
use super::keys::{Kind, Names, Setting};
use super::value::{Node, Table, Value, insert};

/// What the flags say.
#[derive(Debug, Default)]
pub(super) struct FromFlags {
    pub(super) values: Table,
    /// The file that `--config` names.
    pub(super) file: Option<(String, Place)>,
    pub(super) help: bool,
    pub(super) print: bool,
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Flag<'a> {
    Help,
    Print,
    Config,
    Setting(&'a Setting),
}

impl Flag<'_> {
    fn stands_alone(self) -> bool {
        match self {
            Flag::Help | Flag::Print => true,
            Flag::Config => false,
            Flag::Setting(setting) => setting.leaf.kind == Kind::Bool,
        }
    }
}

pub(super) fn read(args: &[OsString], names: &Names, errors: &mut Vec<ConfigError>) -> FromFlags {
    let mut read = FromFlags::default();
    let mut args = args.iter().peekable();
    let mut seen = Vec::new();
    while let Some(arg) = args.next() {
        if let Err(error) = one(arg, &mut args, names, &mut seen, &mut read) {
            errors.push(error);
        }
    }
    read
}

/// Reads one flag, and the argument behind it if that is its value.
fn one<'a>(
    arg: &'a OsString,
    rest: &mut Peekable<slice::Iter<'a, OsString>>,
    names: &Names,
    seen: &mut Vec<&'a str>,
    read: &mut FromFlags,
) -> Result<(), ConfigError> {
    let Some(arg) = arg.to_str() else {
        return Err(no_utf8().at(Place::Flag(arg.to_string_lossy().into())));
    };
    let (name, text) = arg.split_once('=').map_or((arg, None), |(name, text)| (name, Some(text)));
    if name.trim_start_matches('-').is_empty() || !name.starts_with('-') {
        return Err(ConfigError::new(format!("{arg:?} is no flag: settings are given as --name value")));
    }
    let place = Place::Flag(Arc::from(name));
    let flag = match (name, names.by_flag(name)) {
        ("--help" | "-h", _) => Flag::Help,
        ("--print-config", _) => Flag::Print,
        ("--config", _) => Flag::Config,
        (_, Some(setting)) => Flag::Setting(setting),
        (_, None) => {
            // Most likely what follows is its value, and not one more thing that is wrong.
            rest.next_if(|next| text.is_none() && is_value(next));
            return Err(ConfigError::new(names.no_flag(name)).at(place));
        }
    };
    let text = match text {
        None if !flag.stands_alone() => match rest.next_if(|next| is_value(next)).map(|next| next.to_str()) {
            None => return Err(ConfigError::new("needs a value").at(place)),
            Some(None) => return Err(no_utf8().at(place)),
            text => text.flatten(),
        },
        text => text,
    };
    if seen.contains(&name) {
        return Err(ConfigError::new("is given twice").at(place));
    }
    seen.push(name);
    match (flag, text) {
        (Flag::Help | Flag::Print, Some(_)) => return Err(ConfigError::new("takes no value").at(place)),
        (Flag::Help, None) => read.help = true,
        (Flag::Print, None) => read.print = true,
        (Flag::Config, text) => read.file = text.map(|text| (text.to_owned(), place)),
        (Flag::Setting(setting), text) => {
            // A flag that stands alone says yes.
            let node = Node::Loose(text.unwrap_or("true").to_owned());
            insert(&mut read.values, &setting.path, Value { node, place });
        }
    }
    Ok(())
}

fn no_utf8() -> ConfigError {
    ConfigError::new("is not UTF-8")
}

/// Whether an argument can be the value of the flag before it; one that begins with `--` follows a `=`.
fn is_value(arg: &OsString) -> bool {
    !arg.as_encoded_bytes().starts_with(b"--")
}
