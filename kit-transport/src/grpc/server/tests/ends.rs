//! Streams to their end, whichever it is.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use kit_core::{Code, Endpoint, Layer};

use super::*;
use crate::http::Request;

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_comes_after_the_messages_and_reaches_the_finalizer() {
    let heard = Heard::default();
    let service = numbers().finalize(heard.finalizer()).build().unwrap();
    let answer = call(&service, "/pb.Numbers/Count", &[], framed([number(20)])).await;
    assert_eq!((answer.code(), answer.numbers()), (9, (0..7).collect()));
    assert_eq!((answer.error().reason(), answer.trailers_only), (Some("enough"), false));
    assert_eq!(heard.take(), [(Outcome::BusinessError, Some(Code::FailedPrecondition))]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_middle_is_internal() {
    static CRASH: Method = Method::new("pb.Numbers", "Crash");
    let heard = Heard::default();
    let crash = endpoint_fn(async |cx: &mut Context, _: Number| {
        let numbers = stream::iter([1, 2]).map(|n| if n == 2 { panic!("two") } else { Ok(number(n)) });
        Ok(Streaming::new(cx, numbers))
    });
    let service = Router::new().grpc(&CRASH, server_stream(crash)).finalize(heard.finalizer()).build().unwrap();
    let answer = call(&service, "/pb.Numbers/Crash", &[], framed([number(0)])).await;
    assert_eq!((answer.code(), answer.numbers()), (13, vec![1]));
    assert_eq!(heard.take(), [(Outcome::BackendError, Some(Code::Internal))]);
}

/// Counts what is in flight, to the end of a stream.
#[derive(Clone, Default)]
struct Permits(Arc<AtomicUsize>);

struct Held<E> {
    inner: E,
    permits: Permits,
}

struct Permit(Permits);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<E> Layer<E> for Permits {
    type Service = Held<E>;

    fn layer(&self, inner: E) -> Held<E> {
        Held { inner, permits: self.clone() }
    }
}

impl<E: Endpoint<Request, Response = Response>> Endpoint<Request> for Held<E> {
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        self.permits.0.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(self.permits.clone());
        let response = self.inner.call(cx, request).await?;
        if let Some(end) = cx.stream() {
            end.attach(move |_| drop(permit));
        }
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn permits_are_held_to_the_streams_end_and_a_caller_who_leaves_drops_it() {
    static FOREVER: Method = Method::new("pb.Numbers", "Forever");
    let (permits, heard, held) = (Permits::default(), Heard::default(), Arc::new(()));
    let holds = Arc::clone(&held);
    let forever = kit_core::endpoint_with(holds, async |held: &Arc<()>, cx: &mut Context, _: Number| {
        let held = Arc::clone(held);
        let one = stream::iter([Ok(number(1))]).chain(stream::pending());
        Ok(Streaming::new(cx, one.inspect(move |_| drop(Arc::clone(&held)))))
    });
    let service = Router::with(permits.clone())
        .grpc(&FOREVER, server_stream(forever))
        .finalize(heard.finalizer())
        .build()
        .unwrap();
    let response = send(&service, request("/pb.Numbers/Forever", &[], framed([number(0)]))).await;
    let mut body = response.into_body();
    assert!(body.frame().await.expect("a frame").is_ok());
    assert!(body.frame().now_or_never().is_none());
    assert_eq!((permits.0.load(Ordering::Relaxed), Arc::strong_count(&held)), (1, 3));
    assert!(heard.take().is_empty());
    drop(body);
    assert_eq!((permits.0.load(Ordering::Relaxed), Arc::strong_count(&held)), (0, 2));
    assert_eq!(heard.take(), [(Outcome::Cancelled, None)]);
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_of_one_message_has_ended_when_it_is_made() {
    let (permits, heard) = (Permits::default(), Heard::default());
    let double = endpoint_fn(async |_cx: &mut Context, number: Number| Ok(number));
    let service =
        Router::with(permits.clone()).grpc(&DOUBLE, unary(double)).finalize(heard.finalizer()).build().unwrap();
    let response = send(&service, request("/pb.Numbers/Double", &[], framed([number(1)]))).await;
    assert_eq!((permits.0.load(Ordering::Relaxed), heard.take()), (0, vec![(Outcome::Success, None)]));
    assert_eq!(Answer::of(response).await.code(), 0);
}
