//! The bridges to tower, both ways, with tower's, tower-http's and axum's own layers and routers.

mod axum_stack;
mod http_layer;
mod service;
mod tower_layer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit_core::{Cancel, Context, Endpoint, Error, Layer, Method, Outcome};
use tokio::time::{Instant, timeout_at};

static OUTER: Method = Method::new("tests", "outer");
static INNER: Method = Method::new("tests", "inner");

const LIMIT: Duration = Duration::from_secs(1);

/// A deadline for the inner call, as a library would write it.
#[derive(Clone, Copy)]
struct LimitLayer(Duration);

struct Limit<E>(E, Duration);

impl<E> Layer<E> for LimitLayer {
    type Service = Limit<E>;

    fn layer(&self, inner: E) -> Limit<E> {
        Limit(inner, self.0)
    }
}

impl<E: Endpoint<Req>, Req: Send> Endpoint<Req> for Limit<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let mut scope = cx.scope_after(self.1);
        let deadline = scope.deadline().expect("a limit");
        match timeout_at(deadline, self.0.call(&mut scope, request)).await {
            Ok(result) => {
                scope.finish();
                result
            }
            Err(elapsed) => Err(Error::boundary(kit_core::Code::DeadlineExceeded, elapsed)),
        }
    }
}

/// Adds a pair to what goes back, and notes how each call ended.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<Outcome>>>);

struct Noted<E>(E, Noting);

impl Noting {
    fn ends(&self) -> Vec<Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<E> Layer<E> for Noting {
    type Service = Noted<E>;

    fn layer(&self, inner: E) -> Noted<E> {
        Noted(inner, self.clone())
    }
}

impl<E: Endpoint<Req>, Req: Send> Endpoint<Req> for Noted<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        cx.outbound_mut().insert("x-noted", "yes")?;
        let result = self.0.call(cx, request).await;
        self.1.0.lock().unwrap_or_else(PoisonError::into_inner).push(cx.outcome_of(&result));
        result
    }
}

/// A word that an inner call leaves for the outer layers.
#[derive(Debug, PartialEq)]
struct Word(&'static str);

/// A caller with a method and a token, and what must be so again once a call is over.
struct Caller {
    cx: Context,
    token: Cancel,
}

impl Caller {
    fn new() -> Self {
        let mut cx = Context::new();
        cx.set_method(&OUTER);
        let token = cx.cancel_token();
        Self { cx, token }
    }

    #[track_caller]
    fn assert_restored(self) {
        assert_eq!(self.cx.deadline(), None);
        assert!(self.cx.method().is_some_and(|method| std::ptr::eq(method, &OUTER)));
        assert!(!self.token.is_cancelled());
        drop(self.cx);
        assert!(self.token.is_cancelled(), "still its own");
    }
}

/// Work that a call left behind: it ends when its token is told.
fn left_behind(token: Cancel) -> tokio::task::JoinHandle<Instant> {
    tokio::spawn(async move {
        token.cancelled().await;
        Instant::now()
    })
}
