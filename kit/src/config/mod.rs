//! Settings of a service: defaults, over them a file, over it the environment, over that flags. Typed, every error told at once
//! with its place, and nothing that is given goes unread.
//!
//! ```
//! use std::net::SocketAddr;
//! use std::time::Duration;
//!
//! use kit::config::Loader;
//! use kit::log::Secret;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! #[serde(default)]
//! struct Settings {
//!     addr: SocketAddr,
//!     #[serde(with = "kit::duration")]
//!     drain_timeout: Duration,
//!     api_key: Option<Secret<String>>,
//!     log: kit::log::Config,
//! }
//!
//! impl Default for Settings {
//!     fn default() -> Self {
//!         let addr = SocketAddr::from(([127, 0, 0, 1], 8080));
//!         Self { addr, drain_timeout: Duration::from_secs(10), api_key: None, log: Default::default() }
//!     }
//! }
//!
//! // A program passes `std::env::vars_os()` and `std::env::args_os().skip(1)`, and a file by its name.
//! let variables = [("KIT_LOG_LEVEL", "info,hyper=warn"), ("KIT_API_KEY", "hunter2"), ("PATH", "/bin")];
//! let loader = |arguments: &[&str]| Loader::new("greeter")
//!     .describe(&[("addr", "where to listen")])
//!     .toml("greeter.toml", "drain_timeout = '1m 30s'\n[log]\nformat = 'json'")
//!     .env("KIT_", variables)
//!     .flags(arguments.to_vec());
//!
//! let settings: Settings = loader(&["--addr", "127.0.0.1:9000"]).load()?;
//! assert_eq!((settings.addr.port(), settings.drain_timeout), (9000, Duration::from_secs(90)));
//! assert_eq!((settings.log.format, settings.log.level.to_string()), (kit::log::Format::Json, "info,hyper=warn".into()));
//!
//! let wrong = loader(&["--addr", "nowhere", "--log-fromat", "json"]).load::<Settings>().unwrap_err().to_string();
//! assert_eq!(wrong, "greeter: 2 settings are wrong:\n  \
//!     --addr: \"nowhere\": invalid socket address syntax\n  \
//!     --log-fromat: there is no such setting; is --log-format meant?");
//!
//! let printed = loader(&["--print-config"]).load::<Settings>().unwrap_err().to_string();
//! let (general, log) = printed.split_once("\n[log]\n").unwrap();
//! assert_eq!(general, r#"addr = "127.0.0.1:8080"   # default
//! drain_timeout = "1m 30s"  # greeter.toml:1
//! api_key = "***"           # KIT_API_KEY
//! "#);
//! assert!(log.contains(r#"level = "info,hyper=warn"  # KIT_LOG_LEVEL"#));
//! # Ok::<(), kit::config::Stop>(())
//! ```
//!
//! A `main` that leaves the rest to [`Stop::report`]:
//!
//! ```no_run
//! # #[derive(Default, serde::Serialize, serde::Deserialize)]
//! # #[serde(default)]
//! # struct Settings {}
//! # fn run(_: Settings) -> std::process::ExitCode { std::process::ExitCode::SUCCESS }
//! use kit::config::Loader;
//!
//! fn main() -> std::process::ExitCode {
//!     let loader = Loader::new("greeter").file_if_exists("/etc/greeter.toml");
//!     match loader.env("KIT_", std::env::vars_os()).flags(std::env::args_os().skip(1)).load::<Settings>() {
//!         Ok(settings) => run(settings),
//!         Err(stop) => stop.report(),
//!     }
//! }
//! ```
//!
//! # Names
//! A field is a key of the file, a nested struct a table of it. `log.format` is `KIT_LOG_FORMAT` in the environment and `--log-format`
//! as a flag, `drain_timeout` is `KIT_DRAIN_TIMEOUT` and `--drain-timeout`. The keys are learnt from the type, by a
//! deserializer that sees which fields a struct asks for. What serde does not say cannot be learnt: what a map will hold, and what
//! lies behind `flatten`, `untagged` or an internally tagged enum. A map and such an enum are one setting; a struct with a flattened
//! field has no keys, and is set in a file. Two keys of one name are an error.
//!
//! # Values
//! In a file a value has TOML's type. Text of a variable or a flag becomes what the field asks for: a number, `true` or
//! `false`, the name of a variant, whatever the type reads from text; `a,b,c` is a list and `k=v,l=w` a map. A list, a map or a
//! variant is taken whole from the strongest place that gives it; tables are laid over one another key by key. What a stronger
//! place overrides is not read, only its name is.
//!
//! # Secrets
//! A field of the type [`Secret`](kit_log::Secret) prints as `***`, and no error repeats its value. A printed configuration that is
//! used as a file is refused where it has `***` and nothing stronger gives the secret.
//!
//! # Source
//! Values that carry their origin: figment. Learning fields from `deserialize_struct`: `serde_aux`'s introspection.

mod de;
mod defaults;
mod env;
mod error;
mod file;
mod flags;
mod help;
mod keys;
mod layers;
mod loader;
mod print;
mod search;
mod secret;
mod stop;
mod value;

pub use self::error::{ConfigError, ConfigErrors, Place};
pub use self::loader::Loader;
pub use self::stop::Stop;
