use http::header::ToStrError;
use kit_core::{BoxError, Code, Context, Error};

use super::FromRequest;
use crate::http::Request;

/// A header of a request is missing or does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It is not there.
    #[error("the header {name} is missing")]
    Missing {
        /// The header.
        name: String,
    },
    /// It is there more than once, and who asks wants one value.
    #[error("the header {name} is there more than once")]
    Repeated {
        /// The header.
        name: String,
    },
    /// Its value is not visible ASCII.
    #[error("the header {name} is not text")]
    NotText {
        /// The header.
        name: String,
        /// Why not.
        source: ToStrError,
    },
    /// Its value was refused by the type it is read into.
    #[error("the header {name} does not fit")]
    Mismatch {
        /// The header.
        name: String,
        /// What the type said. It stays in the log: nobody has made it fit for strangers.
        source: BoxError,
    },
}

impl HeaderError {
    fn reason(&self) -> &'static str {
        match self {
            HeaderError::Missing { .. } => "header_missing",
            HeaderError::Repeated { .. } => "header_repeated",
            HeaderError::NotText { .. } => "header_not_text",
            HeaderError::Mismatch { .. } => "header_mismatch",
        }
    }
}

fn refused(error: HeaderError) -> Error {
    let (message, reason) = (error.to_string(), error.reason());
    Error::boundary(Code::InvalidArgument, error).with_message(message).with_reason(reason)
}

/// The value of a header that a request has once or not at all. For one that may have several values read
/// `cx.inbound().headers()`.
///
/// # Errors
/// 400 with a [`HeaderError`] if it is there more than once, or is not visible ASCII.
pub fn header<'a>(cx: &'a Context, name: &str) -> Result<Option<&'a str>, Error> {
    let mut values = cx.inbound().headers().get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused(HeaderError::Repeated { name: name.to_owned() }));
    }
    value.to_str().map(Some).map_err(|source| refused(HeaderError::NotText { name: name.to_owned(), source }))
}

/// The value of a header that a request must have.
///
/// # Errors
/// As [`header`], and 400 if it is missing.
pub fn required_header<'a>(cx: &'a Context, name: &str) -> Result<&'a str, Error> {
    header(cx, name)?.ok_or_else(|| refused(HeaderError::Missing { name: name.to_owned() }))
}

/// A type that is read from one header.
pub trait FromHeader: Sized + Send {
    /// The header's name.
    const NAME: &'static str;

    /// The value of the header's text.
    ///
    /// # Errors
    /// Whatever is wrong with it; it stays in the log.
    fn from_header(text: &str) -> Result<Self, BoxError>;
}

/// The header of the type `T`; `Option<Header<T>>` if it may be missing.
///
/// ```
/// use kit_core::BoxError;
/// use kit_transport::http::server::extract::{FromHeader, Header, extract};
///
/// struct IfMatch(u64);
///
/// impl FromHeader for IfMatch {
///     const NAME: &'static str = "if-match";
///
///     fn from_header(text: &str) -> Result<Self, BoxError> {
///         Ok(IfMatch(text.trim_matches('"').parse()?))
///     }
/// }
///
/// let version = extract(|Header(IfMatch(version)): Header<IfMatch>| Ok(version));
/// let perhaps = extract(|version: Option<Header<IfMatch>>| Ok(version.map(|Header(IfMatch(version))| version)));
/// ```
///
/// # Errors
/// 400 with a [`HeaderError`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header<T>(pub T);

impl<T: FromHeader> Header<T> {
    fn read(text: &str) -> Result<Self, Error> {
        T::from_header(text)
            .map(Header)
            .map_err(|source| refused(HeaderError::Mismatch { name: T::NAME.to_owned(), source }))
    }
}

impl<T: FromHeader> FromRequest for Header<T> {
    async fn from_request(cx: &mut Context, _request: &mut Request) -> Result<Self, Error> {
        Self::read(required_header(cx, T::NAME)?)
    }
}

impl<T: FromHeader> FromRequest for Option<Header<T>> {
    async fn from_request(cx: &mut Context, _request: &mut Request) -> Result<Self, Error> {
        header(cx, T::NAME)?.map(Header::read).transpose()
    }
}
