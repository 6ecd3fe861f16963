use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use super::error::ConfigErrors;

/// Why a program does not go on with its settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Stop {
    /// It was asked for this text, by `--help` or `--print-config`: it belongs on standard output, and all is well.
    Asked(String),
    /// The settings are wrong.
    Wrong {
        /// The program's name, which begins the line that says so.
        program: String,
        /// Everything that is wrong.
        errors: ConfigErrors,
    },
}

impl Stop {
    /// Says it to whoever started the program: the text on standard output and success, or what is wrong on standard error (a
    /// line if it is one thing, else a line each) and failure.
    pub fn report(self) -> ExitCode {
        // Somebody who has closed the stream does not want to know.
        match self {
            Stop::Asked(text) => {
                let _ = std::io::stdout().write_all(text.as_bytes());
                ExitCode::SUCCESS
            }
            Stop::Wrong { .. } => {
                let _ = std::io::stderr().write_all(format!("{self}\n").as_bytes());
                ExitCode::FAILURE
            }
        }
    }
}

impl fmt::Display for Stop {
    /// What [`report`](Self::report) prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Asked(text) => f.write_str(text),
            Stop::Wrong { program, errors } => {
                write!(f, "{program}: ")?;
                let mut errors = errors.iter();
                match (errors.next(), errors.len()) {
                    (Some(error), 0) => write!(f, "{error}"),
                    (first, more) => {
                        write!(f, "{} settings are wrong:", more + 1)?;
                        first.into_iter().chain(errors).try_for_each(|error| write!(f, "\n  {error}"))
                    }
                }
            }
        }
    }
}

impl std::error::Error for Stop {}
