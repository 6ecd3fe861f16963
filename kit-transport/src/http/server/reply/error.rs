use http::StatusCode;

/// A response that HTTP cannot express: a bug of the service that wanted it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A header's name that is no token.
    #[error("the name of a header is no token")]
    HeaderName,
    /// A header's value with a control character, such as a line break.
    #[error("the value of the header {name} has a control character")]
    HeaderValue {
        /// The header.
        name: String,
    },
    /// A header that says where the message ends, or is about the connection: the server writes it.
    #[error("the header {name} belongs to the server")]
    ServerHeader {
        /// The header.
        name: String,
    },
    /// A `Location` that is no URI reference.
    #[error("the location {location:?} is no URI reference")]
    Location {
        /// As it was given.
        location: String,
    },
    /// A redirection with a status that redirects nobody.
    #[error("the status {status} is no redirection")]
    NoRedirection {
        /// As it was given.
        status: StatusCode,
    },
    /// A status that announces another response (1xx).
    #[error("the status {status} is not that of a last response")]
    NotLast {
        /// As it was given.
        status: StatusCode,
    },
    /// A body with a status that has none.
    #[error("a response of status {status} has no body")]
    Body {
        /// As it was given.
        status: StatusCode,
    },
}
