use bytes::Bytes;
use http::StatusCode;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use kit_core::{Error, Streaming};

use super::ReplyError;
use super::location::is_reference;
use crate::codec;
use crate::http::{Body, Response};

/// A response in the making: a status, headers, and an end that gives it its body.
///
/// The first thing that HTTP cannot express stays and comes out at the end, so that a chain reads without question marks.
///
/// ```
/// use kit_transport::codec::Json;
/// use kit_transport::http::server::reply::Reply;
///
/// let response = Reply::ok().header("link", "</a>; rel=prev").header("link", "</c>; rel=next").value(&Json, &["b"])?;
/// assert_eq!(response.headers().get_all("link").iter().count(), 2);
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Errors
/// Every end answers a bug with the cause [`ReplyError`]; [`value`](Self::value) also one of its codec.
#[derive(Debug)]
#[must_use = "an end makes a response of it: value, bytes, text, stream, empty"]
pub struct Reply(Result<Response, Error>);

/// What the server says of a message's end and of the connection; a second word on it would let two readers disagree.
const SERVER_HEADERS: [HeaderName; 6] = [CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

impl Reply {
    /// A response of this status.
    #[track_caller]
    pub fn new(status: StatusCode) -> Self {
        if status.is_informational() {
            return Self(Err(Error::bug(ReplyError::NotLast { status })));
        }
        let mut response = Response::default();
        *response.status_mut() = status;
        Self(Ok(response))
    }

    /// 200.
    pub fn ok() -> Self {
        Self(Ok(Response::default()))
    }

    /// 201: what was made is at `location`, a URI or a path. Text in it is [`escaped`](super::escaped).
    #[track_caller]
    pub fn created(location: &str) -> Self {
        Self::new(StatusCode::CREATED).location(location)
    }

    /// 204: done, and nothing to say of it.
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT)
    }

    /// Go to `location`, with a status that says how: 303 after a change, 307 and 308 with the same method, 301 and 302 for old
    /// clients.
    ///
    /// Do not send a caller to where a caller said without a look at it.
    #[track_caller]
    pub fn redirect(status: StatusCode, location: &str) -> Self {
        match status.as_u16() {
            301 | 302 | 303 | 307 | 308 => Self::new(status).location(location),
            _ => Self(Err(Error::bug(ReplyError::NoRedirection { status }))),
        }
    }

    /// Adds a header; one that is there already gets one more value. The content type is set by the end.
    #[track_caller]
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let Ok(name) = name.try_into() else { return self.fail(ReplyError::HeaderName) };
        if SERVER_HEADERS.contains(&name) {
            return self.fail(ReplyError::ServerHeader { name: name.to_string() });
        }
        match value.try_into() {
            Ok(value) => self.append(name, value),
            Err(_) => self.fail(ReplyError::HeaderValue { name: name.to_string() }),
        }
    }

    /// The end: a body of `value` by this codec, of its content type.
    #[track_caller]
    pub fn value<C, T>(self, codec: &C, value: &T) -> Result<Response, Error>
    where
        C: codec::Encode<T>,
        T: ?Sized,
    {
        let response = self.0?;
        let body = codec.encode(value)?;
        end(response, Ok(HeaderValue::from_static(codec.content_type())), body.into())
    }

    /// The end: these bytes, of this content type.
    #[track_caller]
    pub fn bytes<V>(self, content_type: V, bytes: impl Into<Bytes>) -> Result<Response, Error>
    where
        V: TryInto<HeaderValue>,
    {
        end(self.0?, content_type.try_into().map_err(drop), bytes.into().into())
    }

    /// The end: a text, `text/plain` in UTF-8.
    #[track_caller]
    pub fn text(self, text: impl Into<String>) -> Result<Response, Error> {
        end(self.0?, Ok(HeaderValue::from_static("text/plain; charset=utf-8")), text.into().into())
    }

    /// The end: the chunks of a stream as they come, of this content type. An error in the stream breaks the body off, so
    /// that its reader never takes it for a whole one.
    #[track_caller]
    pub fn stream<V>(self, content_type: V, chunks: Streaming<Bytes>) -> Result<Response, Error>
    where
        V: TryInto<HeaderValue>,
    {
        end(self.0?, content_type.try_into().map_err(drop), Body::stream(chunks))
    }

    /// The end: no body, and no content type.
    pub fn empty(self) -> Result<Response, Error> {
        self.0
    }

    #[track_caller]
    fn location(self, location: &str) -> Self {
        match HeaderValue::from_str(location) {
            Ok(value) if is_reference(location) => self.append(LOCATION, value),
            _ => self.fail(ReplyError::Location { location: location.to_owned() }),
        }
    }

    #[track_caller]
    fn fail(self, error: ReplyError) -> Self {
        match self.0 {
            Ok(_) => Self(Err(Error::bug(error))),
            Err(first) => Self(Err(first)),
        }
    }

    fn append(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let Ok(response) = &mut self.0 {
            response.headers_mut().append(name, value);
        }
        self
    }
}

#[track_caller]
fn end(mut response: Response, content_type: Result<HeaderValue, ()>, body: Body) -> Result<Response, Error> {
    let status = response.status();
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) {
        return Err(Error::bug(ReplyError::Body { status }));
    }
    let Ok(content_type) = content_type else {
        return Err(Error::bug(ReplyError::HeaderValue { name: CONTENT_TYPE.to_string() }));
    };
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    *response.body_mut() = body;
    Ok(response)
}
