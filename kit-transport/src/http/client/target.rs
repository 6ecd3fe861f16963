use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, InvalidUri, Scheme};
use kit_core::Error;

/// Where calls go: a scheme, a host, and perhaps a path that all of them begin with. Parsed and checked once; cheap to clone.
///
/// ```
/// use kit_transport::http::client::Target;
///
/// let target: Target = "http://127.0.0.1:8080/strings".parse()?;
/// assert_eq!(target.to_string(), "http://127.0.0.1:8080/strings");
/// # Ok::<(), kit_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Target {
    authority: Authority,
    /// Empty, or `/a/b`: it has no slash at its end.
    prefix: Arc<str>,
}

impl Target {
    /// The target of a base URI such as `http://127.0.0.1:8080/prefix`.
    ///
    /// # Errors
    /// `InvalidArgument`, with a line that says what is wrong: no scheme, another scheme than `http` (TLS arrives with a later
    /// release), no host, a user name, a query.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // What stands before an `@` is a secret as often as not.
        let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
        let refused = |problem: &str| {
            Error::invalid_argument(format!("the target {shown:?} {problem}")).with_reason("bad_target")
        };
        let uri: Uri = text.parse().map_err(|error: InvalidUri| refused("is no URI").with_cause(error))?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err(refused("asks for TLS, which this client does not speak yet: use http"));
            }
            Some(_) => return Err(refused("has another scheme than http")),
            None => return Err(refused("has no scheme: write http://host:port")),
        }
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or_else(|| refused("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("has a user name, which belongs into a header"));
        }
        if authority.as_str().ends_with(':') || authority.port().is_some_and(|port| port.as_str() == "0") {
            return Err(refused("has no port that can be called"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(refused("has a query or a fragment, which belongs to a call"));
        }
        Ok(Self { authority: authority.clone(), prefix: uri.path().trim_end_matches('/').into() })
    }

    /// Host and port, as they were written.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    pub(super) fn host(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use kit_core::Code;

    use super::*;

    #[test]
    fn what_cannot_be_called_is_refused_with_the_reason() {
        for (text, told) in [
            ("", "is no URI"),
            ("http://a b", "is no URI"),
            ("/strings", "has no scheme"),
            ("127.0.0.1:8080", "has no scheme"),
            ("localhost", "has no scheme"),
            ("https://h", "asks for TLS, which this client does not speak yet"),
            ("ftp://h", "has another scheme than http"),
            ("http://user:secret@h", "has a user name"),
            ("http://h:0", "has no port that can be called"),
            ("http://h:", "has no port that can be called"),
            ("http://h/?a=1", "has a query or a fragment"),
            ("http://h/#top", "has a query or a fragment"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("bad_target")));
            assert!(error.message().contains(told), "{text}: {}", error.message());
            assert!(!error.message().contains("secret"));
        }
    }
}
