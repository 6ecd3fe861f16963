use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Uri, Version};

use super::pool::Pool;
use super::{Config, Target};
use crate::http::Request;

/// The connections to one instance: made by [`Channels`](super::Channels), used by the bindings of [`post`](super::post) and its
/// siblings and of [`raw`](super::raw).
///
/// Dropped, it closes the connections that nobody uses; calls in flight go on. [Closed](kit_core::Channel::close), it cuts them all.
pub struct Channel {
    pool: Arc<Pool>,
    /// Whom the callee is told that it is.
    authority: Authority,
    /// The same as a header, which HTTP/1.1 sends.
    host: HeaderValue,
    /// What every path begins with: empty, or `/a/b`.
    prefix: Arc<str>,
}

/// What the callee is told of where it is, the same for all channels of a factory.
#[derive(Clone)]
pub(super) struct Face {
    pub(super) prefix: Arc<str>,
    /// None: its address.
    pub(super) authority: Option<Authority>,
}

impl Channel {
    pub(super) fn new(pool: Arc<Pool>, face: &Face) -> Self {
        let authority = face.authority.as_ref().unwrap_or_else(|| pool.address()).clone();
        let named = if authority.port_u16() == Some(80) { authority.host() } else { authority.as_str() };
        // From bytes that are shared, so that no request copies them.
        let host = Bytes::copy_from_slice(named.as_bytes());
        let host = HeaderValue::from_maybe_shared(host).expect("a host is made of what a header may have");
        Self { pool, authority, host, prefix: Arc::clone(&face.prefix) }
    }

    /// The channel to a target, over its client's pool.
    pub(super) fn to(target: &Target, pool: Arc<Pool>) -> Self {
        Self::new(pool, &Face { prefix: Arc::clone(target.prefix()), authority: None })
    }

    /// The instance's address, as it was written.
    pub fn address(&self) -> &str {
        self.pool.address().as_str()
    }

    /// How many connections are open, or being opened.
    pub fn connections(&self) -> usize {
        self.pool.connections()
    }

    /// How many calls wait for a connection.
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// Whether it was closed, so that it refuses every call.
    pub fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    pub(super) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    pub(crate) fn config(&self) -> &Config {
        self.pool.config()
    }

    /// Where it leads, for errors and the log.
    pub(crate) fn target(&self) -> &Authority {
        self.pool.address()
    }

    pub(crate) fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }

    /// Writes where a request goes, all of it: what hooks see, and what HTTP/2 sends.
    pub(super) fn address_whole(&self, request: &mut Request, path: PathAndQuery) {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        *request.uri_mut() = Uri::from_parts(parts).expect("a URI with scheme, authority and path is whole");
    }

    /// Writes it as it is sent: HTTP/1.1 has the path alone, and the host as a header.
    pub(crate) fn address_for_wire(&self, request: &mut Request, path: PathAndQuery) {
        if self.config().http2_only {
            return self.address_whole(request, path);
        }
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        *request.uri_mut() = Uri::from(path);
        *request.version_mut() = Version::HTTP_11;
    }
}

/// Calls in flight end in an error that says that they may have run, or that they may be made again; calls that wait, and every
/// later one, in [`NoConnection::Closed`](super::NoConnection::Closed). It returns when the sockets are closed, or after a second;
/// dropped before, it has closed them all the same. Closing twice does nothing more.
impl kit_core::Channel for Channel {
    async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({}{})", self.pool.address(), self.prefix)
    }
}
