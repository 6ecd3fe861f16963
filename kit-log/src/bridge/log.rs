//! From the `log` crate.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use log::kv::{self, Error, Source, Value, VisitSource, VisitValue};
use log::{LevelFilter, Metadata, Record, SetLoggerError};
use slog::{KV, Key, Serializer};

use super::Foreign;
use crate::level::Level;
use crate::logger::Logger;

/// A `log::Log` that prints through a [`Logger`], under its levels.
///
/// # Examples
/// ```
/// use kit_log::{Logger, bridge, logfmt};
///
/// let log = Logger::new(logfmt(std::io::stderr()));
/// bridge::log::install(&log)?;
/// log::info!(port = 8080; "listening"); // level=info msg=listening target=shop port=8080
/// # Ok::<(), log::SetLoggerError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bridge(Logger);

impl Bridge {
    /// A bridge to `log`, for whoever sets up the `log` crate in a way of its own.
    pub fn new(log: &Logger) -> Self {
        Self(log.clone())
    }
}

/// Makes `log` what the macros of the `log` crate print through, in the whole program and for good.
///
/// The `log` crate's own filter is opened: the levels of `log` alone decide, and can be changed.
///
/// # Errors
/// Something else was installed before.
pub fn install(log: &Logger) -> Result<(), SetLoggerError> {
    log::set_boxed_logger(Box::new(Bridge::new(log)))?;
    log::set_max_level(LevelFilter::Trace);
    Ok(())
}

fn level(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warn,
        log::Level::Info => Level::Info,
        log::Level::Debug => Level::Debug,
        log::Level::Trace => Level::Trace,
    }
}

impl log::Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.is_enabled(level(metadata.level()), metadata.target())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let foreign = Foreign {
            level: level(record.level()),
            target: record.target(),
            file: record.file_static(),
            line: record.line(),
            module: record.module_path_static(),
        };
        foreign.print(&self.0, record.args(), Fields(record.key_values()));
    }

    fn flush(&self) {
        // `log` has no way to say that a flush failed.
        let _ = self.0.flush();
    }
}

struct Fields<'a>(&'a dyn Source);

impl KV for Fields<'_> {
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        // slog's order is last first, and a source can only be read forwards: one pass for each field.
        for wanted in (0..self.0.count()).rev() {
            let mut one = One { skip: wanted, to, result: Ok(()) };
            let _ = self.0.visit(&mut one);
            one.result?;
        }
        Ok(())
    }
}

/// Emits one field of a source.
struct One<'a> {
    skip: usize,
    to: &'a mut dyn Serializer,
    result: slog::Result,
}

impl<'kvs> VisitSource<'kvs> for One<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        let mut emit = Emit { key: keep(key.as_str()), to: self.to, result: Ok(()) };
        let visited = value.visit(&mut emit);
        self.result = emit.result;
        // Enough: this ends the pass.
        visited.and(Err(Error::msg("found")))
    }
}

struct Emit<'a> {
    key: &'static str,
    to: &'a mut dyn Serializer,
    result: slog::Result,
}

macro_rules! visits {
    ($($visit:ident: $type:ty => $emit:ident),*) => {
        $(fn $visit(&mut self, value: $type) -> Result<(), Error> {
            self.result = self.to.$emit(Key::from(self.key), value);
            Ok(())
        })*
    };
}

impl VisitValue<'_> for Emit<'_> {
    visits! {
        visit_u64: u64 => emit_u64, visit_i64: i64 => emit_i64, visit_u128: u128 => emit_u128,
        visit_i128: i128 => emit_i128, visit_f64: f64 => emit_f64, visit_bool: bool => emit_bool,
        visit_str: &str => emit_str, visit_char: char => emit_char
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.result = self.to.emit_none(Key::from(self.key));
        Ok(())
    }

    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.result = self.to.emit_arguments(Key::from(self.key), &format_args!("{value}"));
        Ok(())
    }
}

/// Most names kept.
const KEPT: usize = 1024;
/// Longest name kept, in bytes.
const NAME_MAX: usize = 128;

/// A name that lasts. slog's keys are `&'static str` and the `log` crate's are not, though its macros take literals: so
/// each name is kept once. A program that makes up names without end has the rest of them printed as `_`.
fn keep(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let name = &name[..name.floor_char_boundary(NAME_MAX)];
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(kept) = names.get(name) {
        return kept;
    }
    if names.len() >= KEPT {
        return "_";
    }
    let kept: &'static str = String::from(name).leak();
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_names_without_end_are_not() {
        let first = keep("a name");
        assert!(std::ptr::eq(first, keep(&String::from("a name"))));
        for n in 0..2 * KEPT {
            keep(&format!("name {n}"));
        }
        assert_eq!(keep("one more"), "_");
        assert_eq!(keep("a name"), "a name");
    }
}
