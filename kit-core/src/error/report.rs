use std::error::Error as _;
use std::fmt;
use std::sync::OnceLock;

use super::Error;

/// Everything an error knows, for the log alone.
///
/// [`pairs`](Self::pairs) feeds a key-value log; `Display` is one line that begins `[logID: <id>]: ` and the UTC time of
/// creation, then the stack below it if one was taken.
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
        if error.fields().next().is_some() {
            each("error_fields", &Fields(error));
        }
        if let Some(stack) = error.backtrace() {
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
        if error.fields().next().is_some() {
            write!(f, ", {}", Fields(error))?;
        }
        f.write_str(")")?;
        error.backtrace().map_or(Ok(()), |stack| write!(f, "\n{stack}"))
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

/// The chain, outermost first, each cause once.
struct Causes<'a>(&'a Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, cause) in self.0.chain().enumerate() {
            if index > 0 {
                f.write_str(": ")?;
            }
            write!(f, "{cause}")?;
        }
        Ok(())
    }
}

/// The facts, in the order they were added.
struct Fields<'a>(&'a Error);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.0.fields().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{key}={value}")?;
        }
        Ok(())
    }
}

/// The machine's name, read once.
fn machine() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME"));
        name.map_or_else(|_| String::from("unknown"), |name| name.trim().to_owned())
    })
}
