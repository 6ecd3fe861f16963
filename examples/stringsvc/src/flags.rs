//! What the program is told: flags, or `KIT_…` in the environment.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use kit::log::{Format, Levels};

/// Go kit's string service: POST /uppercase and POST /count.
#[derive(Clone, Debug, Parser)]
#[command(name = "stringsvc")]
pub struct Flags {
    /// Where to listen.
    #[arg(long, env = "KIT_ADDR", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,

    /// How log lines are written.
    #[arg(long, env = "KIT_LOG_FORMAT", value_enum, default_value = "logfmt")]
    pub log_format: LogFormat,

    /// What is logged: a level, or a list such as `info,hyper=warn`.
    #[arg(long, env = "KIT_LOG_LEVEL", default_value = "info")]
    pub log_level: Levels,

    /// Another instance that uppercase is forwarded to: http://host:port.
    #[arg(long, env = "KIT_PROXY", value_name = "URL")]
    pub proxy: Option<String>,
}

/// The formats of `--log-format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// `key=value`.
    Logfmt,
    /// One object a line.
    Json,
}

impl From<LogFormat> for Format {
    fn from(format: LogFormat) -> Format {
        match format {
            LogFormat::Logfmt => Format::Logfmt,
            LogFormat::Json => Format::Json,
        }
    }
}

impl Flags {
    /// Reads the command line.
    ///
    /// # Errors
    /// One line that says what is wrong. Help is printed, and ends the program.
    pub fn read() -> Result<Self, String> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                error.exit();
            }
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            format!("{} (see --help)", line.trim_start_matches("error: "))
        })
    }
}
