//! Lines in colour, for a person at a terminal.

use std::env;
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};

use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError};
use crate::drain::LineDrain;
use crate::format::{Format, Syntax};
use crate::level::Level;

/// When lines are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// On a terminal that shows colours: not if `NO_COLOR` is set to anything, or `TERM` is `dumb`. The default.
    #[default]
    Auto,
    /// Always, for a pager that shows colours.
    Always,
    /// Never.
    Never,
}

impl Config {
    /// The drain of [`drain`](Self::drain), with logfmt lines in colour where `colour` says so: the level in a colour
    /// of its own, keys dim. JSON lines stay as they are. No value can bring colours of its own.
    ///
    /// # Errors
    /// As [`drain`](Self::drain).
    ///
    /// # Examples
    /// ```
    /// use kit_log::{Config, Logger, term::Colour};
    ///
    /// let log = Logger::new(Config::default().terminal(std::io::stderr(), Colour::Auto)?);
    /// kit_log::warn!(log, "coloured if you are watching");
    /// # Ok::<(), kit_log::ConfigError>(())
    /// ```
    ///
    /// # Source
    /// `NO_COLOR`: <https://no-color.org>.
    pub fn terminal<W>(&self, stream: W, colour: Colour) -> Result<LineDrain, ConfigError>
    where
        W: Write + IsTerminal + Send + 'static,
    {
        let watched = stream.is_terminal();
        let (no_color, term) = (env::var_os("NO_COLOR"), env::var_os("TERM"));
        let painted = self.format == Format::Logfmt && colour.applies(watched, no_color.as_deref(), term.as_deref());
        let drain = self.drain(stream)?;
        Ok(if painted { drain.painted() } else { drain })
    }
}

impl Colour {
    fn applies(self, watched: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
        match self {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => watched && no_color.is_none_or(OsStr::is_empty) && term != Some(OsStr::new("dumb")),
        }
    }
}

/// Logfmt with colours.
pub(crate) struct Painted;

impl Syntax for Painted {
    const OPEN: &'static str = "";
    const CLOSE: &'static str = "\n";
    const KEY_OPEN: &'static str = " \x1b[2m";
    const KEY_CLOSE: &'static str = "=\x1b[0m";
    const QUOTE: &'static str = "";

    fn level(level: Level) -> &'static str {
        match level {
            Level::Error => "\x1b[1;31mlevel=error\x1b[0m",
            Level::Warn => "\x1b[33mlevel=warn\x1b[0m",
            Level::Info => "\x1b[32mlevel=info\x1b[0m",
            Level::Debug => "\x1b[36mlevel=debug\x1b[0m",
            Level::Trace => "\x1b[2mlevel=trace\x1b[0m",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_a_terminal_whose_user_did_not_say_no() {
        let (set, empty, dumb, xterm) = (OsStr::new("1"), OsStr::new(""), OsStr::new("dumb"), OsStr::new("xterm"));
        assert!(Colour::Auto.applies(true, None, Some(xterm)));
        assert!(Colour::Auto.applies(true, Some(empty), None));
        assert!(!Colour::Auto.applies(false, None, Some(xterm)));
        assert!(!Colour::Auto.applies(true, Some(set), Some(xterm)));
        assert!(!Colour::Auto.applies(true, None, Some(dumb)));
        assert!(Colour::Always.applies(false, Some(set), Some(dumb)));
        assert!(!Colour::Never.applies(true, None, Some(xterm)));
    }
}
