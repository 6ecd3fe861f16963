use std::pin::Pin;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{Method as Verb, Uri, Version};
use hyper::body::Incoming;
use kit_core::Error;
use tokio::time::Instant;

use super::connection::{Connection, Lost};
use super::error::{self, Fate};
use super::pool::Pool;
use super::wire::Reading;
use crate::http::deadline::{self, GRPC_TIMEOUT};
use crate::http::{Body, Request};

/// A request on its way to the head of its answer.
pub(crate) type Sent = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// The head of an answer, and the ends of the connection that it came on.
pub(crate) type Answer = (http::Response<Body>, Arc<kit_core::Connection>);

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
pub(super) fn send(pool: &Arc<Pool>, mut request: Request, idempotent: bool, deadline: Instant) -> Sent {
    let pool = Arc::clone(pool);
    Box::pin(async move {
        let mut fresh = false;
        for sends in 1.. {
            let connection = pool.connection(fresh, deadline).await?;
            // Kept where it may be needed: hyper takes the request and gives back only what it has not begun.
            let again = sends < MAX_SENDS && (connection.reused || pool.config().http2_only);
            let spare = if again { Spare::of(&request) } else { None };
            let mut trip = Trip::begin(&pool, connection, deadline);
            let lost = match trip.connection().send(request).await {
                Ok(response) => return Ok(trip.arrived(response)),
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
            let again = || unbegun.or_else(|| Some(spare?.request(deadline)));
            request = match (allowed && sends < MAX_SENDS).then(again).flatten() {
                Some(request) => request,
                None => return Err(error::unanswered(error, fate, pool.address())),
            };
            fresh = true;
        }
        unreachable!("the last send ends the call");
    })
}

/// A request on a connection, until its answer begins.
struct Trip<'a> {
    pool: &'a Arc<Pool>,
    connection: Option<Connection>,
    before: Reading,
    deadline: Instant,
}

impl<'a> Trip<'a> {
    fn begin(pool: &'a Arc<Pool>, connection: Connection, deadline: Instant) -> Self {
        Self { pool, before: connection.reading(), connection: Some(connection), deadline }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a trip that is under way has its connection")
    }

    fn arrived(mut self, response: http::Response<Incoming>) -> Answer {
        let connection = self.connection.take().expect("a trip that is under way has its connection");
        let ends = connection.ends();
        (response.map(|body| self.pool.answered(connection, body)), ends)
    }

    /// Whether the connection had been used before.
    fn lost(mut self, fate: Fate) -> bool {
        let Some(connection) = self.connection.take() else { return false };
        if !matches!(fate, Fate::Refused | Fate::Reset | Fate::Upload) {
            self.pool.retire(&connection);
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
            self.pool.retire(&connection);
        }
    }
}

/// What a request is made of, to make it once more. Lighter than a request: hardly any is needed.
struct Spare {
    verb: Verb,
    uri: Uri,
    version: Version,
    /// Without the time that is left, which is less then.
    headers: Vec<(HeaderName, HeaderValue)>,
    has_deadline: bool,
    body: Body,
}

impl Spare {
    /// None if its body cannot be sent once more.
    fn of(request: &Request) -> Option<Self> {
        let body = request.body().copy()?;
        let mut headers = Vec::with_capacity(request.headers().len());
        let lasting = request.headers().iter().filter(|(name, _)| *name != GRPC_TIMEOUT);
        headers.extend(lasting.map(|(name, value)| (name.clone(), value.clone())));
        Some(Self {
            verb: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            has_deadline: headers.len() < request.headers().len(),
            headers,
            body,
        })
    }

    fn request(self, deadline: Instant) -> Request {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.verb;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        request.headers_mut().extend(self.headers);
        if self.has_deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            request.headers_mut().insert(GRPC_TIMEOUT, deadline::write(left));
        }
        request
    }
}
