use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::env::Variables;
use super::error::{ConfigError, ConfigErrors, Place};
use super::help::Help;
use super::keys::{Names, learn};
use super::layers::Layers;
use super::search::Search;
use super::stop::Stop;
use super::value::{Path, Table};
use super::{defaults, file, flags, print};

/// Reads the settings of a program: defaults, over them files, over them the environment, over them flags, in whatever order
/// they are named here.
///
/// Nothing is read before [`load`](Self::load) except what is passed in.
#[derive(Debug)]
pub struct Loader {
    program: String,
    about: String,
    docs: BTreeMap<String, String>,
    files: Vec<Source>,
    env: Option<Variables>,
    flags: Vec<OsString>,
}

#[derive(Debug)]
enum Source {
    Path { path: PathBuf, must_exist: bool },
    Text { name: String, text: String },
}

impl Loader {
    /// A loader for a program of this name, from nothing but the defaults of its settings.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            about: String::new(),
            docs: BTreeMap::new(),
            files: Vec::new(),
            env: None,
            flags: Vec::new(),
        }
    }

    /// What the program is, for `--help`.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// What keys are for, for `--help`: `("log.format", "how log lines are written")`. A key may be a table's (`log`).
    ///
    /// A key that the settings do not have is an error of [`load`](Self::load).
    #[must_use]
    pub fn describe(mut self, docs: &[(&str, &str)]) -> Self {
        self.docs.extend(docs.iter().map(|(key, doc)| ((*key).to_owned(), (*doc).to_owned())));
        self
    }

    /// Reads a TOML file, which must exist. Of several, the later is the stronger. All of them are passed over if whoever starts
    /// the program names another with `--config` or in the environment.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(Source::Path { path: path.into(), must_exist: true });
        self
    }

    /// Reads a TOML file if there is one, as [`file`](Self::file).
    #[must_use]
    pub fn file_if_exists(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(Source::Path { path: path.into(), must_exist: false });
        self
    }

    /// Takes the text of a TOML file that errors call `name`, as [`file`](Self::file).
    #[must_use]
    pub fn toml(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push(Source::Text { name: name.into(), text: text.into() });
        self
    }

    /// Takes settings from the variables whose names begin with `prefix`, usually `KIT_`: `log.format` is `KIT_LOG_FORMAT`.
    /// `KIT_CONFIG` names a file. Any other variable of that prefix is an error.
    ///
    /// A program passes [`std::env::vars_os`]. Where others set variables of the same prefix the program does not start, so it
    /// should be a program's own: Kubernetes sets some that begin with the name of each service beside it.
    #[must_use]
    pub fn env<K, V>(mut self, prefix: impl Into<String>, vars: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let all = vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.env = Some(Variables { prefix: prefix.into(), all });
        self
    }

    /// Takes settings from arguments: `--log-format json` or `--log-format=json`, and a yes-or-no alone says yes. `--config FILE`
    /// names a file; `--print-config` and `--help` ask for text. Anything else is an error.
    ///
    /// A program passes `std::env::args_os().skip(1)`, without its own name. Everyone on a machine can see the arguments of its
    /// programs: secrets are better given in a file or a variable.
    #[must_use]
    pub fn flags<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.flags = args.into_iter().map(Into::into).collect();
        self
    }

    /// The settings.
    ///
    /// `T`'s `Default` says the defaults, of nested settings too; a secret's alone comes from its own struct's
    /// `#[serde(default)]`, because it cannot be written down and read again. Without one it must be given.
    ///
    /// # Errors
    /// [`Stop::Wrong`] with everything that is wrong. [`Stop::Asked`] with the text of `--help`, or of `--print-config` if nothing
    /// is wrong. [`Stop::report`] answers either.
    pub fn load<T>(self) -> Result<T, Stop>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        let mut errors = Vec::new();
        let loaded = self.read::<T>(&mut errors);
        match loaded {
            Some(Loaded::Asked(text)) => Err(Stop::Asked(text)),
            Some(Loaded::Settings(settings)) if errors.is_empty() => Ok(settings),
            _ => Err(Stop::Wrong { program: self.program, errors: ConfigErrors::new(errors) }),
        }
    }

    fn read<T>(&self, errors: &mut Vec<ConfigError>) -> Option<Loaded<T>>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        let shape = learn::<T>();
        let prefix = self.env.as_ref().map(|env| env.prefix.as_str());
        let names = Names::new(&shape, prefix, errors);
        self.check_docs(&names, errors);
        let mut secrets = secrets(&names);
        let json = written(&T::default(), errors)?;
        if !json.is_object() {
            errors.push(ConfigError::new("the program's settings are no struct, and have no keys"));
            return None;
        }
        let defaults = defaults::table(&json, &shape, &mut secrets);

        let flags = flags::read(&self.flags, &names, errors);
        if flags.help {
            let (program, about, docs) = (&self.program, &self.about, &self.docs);
            let help = Help { program, about, docs, prefix, names: &names, defaults: &json };
            return Some(Loaded::Asked(help.text()));
        }
        let env = self.env.as_ref().map(|env| env.read(&names, errors)).unwrap_or_default();
        let mut given = self.read_files(flags.file.or(env.file), errors);
        given.extend([env.values, flags.values]);

        let mut search = Search::new(&shape, &names, &secrets, Layers::new(defaults, given));
        let found = search.run::<T>();
        errors.append(&mut search.errors);
        let (settings, merged) = found?;
        if !flags.print {
            return Some(Loaded::Settings(settings));
        }
        let text = print::print(&written(&settings, errors)?, &shape, &merged, &secrets);
        errors.is_empty().then_some(Loaded::Asked(text))
    }

    fn check_docs(&self, names: &Names, errors: &mut Vec<ConfigError>) {
        for key in self.docs.keys() {
            if names.by_key(key).is_none() && !names.tables.contains(key) {
                errors.push(ConfigError::new("the program describes a setting that it does not have").of(key));
            }
        }
    }

    /// A layer for each file: the one that was named, else those of the program.
    fn read_files(&self, named: Option<(String, Place)>, errors: &mut Vec<ConfigError>) -> Vec<Table> {
        if let Some((path, place)) = named {
            return match std::fs::read_to_string(&path) {
                Ok(text) => vec![file::parse(&path, &text, errors)],
                Err(error) => {
                    errors.push(ConfigError::new(format!("cannot read {path:?}: {error}")).at(place));
                    vec![]
                }
            };
        }
        let mut layers = Vec::new();
        for source in &self.files {
            match source {
                Source::Text { name, text } => layers.push(file::parse(name, text, errors)),
                Source::Path { path, must_exist } => {
                    let name = path.display().to_string();
                    match std::fs::read_to_string(path) {
                        Ok(text) => layers.push(file::parse(&name, &text, errors)),
                        Err(error) if !must_exist && error.kind() == std::io::ErrorKind::NotFound => {}
                        Err(error) => {
                            let place = Place::File { file: name.into(), line: None };
                            errors.push(ConfigError::new(format!("cannot be read: {error}")).at(place));
                        }
                    }
                }
            }
        }
        layers
    }
}

enum Loaded<T> {
    Settings(T),
    Asked(String),
}

fn written<T: Serialize>(settings: &T, errors: &mut Vec<ConfigError>) -> Option<serde_json::Value> {
    let written = serde_json::to_value(settings);
    written.map_err(|error| errors.push(ConfigError::new(format!("the settings cannot be written: {error}")))).ok()
}

/// The settings whose types say that they are secret.
fn secrets(names: &Names) -> BTreeSet<Path> {
    names.settings.iter().filter(|setting| setting.leaf.secret).map(|setting| Path::of(&setting.path)).collect()
}
