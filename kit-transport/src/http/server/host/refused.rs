use std::error::Error as StdError;
use std::fmt;

use kit_core::{Code, Error, Outcome, Retry};

use crate::http::problem::Rejection;

use super::Config;

/// Why the host answered a request itself: it reached no route. In the error's chain, for logs and layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Refused {
    /// 431: the head is larger than [`Config::max_header_bytes`].
    HeadTooLarge = 1,
    /// 431: there are more headers than [`Config::max_headers`].
    TooManyHeaders,
    /// 414: the target is longer than [`Config::max_uri_bytes`].
    UriTooLong,
    /// 400: a target that is no path of a server: a fragment in it, `*` without `OPTIONS`, an authority without `CONNECT`.
    Target,
    /// 400: a line of the head ends in LF without CR.
    BareLineFeed,
    /// 400: no host, where HTTP/1.1 and HTTP/2 demand one.
    HostMissing,
    /// 400: more than one `Host`.
    HostRepeated,
    /// 400: a host that is none.
    HostInvalid,
    /// 400: the target and `Host` name two hosts.
    HostMismatch,
    /// 400: more than one `Content-Length`, even if they agree.
    LengthRepeated,
    /// 400: both `Content-Length` and `Transfer-Encoding`.
    LengthAndCoding,
    /// 400: a `Transfer-Encoding` other than exactly `chunked`.
    Coding,
    /// 400: more than one `Authorization`.
    AuthorizationRepeated,
    /// 503: [`Config::max_in_flight`] calls are in flight.
    Busy,
}

impl Refused {
    /// Every reason, for tables: `ALL[r as usize - 1] == r`.
    pub const ALL: [Refused; 14] = [
        Refused::HeadTooLarge,
        Refused::TooManyHeaders,
        Refused::UriTooLong,
        Refused::Target,
        Refused::BareLineFeed,
        Refused::HostMissing,
        Refused::HostRepeated,
        Refused::HostInvalid,
        Refused::HostMismatch,
        Refused::LengthRepeated,
        Refused::LengthAndCoding,
        Refused::Coding,
        Refused::AuthorizationRepeated,
        Refused::Busy,
    ];

    pub(super) fn of(number: u8) -> Option<Refused> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The problem's `reason`, and what metrics call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Refused::HeadTooLarge => "head_too_large",
            Refused::TooManyHeaders => "too_many_headers",
            Refused::UriTooLong => "uri_too_long",
            Refused::Target => "bad_target",
            Refused::BareLineFeed => "bare_line_feed",
            Refused::HostMissing => "host_missing",
            Refused::HostRepeated => "host_repeated",
            Refused::HostInvalid => "host_invalid",
            Refused::HostMismatch => "host_mismatch",
            Refused::LengthRepeated => "content_length_repeated",
            Refused::LengthAndCoding => "content_length_and_transfer_encoding",
            Refused::Coding => "transfer_encoding",
            Refused::AuthorizationRepeated => "authorization_repeated",
            Refused::Busy => "too_busy",
        }
    }

    /// The answer to such a request.
    pub(super) fn error(self, config: &Config) -> Error {
        let line = match self {
            Refused::HeadTooLarge => {
                format!("the head of the request is larger than {} bytes", config.max_header_bytes).into()
            }
            Refused::TooManyHeaders => format!("there are more than {} headers", config.max_headers).into(),
            Refused::UriTooLong => format!("the target is longer than {} bytes", config.max_uri_bytes).into(),
            Refused::Target => "the target of the request cannot be served".into(),
            Refused::BareLineFeed => "a line ends without a carriage return".into(),
            Refused::HostMissing => "there is no host".into(),
            Refused::HostRepeated => "there is more than one host".into(),
            Refused::HostInvalid => "the host is invalid".into(),
            Refused::HostMismatch => "the target and the host header disagree".into(),
            Refused::LengthRepeated => "there is more than one content length".into(),
            Refused::LengthAndCoding => "there are a content length and a transfer coding".into(),
            Refused::Coding => "the transfer coding must be chunked and nothing else".into(),
            Refused::AuthorizationRepeated => "there is more than one authorization".into(),
            Refused::Busy => std::borrow::Cow::Borrowed("the service is busy"),
        };
        let code = match self {
            Refused::HeadTooLarge | Refused::TooManyHeaders => Code::ResourceExhausted,
            Refused::Busy => Code::Unavailable,
            _ => Code::InvalidArgument,
        };
        let error = Error::boundary(code, self).with_message(line).with_reason(self.as_str());
        match self {
            Refused::Busy => {
                error.with_outcome(Outcome::Rejected).with_retry(Retry::After(std::time::Duration::from_secs(1)))
            }
            _ => error.with_outcome(Outcome::BusinessError).with_retry(Retry::Never),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused by the host: {}", self.as_str())
    }
}

/// By hand: what has a status of its own has the one source that sets it.
impl StdError for Refused {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        static HEADERS: Rejection = Rejection::HeadersTooLarge;
        static URI: Rejection = Rejection::UriTooLong;
        match self {
            Refused::HeadTooLarge | Refused::TooManyHeaders => Some(&HEADERS),
            Refused::UriTooLong => Some(&URI),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem;

    #[test]
    fn every_reason_has_its_number_and_its_status() {
        for refused in Refused::ALL {
            assert_eq!(Refused::of(refused as u8), Some(refused));
            let error = refused.error(&Config::default());
            let status = match refused {
                Refused::HeadTooLarge | Refused::TooManyHeaders => 431,
                Refused::UriTooLong => 414,
                Refused::Busy => 503,
                _ => 400,
            };
            assert_eq!(problem::status(&error).as_u16(), status);
            assert_eq!((error.reason(), error.cause()), (Some(refused.as_str()), Some(&refused)));
        }
        assert_eq!((Refused::of(0), Refused::of(15)), (None, None));
    }
}
