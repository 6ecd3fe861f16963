//! What travels with a call: its time, its identity, what came with it and what goes back.
//!
//! A context goes into every endpoint as `&mut` and comes out again. What an inner layer adds (metadata, outcome, extensions,
//! a stream's mark) is there for the outer one. Deadline, cancellation and method are different: they are *scoped*
//! ([`Context::scope`]) and the caller's come back when the scope ends, whatever ended it. What an abandoned call wrote
//! besides is unspecified.
//!
//! Calls made side by side each need a context of their own:
//!
//! ```
//! # use kit_core::{Context, Endpoint, Error};
//! # async fn both(a: &impl Endpoint<u32, Response = u32>, b: &impl Endpoint<u32, Response = u32>, cx: &mut Context) -> Result<u32, Error> {
//! let (mut one, mut two) = (cx.fork(), cx.fork());
//! let (x, y) = tokio::join!(a.call(&mut one, 1), b.call(&mut two, 2));
//! # Ok(x? + y?) }
//! ```

mod attempt;
mod attempts;
mod cancel;
mod connection;
mod extensions;
mod fork;
mod scope;
mod sizes;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub use attempt::Attempt;
pub use attempts::Attempts;
pub use cancel::Cancel;
pub use connection::Connection;
pub use extensions::Extensions;
pub use scope::Scope;
pub use sizes::Sizes;

use crate::error::Error;
use crate::metadata::Metadata;
use crate::method::Method;
use crate::outcome::Outcome;
use crate::request_id::RequestId;
use crate::span::SpanContext;
use crate::stream::StreamEnd;

/// One call's context. Made without an allocation; what is rare is allocated when it is first used.
///
/// # Time
/// [`now`](Self::now) is the last reading of the clock; layers read it instead of the clock. Whatever has waited stamps it
/// anew ([`stamp`](Self::stamp)), and so does a fork. A layer that measures takes [`begin`](Self::begin) before its inner
/// call and [`end`](Self::end) after: however many layers measure, a call that never waits reads the clock twice.
#[derive(Debug)]
pub struct Context {
    arrived: Instant,
    now: Instant,
    deadline: Option<Instant>,
    method: Option<&'static Method>,
    request_id: Option<RequestId>,
    inbound: Inbound,
    outbound: Option<Arc<Metadata>>,
    extensions: Extensions,
    cancel: Option<Cancel>,
    stream: Option<StreamEnd>,
    attempts: Attempts,
    connection: Option<Arc<Connection>>,
    clock_reads: u32,
    sizes: Sizes,
    outcome: Option<Outcome>,
    fallback: Option<Outcome>,
    ended: bool,
}

/// A header map is moved in from the request as it is; only a fork makes it shared.
#[derive(Debug, Default)]
enum Inbound {
    #[default]
    None,
    Own(Metadata),
    Shared(Arc<Metadata>),
}

impl From<Option<Arc<Metadata>>> for Inbound {
    fn from(shared: Option<Arc<Metadata>>) -> Self {
        shared.map_or(Self::None, Self::Shared)
    }
}

impl Context {
    /// A call that begins now: no deadline, no method, nothing that came with it.
    pub fn new() -> Self {
        let mut cx = Self::at(Instant::now());
        cx.clock_reads = 1;
        cx
    }

    /// A call that began at `now`, which the caller has read from the clock already.
    pub fn at(now: Instant) -> Self {
        Self {
            arrived: now,
            now,
            deadline: None,
            method: None,
            request_id: None,
            inbound: Inbound::None,
            outbound: None,
            extensions: Extensions::default(),
            cancel: None,
            stream: None,
            attempts: Attempts::default(),
            connection: None,
            clock_reads: 0,
            sizes: Sizes::default(),
            outcome: None,
            fallback: None,
            ended: false,
        }
    }

    /// The same context with a deadline: for who owns it, as the edge of a server does. Inside a call, open a
    /// [`scope`](Self::scope).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// When the call arrived here.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// The last reading of the clock.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Reads the clock. For whoever has waited: every layer after it reads [`now`](Self::now).
    pub fn stamp(&mut self) -> Instant {
        self.clock_reads += 1;
        self.ended = false;
        self.now = Instant::now();
        self.now
    }

    /// The start of a measurement: [`now`](Self::now). Of a context that is used again, what a [fallback](Self::fallback) answered
    /// before is forgotten.
    pub fn begin(&mut self) -> Instant {
        self.ended = false;
        self.fallback = None;
        self.now
    }

    /// The end of a measurement: reads the clock once for all layers whose inner call has just ended.
    pub fn end(&mut self) -> Instant {
        if !self.ended {
            self.stamp();
            self.ended = true;
        }
        self.now
    }

    /// How often this context has read the clock.
    pub fn clock_reads(&self) -> u32 {
        self.clock_reads
    }

    /// When the call's time is up. To shorten it, open a [`scope`](Self::scope).
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is left of the call's time, as of [`now`](Self::now); zero when it is up, `None` without a deadline.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(self.now))
    }

    /// The call's cancellation for work that outlives its future: spawned tasks, blocking loops, producers of a stream.
    pub fn cancel_token(&mut self) -> Cancel {
        self.cancel.get_or_insert_with(|| Cancel::new(self.deadline)).clone()
    }

    /// The call has come to its own end: nobody will be told to stop. What a stream still needs goes with the stream.
    ///
    /// For who owns a context: the edge of a server, a test, a fork that is not merged. A context that is dropped without
    /// it counts as abandoned.
    pub fn finish(mut self) {
        self.release();
    }

    /// What is being called.
    pub fn method(&self) -> Option<&'static Method> {
        self.method
    }

    /// Names what is being called, until the scope ends.
    pub fn set_method(&mut self, method: &'static Method) {
        self.method = Some(method);
    }

    /// The request's name, the same on every hop.
    pub fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    /// Names the request.
    pub fn set_request_id(&mut self, id: RequestId) {
        self.request_id = Some(id);
    }

    /// What came in: from the caller in a server, from the callee in a client once its answer is here.
    pub fn inbound(&self) -> &Metadata {
        static NOTHING: std::sync::LazyLock<Metadata> = std::sync::LazyLock::new(Metadata::default);
        match &self.inbound {
            Inbound::None => &NOTHING,
            Inbound::Own(metadata) => metadata,
            Inbound::Shared(metadata) => metadata,
        }
    }

    /// Sets what came in: a transport does.
    pub fn set_inbound(&mut self, metadata: Metadata) {
        self.inbound = Inbound::Own(metadata);
    }

    /// Moves what came in out, for a border that hands it on in another shape. A fork's share is copied.
    pub fn take_inbound(&mut self) -> Metadata {
        match std::mem::take(&mut self.inbound) {
            Inbound::None => Metadata::default(),
            Inbound::Own(metadata) => metadata,
            Inbound::Shared(metadata) => Arc::unwrap_or_clone(metadata),
        }
    }

    /// What goes out beside the message: to the caller in a server, to the callee in a client.
    pub fn outbound(&self) -> Option<&Metadata> {
        self.outbound.as_deref()
    }

    /// What goes out, to be added to.
    pub fn outbound_mut(&mut self) -> &mut Metadata {
        Arc::make_mut(self.outbound.get_or_insert_default())
    }

    /// Moves what goes out into the transport that sends it.
    pub fn take_outbound(&mut self) -> Option<Metadata> {
        self.outbound.take().map(Arc::unwrap_or_clone)
    }

    /// The span this call runs in, if something traces it.
    pub fn span(&self) -> Option<&SpanContext> {
        self.extensions.get()
    }

    /// Says which span this call runs in: whatever traces does, outside what logs.
    pub fn set_span(&mut self, span: SpanContext) {
        self.extensions.insert(span);
    }

    /// What layers and handlers left for one another.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// What layers and handlers leave for one another.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// Which try this is, and who was tried before.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Which try this is: retry and hedge set it.
    pub fn attempts_mut(&mut self) -> &mut Attempts {
        &mut self.attempts
    }

    /// Whether somebody repeats this call already: it is an attempt after the first, or is made for one, in this process or
    /// in one whose message [said so](Attempts::PREVIOUS). What else would repeat it leaves that alone, or a chain of
    /// services would multiply its repeats. A stranger who says so gets fewer attempts at its own call, and nothing else.
    pub fn is_repeat(&self) -> bool {
        let said = || self.inbound().get(Attempts::PREVIOUS).is_some_and(|before| before != "0");
        self.attempts.is_repeat() || (!matches!(self.inbound, Inbound::None) && said())
    }

    /// The connection the request came in on; in a client's call, the one it went out on, once there is an answer.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_deref()
    }

    /// Who is at the other end of it.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.connection.as_ref()?.peer
    }

    /// Sets the connection: a transport does.
    pub fn set_connection(&mut self, connection: Arc<Connection>) {
        self.connection = Some(connection);
    }

    /// How large its messages are, as far as they are known.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// How large its messages are: bindings count the bytes of the wire here.
    pub fn sizes_mut(&mut self) -> &mut Sizes {
        &mut self.sizes
    }

    /// Says how the call ended where the result does not: a binding whose answer has status 500 does.
    pub fn set_outcome(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    /// What was said of the end so far.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// How the call ended: what was said with [`set_outcome`](Self::set_outcome), else what the result says.
    ///
    /// An error always speaks for itself: a word about an earlier try must not hide it.
    pub fn outcome_of<T>(&self, result: &Result<T, Error>) -> Outcome {
        match result {
            Ok(_) => self.outcome.unwrap_or(Outcome::Success),
            Err(error) => error.outcome(),
        }
    }

    /// Says that the answer stands in the place of that of a call which ended so: a fallback does. Logs, metrics and traces read it.
    pub fn set_fallback(&mut self, instead_of: Outcome) {
        self.fallback = Some(instead_of);
    }

    /// How the call itself had ended, if a fallback answered it. A fork has no such mark, and a [merge](Self::merge) brings the
    /// winner's; a child never has its parent's, nor a parent its child's.
    pub fn fallback(&self) -> Option<Outcome> {
        self.fallback
    }

    /// The stream that the call answered with, if it did: what must last to its end is attached here.
    pub fn stream(&self) -> Option<&StreamEnd> {
        self.stream.as_ref()
    }

    /// Announces a stream: [`Streaming`](crate::Streaming) does, and a binding for a body that it tracks.
    pub fn announce(&mut self, end: StreamEnd) {
        self.stream = Some(end);
    }

    #[inline]
    fn release(&mut self) {
        if let Some(own) = self.cancel.take() {
            self.release_token(own);
        }
    }

    #[cold]
    fn release_token(&self, own: Cancel) {
        match &self.stream {
            Some(end) => end.keep(own),
            None => own.finish(),
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

/// Abandoned, unless it was finished: its token is told. A stream it announced goes on with the token.
impl Drop for Context {
    fn drop(&mut self) {
        match &self.stream {
            Some(_) => self.release(),
            None => {
                if let Some(own) = self.cancel.take() {
                    own.cancel();
                }
            }
        }
    }
}
