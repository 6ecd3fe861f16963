use std::pin::Pin;
use std::sync::Arc;

use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{Uri, Version};
use kit_core::Error;
use tokio::time::Instant;

use super::connection::{Connection, Lost};
use super::error::{self, Fate};
use super::hosts::Hosts;
use super::wire::Reading;
use crate::http::{Body, Request};

/// A request on its way to the head of its answer.
pub(super) type Sent = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// The head of an answer, and the ends of the connection that it came on.
pub(super) type Answer = (http::Response<Body>, Arc<kit_core::Connection>);

/// How often a request is sent at most. A connection that had gone stale, then a fresh one whose server is about to stop, then
/// another: what still fails then has another reason.
const MAX_SENDS: u32 = 3;

/// Sends a request, again only if that runs nothing twice that may not run twice:
///
/// - no byte of it had left: the connection was closed before;
/// - the server said that it did nothing with it, by GOAWAY or REFUSED_STREAM;
/// - it may run twice, and was lost on a connection that had been used before.
///
/// All else is for a retry that has a budget.
///
/// # Source
/// RFC 9110, 9.2.2 and RFC 9112, 9.3.1 on idempotent requests and closed connections; gRFC A6, transparent retries; Go's
/// `net/http`, `persistConn.shouldRetryRequest`.
pub(super) fn send(hosts: &Arc<Hosts>, mut request: Request, idempotent: bool, deadline: Instant) -> Sent {
    let hosts = Arc::clone(hosts);
    let host = request.uri().authority().cloned().expect("a target's URI has an authority");
    if !hosts.config().http2_only {
        origin_form(&mut request, &host);
    }
    Box::pin(async move {
        let mut fresh = false;
        for sends in 1.. {
            let connection = hosts.connection(&host, fresh).await?;
            // Kept where it may be needed: hyper takes the request and gives back only what it has not begun.
            let again = sends < MAX_SENDS && (connection.reused || hosts.config().http2_only);
            let copy = if again { copy(&request) } else { None };
            let mut trip = Trip::begin(&hosts, &host, connection, deadline);
            let lost = match trip.connection().send(request).await {
                Ok(response) => {
                    let ends = trip.connection().ends();
                    trip.arrived();
                    return Ok((response, ends));
                }
                Err(lost) => lost,
            };
            let fate = Fate::of(&lost.error, lost.unsent);
            let reused = trip.lost(fate);
            let allowed = match fate {
                Fate::Unsent | Fate::Refused | Fate::GoneAway => true,
                Fate::Lost => reused && idempotent,
                Fate::Upload | Fate::Reset | Fate::Malformed => false,
            };
            let Lost { error, request: unbegun, .. } = lost;
            request = match unbegun.or(copy).filter(|_| allowed && sends < MAX_SENDS) {
                Some(request) => request,
                None => return Err(error::unanswered(error, fate, &host)),
            };
            fresh = true;
        }
        unreachable!("the last send ends the call");
    })
}

/// A request on a connection, until its answer begins.
struct Trip<'a> {
    hosts: &'a Arc<Hosts>,
    host: &'a Authority,
    connection: Option<Connection>,
    before: Reading,
    deadline: Instant,
}

impl<'a> Trip<'a> {
    fn begin(hosts: &'a Arc<Hosts>, host: &'a Authority, connection: Connection, deadline: Instant) -> Self {
        Self { hosts, host, before: connection.reading(), connection: Some(connection), deadline }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a trip that is under way has its connection")
    }

    fn arrived(mut self) {
        if let Some(connection) = self.connection.take() {
            self.hosts.give_back(self.host, connection);
        }
    }

    /// Whether the connection had been used before.
    fn lost(mut self, fate: Fate) -> bool {
        let Some(connection) = self.connection.take() else { return false };
        if !matches!(fate, Fate::Refused | Fate::Reset | Fate::Upload) {
            self.hosts.retire(self.host, &connection);
        }
        connection.reused
    }
}

/// A call that was given up at its deadline while its peer said nothing at all, to nobody: the peer may have vanished, and the next
/// call has another connection. Calls that are on this one go on; what ends it then are its pings.
impl Drop for Trip<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.reading().reads == self.before.reads && Instant::now() >= self.deadline {
            self.hosts.retire(self.host, &connection);
        }
    }
}

/// The request once more, if its body can be sent once more.
fn copy(request: &Request) -> Option<Request> {
    let mut copy = Request::new(request.body().copy()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    Some(copy)
}

/// Writes a request as HTTP/1.1 has it: the path alone, the host as a header.
fn origin_form(request: &mut Request, host: &Authority) {
    if !request.headers().contains_key(HOST) {
        let named = if host.port_u16() == Some(80) { host.host() } else { host.as_str() };
        let value = HeaderValue::from_str(named).expect("a host is made of what a header may have");
        request.headers_mut().insert(HOST, value);
    }
    let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    *request.version_mut() = Version::HTTP_11;
}
