//! Which span of which trace a call runs in.

use std::fmt;
use std::num::NonZeroU64;

/// The name of a trace: 16 bytes, not all zero.
///
/// # Source
/// W3C Trace Context, 3.2.2.3.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// `None` for no bits at all, which names nothing.
    pub const fn from_bits(bits: u128) -> Option<Self> {
        if bits == 0 { None } else { Some(Self(bits.to_be_bytes())) }
    }

    /// The bits.
    pub const fn bits(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.bits())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

/// The name of a span within its trace: 8 bytes, not all zero.
///
/// # Source
/// W3C Trace Context, 3.2.2.4.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

impl SpanId {
    /// `None` for no bits at all, which names nothing.
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0.get()
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.bits())
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

/// Which span of which trace a call runs in: said by whatever traces, read by logs.
///
/// It travels in the [`Context`](crate::Context): a fork and a child have it too, until they are given a span of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    trace: TraceId,
    span: SpanId,
    sampled: bool,
}

impl SpanContext {
    /// This span of this trace, recorded by whoever keeps traces if it is `sampled`.
    pub const fn new(trace: TraceId, span: SpanId, sampled: bool) -> Self {
        Self { trace, span, sampled }
    }

    /// The trace.
    pub const fn trace_id(&self) -> TraceId {
        self.trace
    }

    /// The span.
    pub const fn span_id(&self) -> SpanId {
        self.span
    }

    /// Whether the trace is to be kept.
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Method};

    static CALLEE: Method = Method::new("svc", "get");

    fn span(trace: u128, span: u64) -> SpanContext {
        SpanContext::new(TraceId::from_bits(trace).unwrap(), SpanId::from_bits(span).unwrap(), true)
    }

    #[test]
    fn ids_are_written_with_all_their_digits_and_zero_is_none() {
        let span = span(0xab, 0xcd);
        assert_eq!(span.trace_id().to_string(), "000000000000000000000000000000ab");
        assert_eq!(span.span_id().to_string(), "00000000000000cd");
        assert_eq!((TraceId::from_bits(0), SpanId::from_bits(0)), (None, None));
    }

    #[test]
    fn forks_and_children_run_in_the_span_of_their_parent_until_they_have_one() {
        let mut cx = Context::new();
        assert_eq!(cx.span(), None);
        cx.set_span(span(1, 2));
        assert_eq!(cx.fork().span(), Some(&span(1, 2)));
        let mut child = cx.child(&CALLEE);
        assert_eq!(child.span(), Some(&span(1, 2)));
        child.set_span(span(1, 3));
        assert_eq!(cx.span(), Some(&span(1, 2)));
    }
}
