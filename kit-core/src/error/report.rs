use std::backtrace::Backtrace;
use std::error::Error as _;
use std::fmt;
use std::sync::OnceLock;

use super::Error;

/// Everything an error knows, and every error it wraps, for the log alone.
///
/// [`pairs`](Self::pairs) feeds a key-value log; `Display` is one line that begins `[logID: <id>]: ` and the UTC time of
/// creation, then the innermost stack below it if one was taken.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a>(&'a Error);

impl<'a> Report<'a> {
    pub(super) fn new(error: &'a Error) -> Self {
        Self(error)
    }

    /// Hands every part to `each`, in a fixed order. What the error does not have is left out; its fields are one part,
    /// since the keys of a log are known beforehand and theirs are not.
    pub fn pairs(&self, mut each: impl FnMut(&'static str, &dyn fmt::Display)) {
        let error = self.0;
        each("error_id", &error.id());
        each("error_code", &error.code());
        each("error", &error.message());
        if let Some(reason) = error.reason() {
            each("error_reason", &reason);
        }
        if error.is_bug() {
            each("error_bug", &true);
        }
        if let Some(module) = error.0.boundary {
            each("error_module", &module);
        }
        if error.source().is_some() {
            each("error_cause", &Causes(error));
        }
        each("error_at", &error.place());
        each("error_time", &humantime::format_rfc3339_nanos(error.created_at()));
        each("error_trace", &format_args!("{:016x}", error.trace_hash()));
        each("error_machine", &machine());
        if let Some(fields) = Fields::of(error) {
            each("error_fields", &fields);
        }
        if let Some(stack) = stack(error) {
            each("error_stack", stack);
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        write!(f, "[logID: {}]: {} ", error.id(), humantime::format_rfc3339_nanos(error.created_at()))?;
        write!(f, "{}: {}", error.code(), error.message())?;
        if error.source().is_some() {
            write!(f, ": {}", Causes(error))?;
        }
        write!(f, " (at {}, trace {:016x}, on {}", error.place(), error.trace_hash(), machine())?;
        if let Some(fields) = Fields::of(error) {
            write!(f, ", {fields}")?;
        }
        f.write_str(")")?;
        stack(error).map_or(Ok(()), |stack| write!(f, "\n{stack}"))
    }
}

/// The line that a person is shown: `[<id>] <message>`.
#[derive(Clone, Copy, Debug)]
pub struct PublicLine<'a>(&'a Error);

impl<'a> PublicLine<'a> {
    pub(super) fn new(error: &'a Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for PublicLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.0.id(), self.0.message())
    }
}

/// The chain, outermost first, each cause once, ours under their ids: another process may have logged more of one.
struct Causes<'a>(&'a Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, cause) in self.0.chain().enumerate() {
            if index > 0 {
                f.write_str(": ")?;
            }
            match cause.downcast_ref::<Error>() {
                Some(ours) => write!(f, "{}", ours.public_line())?,
                None => write!(f, "{cause}")?,
            }
        }
        Ok(())
    }
}

/// The facts, in the order they were added, those of wrapped errors after.
struct Fields<'a>(&'a Error);

impl<'a> Fields<'a> {
    /// Those of an error that has any.
    fn of(error: &'a Error) -> Option<Self> {
        let any = error.wrapped().any(|error| error.fields().next().is_some());
        any.then_some(Self(error))
    }
}

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.0.wrapped().flat_map(Error::fields).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{key}={value}")?;
        }
        Ok(())
    }
}

/// The stack where it all began.
fn stack(error: &Error) -> Option<&Backtrace> {
    error.wrapped().filter_map(Error::backtrace).last()
}

/// The machine's name, read once.
fn machine() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME"));
        name.map_or_else(|_| String::from("unknown"), |name| name.trim().to_owned())
    })
}
