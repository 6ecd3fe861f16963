//! The five levels, most severe first.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much an event matters. `Error` is the least, so `a <= b` reads "`a` is at least as severe as `b`".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Level {
    /// Something failed, and somebody may have to act.
    Error = 1,
    /// Something is wrong, and the program goes on without harm.
    Warn = 2,
    /// What an operator wants to see of a healthy program.
    Info = 3,
    /// What its developer wants to see.
    Debug = 4,
    /// Every step.
    Trace = 5,
}

impl Level {
    /// Every level, most severe first.
    pub const ALL: [Level; 5] = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];

    /// The name printed in a line: `error`, `warn`, `info`, `debug` or `trace`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }

    /// The level slog calls the same.
    pub const fn to_slog(self) -> slog::Level {
        match self {
            Level::Error => slog::Level::Error,
            Level::Warn => slog::Level::Warning,
            Level::Info => slog::Level::Info,
            Level::Debug => slog::Level::Debug,
            Level::Trace => slog::Level::Trace,
        }
    }

    /// The level of a slog record; slog's sixth, `Critical`, is `Error` here.
    pub const fn from_slog(level: slog::Level) -> Self {
        match level {
            slog::Level::Critical | slog::Level::Error => Level::Error,
            slog::Level::Warning => Level::Warn,
            slog::Level::Info => Level::Info,
            slog::Level::Debug => Level::Debug,
            slog::Level::Trace => Level::Trace,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text is not the name of a level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no level: expected error, warn, info, debug or trace")]
pub struct UnknownLevel(pub(crate) String);

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Reads a name as [`Level::as_str`] prints it, in any case, with space around it.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let name = text.trim();
        Level::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownLevel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_in_any_case_and_with_space_around() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(format!(" {} ", level.as_str().to_uppercase()).parse(), Ok(level));
        }
        assert_eq!("verbose".parse::<Level>(), Err(UnknownLevel("verbose".into())));
    }

    #[test]
    fn the_more_severe_level_is_the_lesser_one() {
        assert!(Level::Error < Level::Warn && Level::Debug < Level::Trace);
    }

    #[test]
    fn slog_levels_map_there_and_back() {
        for level in Level::ALL {
            assert_eq!(Level::from_slog(level.to_slog()), level);
        }
        assert_eq!(Level::from_slog(slog::Level::Critical), Level::Error);
    }
}
