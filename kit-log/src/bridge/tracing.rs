//! From `tracing`.

use std::error::Error;
use std::fmt;

use slog::{KV, Key, Serializer};
use tracing_core::dispatcher::{Dispatch, SetGlobalDefaultError, set_global_default};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Interest, Metadata, Subscriber};

use super::Foreign;
use crate::level::Level;
use crate::logger::Logger;

/// A `tracing` subscriber that prints events through a [`Logger`], under its levels.
///
/// Only events: spans are not recorded, and their fields not printed. What an event's spans would say, a kit service
/// says by [`Logger::with`].
///
/// # Examples
/// ```
/// use kit_log::{Logger, bridge, logfmt};
///
/// let log = Logger::new(logfmt(std::io::stderr()));
/// bridge::tracing::install(&log)?;
/// tracing::info!(port = 8080, "listening"); // level=info msg=listening target=shop port=8080
/// # Ok::<(), tracing::dispatcher::SetGlobalDefaultError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bridge(Logger);

impl Bridge {
    /// A bridge to `log`, to be installed for a thread or a scope.
    pub fn new(log: &Logger) -> Self {
        Self(log.clone())
    }
}

/// Makes `log` what the program's `tracing` events are printed through, for good.
///
/// # Errors
/// Something else was installed before.
pub fn install(log: &Logger) -> Result<(), SetGlobalDefaultError> {
    set_global_default(Dispatch::new(Bridge::new(log)))
}

fn level(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::TRACE => Level::Trace,
    }
}

impl Subscriber for Bridge {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // An event asks each time, because levels change while the program runs.
        if metadata.is_event() { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.0.is_enabled(level(*metadata.level()), metadata.target())
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message { log: &self.0, event, printed: false };
        event.record(&mut message);
        if !message.printed {
            message.print(format_args!(""));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Asked for only by whoever ignores that no span is enabled.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The field that holds an event's text.
const MESSAGE: &str = "message";

/// Prints an event from within the visit of its message, the only time the message can be read.
struct Message<'a> {
    log: &'a Logger,
    event: &'a Event<'a>,
    printed: bool,
}

impl Message<'_> {
    fn print(&mut self, message: fmt::Arguments<'_>) {
        self.printed = true;
        let metadata = self.event.metadata();
        let foreign = Foreign {
            level: level(*metadata.level()),
            target: metadata.target(),
            file: metadata.file(),
            line: metadata.line(),
            module: metadata.module_path(),
        };
        foreign.print(self.log, &message, Fields(self.event));
    }
}

impl Visit for Message<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.print(format_args!("{value}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            self.print(format_args!("{value:?}"));
        }
    }
}

struct Fields<'a>(&'a Event<'a>);

impl KV for Fields<'_> {
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        // slog's order is last first, and an event can only be read forwards: one pass for each field. There are at
        // most 32, and tracing passes over those not wanted quickly.
        for wanted in (0..self.0.metadata().fields().len()).rev() {
            let mut one = One { wanted, to, result: Ok(()) };
            self.0.record(&mut one);
            one.result?;
        }
        Ok(())
    }
}

/// Emits one field of an event.
struct One<'a> {
    wanted: usize,
    to: &'a mut dyn Serializer,
    result: slog::Result,
}

impl One<'_> {
    fn emit(&mut self, field: &Field, emit: impl FnOnce(&mut dyn Serializer, Key) -> slog::Result) {
        if field.index() == self.wanted && field.name() != MESSAGE {
            // A field named by a keyword, `r#type`.
            let name = field.name();
            self.result = emit(self.to, Key::from(name.strip_prefix("r#").unwrap_or(name)));
        }
    }
}

macro_rules! records {
    ($($record:ident: $type:ty => $emit:ident),*) => {
        $(fn $record(&mut self, field: &Field, value: $type) {
            self.emit(field, |to, key| to.$emit(key, value));
        })*
    };
}

impl Visit for One<'_> {
    records! {
        record_f64: f64 => emit_f64, record_i64: i64 => emit_i64, record_u64: u64 => emit_u64,
        record_i128: i128 => emit_i128, record_u128: u128 => emit_u128, record_bool: bool => emit_bool,
        record_str: &str => emit_str, record_error: &(dyn Error + 'static) => emit_error
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.emit(field, |to, key| to.emit_bytes(key, value, slog::BytesKind::Stream));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.emit(field, |to, key| to.emit_arguments(key, &format_args!("{value:?}")));
    }
}
