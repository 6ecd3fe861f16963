use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use kit::config::{ConfigErrors, Loader, Stop};
use kit::log::Levels;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One field of every kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) addr: SocketAddr,
    pub(crate) name: String,
    pub(crate) workers: u8,
    pub(crate) offset: i64,
    pub(crate) ratio: f64,
    pub(crate) verbose: bool,
    #[serde(with = "kit::duration")]
    pub(crate) drain_timeout: Duration,
    #[serde(with = "kit::duration::option")]
    pub(crate) idle: Option<Duration>,
    pub(crate) proxy: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) tags: Vec<String>,
    pub(crate) ports: Vec<u16>,
    pub(crate) labels: BTreeMap<String, u32>,
    pub(crate) log: Log,
    pub(crate) queue: Option<Queue>,
    pub(crate) tenants: Vec<Tenant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Fast,
    Careful,
    Every(u32),
    Between {
        low: u32,
        high: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Log {
    pub(crate) format: kit::log::Format,
    #[serde(serialize_with = "shown", deserialize_with = "checked")]
    pub(crate) level: String,
    pub(crate) file: File,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) path: Option<String>,
    pub(crate) keep_days: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) bytes: u32,
    #[serde(default)]
    pub(crate) drop: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) rate: u32,
    pub(crate) addr: SocketAddr,
}

/// Levels, kept as text so that settings can be compared.
fn checked<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Levels::deserialize(from)?.to_string())
}

fn shown<S: serde::Serializer>(level: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(level)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 8080)),
            name: "greeter".into(),
            workers: 4,
            offset: -1,
            ratio: 0.5,
            verbose: false,
            drain_timeout: Duration::from_secs(10),
            idle: Some(Duration::from_secs(75)),
            proxy: None,
            mode: Mode::Fast,
            tags: vec!["a".into()],
            ports: vec![],
            labels: BTreeMap::from([("one".into(), 1)]),
            log: Log::default(),
            queue: None,
            tenants: vec![],
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Default::default(), level: "info".into(), file: File::default() }
    }
}

/// What one test gives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given<'a> {
    pub(crate) file: &'a str,
    pub(crate) env: &'a [(&'a str, &'a str)],
    pub(crate) flags: &'a [&'a str],
}

impl Given<'_> {
    pub(crate) fn loader(&self) -> Loader {
        let loader = Loader::new("greeter").toml("a.toml", self.file);
        loader.env("KIT_", self.env.iter().copied()).flags(self.flags.iter().copied())
    }

    pub(crate) fn load<T: Serialize + DeserializeOwned + Default>(&self) -> Result<T, Stop> {
        self.loader().load()
    }

    #[track_caller]
    pub(crate) fn settings(&self) -> Settings {
        self.load().expect("settings")
    }

    /// Everything that is wrong, a line each.
    #[track_caller]
    pub(crate) fn wrong<T: Serialize + DeserializeOwned + Default>(&self) -> Vec<String> {
        errors(self.load::<T>()).iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    pub(crate) fn asked<T: Serialize + DeserializeOwned + Default>(&self) -> String {
        match self.load::<T>() {
            Err(Stop::Asked(text)) => text,
            Err(wrong) => panic!("{wrong}"),
            Ok(_) => panic!("settings, where a text was asked for"),
        }
    }
}

#[track_caller]
pub(crate) fn errors<T>(loaded: Result<T, Stop>) -> ConfigErrors {
    match loaded {
        Err(Stop::Wrong { errors, .. }) => errors,
        Err(stop) => panic!("{stop}"),
        Ok(_) => panic!("nothing is wrong"),
    }
}

pub(crate) fn file(file: &str) -> Given<'_> {
    Given { file, ..Given::default() }
}

pub(crate) fn env<'a>(env: &'a [(&'a str, &'a str)]) -> Given<'a> {
    Given { env, ..Given::default() }
}

pub(crate) fn flags<'a>(flags: &'a [&'a str]) -> Given<'a> {
    Given { flags, ..Given::default() }
}
