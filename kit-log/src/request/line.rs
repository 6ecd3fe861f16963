use std::borrow::Borrow;
use std::net::SocketAddr;

use kit_core::{Context, Error, Method, Outcome, RequestId, Sizes, SpanContext};
use slog::{KV, Key, Record, Serializer};
use tokio::time::Instant;

use super::Reported;
use super::short::Short;
use crate::level::Level;
use crate::logger::Logger;

/// Which end of the wire.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Server,
    Client,
}

impl Side {
    fn as_str(self) -> &'static str {
        match self {
            Side::Server => "server",
            Side::Client => "client",
        }
    }
}

/// A line that will be written once: at the end of its call, or from a drop if there is none.
pub(super) struct Line<L: Borrow<Logger>> {
    /// `None` once it is written.
    log: Option<L>,
    side: Side,
    method: Option<&'static Method>,
    request_id: Option<RequestId>,
    span: Option<SpanContext>,
    /// A server knows it before, a client after.
    peer: Option<SocketAddr>,
    /// How often the call was made; 1 unless something retries.
    attempts: u32,
    /// How the call itself had ended, if a fallback answered.
    fallback: Option<Outcome>,
    sizes: Sizes,
    start: Instant,
}

impl<'a> Line<&'a Logger> {
    pub(super) fn begin(log: &'a Logger, side: Side, cx: &mut Context) -> Self {
        Self {
            log: Some(log),
            side,
            method: cx.method(),
            request_id: cx.request_id().cloned(),
            span: cx.span().copied(),
            peer: cx.peer(),
            attempts: 1,
            fallback: None,
            sizes: Sizes::default(),
            start: cx.begin(),
        }
    }

    /// The same line, for a stream to end.
    pub(super) fn outlive(mut self) -> Line<Logger> {
        Line {
            log: self.log.take().cloned(),
            side: self.side,
            method: self.method,
            request_id: self.request_id.take(),
            span: self.span,
            peer: self.peer,
            attempts: self.attempts,
            fallback: self.fallback,
            sizes: self.sizes,
            start: self.start,
        }
    }
}

impl<L: Borrow<Logger>> Line<L> {
    /// What is known only after the call.
    pub(super) fn learn(&mut self, cx: &Context) {
        self.attempts = cx.attempts().number() + 1;
        self.fallback = cx.fallback();
        self.sizes = cx.sizes();
        self.peer = self.peer.or_else(|| cx.peer());
        if self.request_id.is_none() {
            self.request_id = cx.request_id().cloned();
        }
        self.span = self.span.or_else(|| cx.span().copied());
    }

    pub(super) fn end(mut self, outcome: Outcome, error: Option<&Error>, now: Instant) {
        self.write(outcome, error, now);
    }

    fn write(&mut self, outcome: Outcome, error: Option<&Error>, now: Instant) {
        let Some(log) = self.log.take() else { return };
        let level = match outcome {
            Outcome::Success | Outcome::BusinessError | Outcome::Cancelled => Level::Info,
            Outcome::Rejected | Outcome::TimedOut => Level::Warn,
            Outcome::BackendError => Level::Error,
        };
        let pairs = Pairs { line: self, outcome, error, now };
        crate::event!(log.borrow(), level, "request"; pairs);
    }
}

impl<L: Borrow<Logger>> Drop for Line<L> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.log = None;
        }
        if self.log.is_some() {
            self.write(Outcome::Cancelled, None, Instant::now());
        }
    }
}

struct Pairs<'a, L: Borrow<Logger>> {
    line: &'a Line<L>,
    outcome: Outcome,
    error: Option<&'a Error>,
    now: Instant,
}

impl<L: Borrow<Logger>> KV for Pairs<'_, L> {
    /// Last pair first: slog's own lists are so, and drains turn them round.
    fn serialize(&self, record: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let line = self.line;
        if let Some(error) = self.error {
            Reported(error.report()).serialize(record, to)?;
        }
        if let Some(peer) = &line.peer {
            match Short::address(peer) {
                Some(text) => to.emit_str(Key::from("peer"), text.as_str())?,
                None => to.emit_arguments(Key::from("peer"), &format_args!("{peer}"))?,
            }
        }
        if let Some(span) = &line.span {
            to.emit_arguments(Key::from("span_id"), &format_args!("{}", span.span_id()))?;
            to.emit_arguments(Key::from("trace_id"), &format_args!("{}", span.trace_id()))?;
        }
        if let Some(id) = &line.request_id {
            id.with_str(|id| to.emit_str(Key::from("request_id"), id))?;
        }
        if line.sizes.sent() > 0 {
            to.emit_u64(Key::from("sent_bytes"), line.sizes.sent())?;
        }
        if line.sizes.received() > 0 {
            to.emit_u64(Key::from("received_bytes"), line.sizes.received())?;
        }
        if line.attempts > 1 {
            to.emit_u32(Key::from("attempts"), line.attempts)?;
        }
        if let Some(instead_of) = line.fallback {
            to.emit_str(Key::from("fallback"), instead_of.as_str())?;
        }
        let took = self.now.saturating_duration_since(line.start);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        to.emit_str(Key::from("duration_ms"), Short::millis(micros).as_str())?;
        to.emit_str(Key::from("code"), self.code())?;
        to.emit_str(Key::from("outcome"), self.outcome.as_str())?;
        if let Some(method) = line.method {
            let (service, name) = (method.service(), method.name());
            match Short::method(service, name) {
                Some(text) => to.emit_str(Key::from("method"), text.as_str())?,
                None => to.emit_arguments(Key::from("method"), &format_args!("{service}.{name}"))?,
            }
        }
        to.emit_str(Key::from("side"), line.side.as_str())
    }
}

impl<L: Borrow<Logger>> Pairs<'_, L> {
    fn code(&self) -> &'static str {
        match (self.error, self.outcome) {
            (Some(error), _) => error.code().as_str(),
            (None, Outcome::Success) => "OK",
            (None, Outcome::Cancelled) => kit_core::Code::Cancelled.as_str(),
            // An answer that is no error and no success has a status of its own wire, and no code.
            (None, _) => kit_core::Code::Unknown.as_str(),
        }
    }
}
