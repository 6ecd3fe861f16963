use std::borrow::Cow;

use super::{BoxError, Code, Error};

/// The edge of a module: every error that leaves through it was made for this edge, or is a bug.
///
/// An error that was well made one module further down is *not* well made here: its line speaks of things this module's
/// caller has never heard of. Wrap it again with [`wrap`](Self::wrap); [`check`](Self::check) finds what was forgotten.
///
/// ```
/// use kit_core::{Boundary, Code, Error};
///
/// const JOBS: Boundary = Boundary::new("jobs");
///
/// fn run(id: &str) -> Result<(), Error> {
///     std::fs::metadata("/bad/job/binary")
///         .map_err(|error| JOBS.wrap(Code::Unavailable, format!("cannot run job {id:?}: requisite binaries not available"), error))?;
///     Ok(())
/// }
///
/// let error = JOBS.check(run("1")).unwrap_err();
/// assert_eq!(error.to_string(), r#"cannot run job "1": requisite binaries not available"#);
///
/// // The same failure, passed on raw, is a bug.
/// let raw = JOBS.check(std::fs::metadata("/bad/job/binary").map(|_| ())).unwrap_err();
/// assert!(raw.is_bug());
/// ```
///
/// # Source
/// "Concurrency in Go", chapter 5: an error that leaves a module without that module's type is malformed (CC-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary(&'static str);

impl Boundary {
    /// The edge of the module of this name.
    pub const fn new(module: &'static str) -> Self {
        Self(module)
    }

    /// The module's name.
    pub const fn module(self) -> &'static str {
        self.0
    }

    /// An error that begins in this module.
    #[track_caller]
    pub fn error(self, code: Code, message: impl Into<Cow<'static, str>>) -> Error {
        self.mark(Error::new(code, message))
    }

    /// A lower error, made readable for this module's caller; the cause stays for the log.
    #[track_caller]
    pub fn wrap(self, code: Code, message: impl Into<Cow<'static, str>>, cause: impl Into<BoxError>) -> Error {
        self.mark(Error::new(code, message).with_cause(cause))
    }

    /// Lets out what is well made for this edge and marks anything else as a bug.
    ///
    /// # Errors
    /// The error of `result`: unchanged if this module made it, a bug with the error as its cause if not.
    #[track_caller]
    pub fn check<T>(self, result: Result<T, impl Into<BoxError>>) -> Result<T, Error> {
        // No closure: `#[track_caller]` would not reach into it.
        let cause = match result {
            Ok(value) => return Ok(value),
            Err(cause) => cause.into(),
        };
        match cause.downcast::<Error>() {
            Ok(error) if error.0.boundary == Some(self.0) => Err(*error),
            Ok(error) => Err(self.mark(Error::bug(*error))),
            Err(raw) => Err(self.mark(Error::bug(raw))),
        }
    }

    fn mark(self, mut error: Error) -> Error {
        error.inner().boundary = Some(self.0);
        error
    }
}

/// Wrapping, said on the result.
pub trait ResultExt<T> {
    /// Wraps a raw error: the caller reads `code` and `message`, the log keeps the cause.
    ///
    /// # Errors
    /// The wrapped error.
    fn or_code(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Error>;

    /// Marks a raw error as a bug.
    ///
    /// # Errors
    /// The bug, with the raw error as its cause.
    fn or_bug(self) -> Result<T, Error>;
}

impl<T, E: Into<BoxError>> ResultExt<T> for Result<T, E> {
    #[track_caller]
    fn or_code(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Error> {
        match self {
            Ok(value) => Ok(value),
            Err(cause) => Err(Error::new(code, message).with_cause(cause)),
        }
    }

    #[track_caller]
    fn or_bug(self) -> Result<T, Error> {
        match self {
            Ok(value) => Ok(value),
            Err(cause) => Err(Error::bug(cause)),
        }
    }
}
