//! What goes out to the service, counted where it leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit::{Context, Endpoint, Error, Layer};

/// Counts attempts. Clones are one counter.
#[derive(Clone, Debug, Default)]
pub struct Wire(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    out: AtomicU64,
    most: AtomicU64,
}

impl Wire {
    /// Attempts since the beginning.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// The most attempts that were out at once since this was last asked.
    pub fn most_at_once(&self) -> u64 {
        self.0.most.swap(self.0.out.load(Ordering::Relaxed), Ordering::Relaxed)
    }
}

impl<E> Layer<E> for Wire {
    type Service = Counted<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Counted { inner, wire: self.clone() }
    }
}

/// An endpoint whose calls are counted. The innermost of a stack.
#[derive(Clone, Debug)]
pub struct Counted<E> {
    inner: E,
    wire: Wire,
}

impl<E, Req> Endpoint<Req> for Counted<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let _out = Out::begin(&self.wire.0);
        self.inner.call(cx, request).await
    }
}

/// One attempt that is out. A loser of a hedge ends by being dropped.
struct Out<'a>(&'a Counts);

impl<'a> Out<'a> {
    fn begin(counts: &'a Counts) -> Self {
        counts.sent.fetch_add(1, Ordering::Relaxed);
        let out = counts.out.fetch_add(1, Ordering::Relaxed) + 1;
        counts.most.fetch_max(out, Ordering::Relaxed);
        Self(counts)
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.out.fetch_sub(1, Ordering::Relaxed);
    }
}
