//! What layers cost: eight of them, static, erased once, erased each; and the default stack.

use std::hint::black_box;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use futures_util::FutureExt as _;
use kit::{BoxEndpoint, Context, Endpoint, Error, Layer as _, request_fn};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::Cases;
use crate::servers;
use crate::task::UPPERCASE;

/// A layer with a future of its own, which counts the answers: how a layer of the hot path is written.
struct Named<E>(E);

pin_project! {
    struct NamedFuture<F> {
        answers: u32,
        #[pin]
        inner: F,
    }
}

impl<E: Endpoint<u64>> Endpoint<u64> for Named<E> {
    type Response = E::Response;

    fn call(&self, cx: &mut Context, request: u64) -> impl Future<Output = Result<E::Response, Error>> + Send {
        NamedFuture { answers: 0, inner: self.0.call(cx, request) }
    }
}

impl<F: Future> Future for NamedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.inner.poll(task));
        *this.answers += 1;
        Poll::Ready(output)
    }
}

/// A layer that is an `async fn` and adds nothing.
struct Pass<E>(E);

impl<E: Endpoint<u64>> Endpoint<u64> for Pass<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: u64) -> Result<E::Response, Error> {
        self.0.call(cx, request).await
    }
}

/// A layer that is an `async fn` and reads the context before its inner call and after.
struct Touch<E>(E);

impl<E: Endpoint<u64>> Endpoint<u64> for Touch<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: u64) -> Result<E::Response, Error> {
        let begun = cx.begin();
        let result = self.0.call(cx, request).await;
        // Nothing has waited: the time is none, and the compiler cannot know it.
        match cx.now().saturating_duration_since(begun) {
            Duration::ZERO => result,
            _ => Err(Error::unavailable("time has passed")),
        }
    }
}

macro_rules! eight {
    ($layer:ident, $inner:expr) => {
        $layer($layer($layer($layer($layer($layer($layer($layer($inner))))))))
    };
}

pub(super) fn cases(cases: &mut impl Cases) {
    case(cases, "layers/none", base());
    case(cases, "layers/8 named futures", eight!(Named, base()));
    case(cases, "layers/8 named futures, erased once", eight!(Named, base()).boxed());
    case(cases, "layers/8 named futures, each erased", erased());
    case(cases, "layers/8 async fn", eight!(Pass, base()));
    case(cases, "layers/8 async fn that read the context", eight!(Touch, base()));

    let endpoint = default_stack();
    cases.case("layers/default stack and its context", || {
        let mut cx = Context::new();
        cx.set_method(&UPPERCASE);
        answer(&endpoint, &mut cx);
        cx.finish();
    });
}

/// How often the clock is read for a call through the default stack.
///
/// # Panics
/// If the call fails.
pub fn clock_reads() -> u32 {
    let mut cx = Context::new();
    cx.set_method(&UPPERCASE);
    answer(&default_stack(), &mut cx);
    let reads = cx.clock_reads();
    cx.finish();
    reads
}

fn base() -> impl Endpoint<u64, Response = u64> + 'static {
    request_fn(async |request: u64| Ok(request.wrapping_add(1)))
}

fn erased() -> BoxEndpoint<u64, u64> {
    (0..8).fold(base().boxed(), |inner, _| Pass(inner).boxed())
}

fn default_stack() -> impl Endpoint<u64, Response = u64> {
    let stack = servers::kit::stack(std::io::sink()).expect("the defaults are good");
    stack.layer(base())
}

fn case(cases: &mut impl Cases, name: &'static str, endpoint: impl Endpoint<u64, Response = u64>) {
    let mut cx = Context::at(Instant::now());
    cases.case(name, || answer(&endpoint, &mut cx));
}

fn answer(endpoint: &impl Endpoint<u64, Response = u64>, cx: &mut Context) {
    let answer = black_box(endpoint).call(cx, black_box(1)).now_or_never().expect("nothing waits");
    assert!(matches!(black_box(answer), Ok(2)), "the wrong answer");
}
