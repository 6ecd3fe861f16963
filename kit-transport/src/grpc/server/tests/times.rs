//! The caller's time, and what becomes of a call that has none left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit_core::{Code, Endpoint, Layer, endpoint_with};
use tokio::time::Instant;

use super::*;
use crate::http::Request;

static LEFT: Method = Method::new("pb.Numbers", "Left");

/// Answers with the time that it has, in milliseconds.
fn left() -> Router {
    let left = endpoint_fn(async |cx: &mut Context, _: Number| {
        Ok(number(cx.remaining().map_or(-1, |left| i64::try_from(left.as_millis()).unwrap_or(-1))))
    });
    Router::new().grpc(&LEFT, unary(left)).max_time(None)
}

#[tokio::test(start_paused = true)]
async fn every_unit_of_the_callers_time_is_read() {
    let service = left().build().unwrap();
    for (time, milliseconds) in [
        ("2H", 7_200_000),
        ("3M", 180_000),
        ("4S", 4_000),
        ("1500m", 1_500),
        ("2500000u", 2_500),
        ("99999999n", 99),
        ("00000100m", 100),
        ("99999999S", 99_999_999_000),
        ("99999999H", 359_999_996_400_000),
    ] {
        let answer = call(&service, "/pb.Numbers/Left", &[("grpc-timeout", time)], framed([number(0)])).await;
        assert_eq!((answer.code(), answer.numbers()), (0, vec![milliseconds]), "{time}");
    }
    assert_eq!(call(&service, "/pb.Numbers/Left", &[], framed([number(0)])).await.numbers(), [-1]);
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_none_is_refused_as_the_callers_mistake() {
    let heard = Heard::default();
    let get = endpoint_fn(async |_cx: &mut Context, _: Request| Ok(Response::new(Body::empty())));
    let service = left().post("/plain", get).finalize(heard.finalizer()).build().unwrap();
    for time in ["", "m", "1", "123456789m", "-1m", "+1m", "1.5S", "1s", "1 S", "soon", "0x1S"] {
        for path in ["/pb.Numbers/Left", "/pb.Numbers/None"] {
            let answer = call(&service, path, &[("grpc-timeout", time)], framed([number(0)])).await;
            assert_eq!((answer.code(), answer.error().reason()), (13, Some("malformed_timeout")), "{time:?}");
            assert!(answer.trailers_only);
            assert_eq!(heard.take(), [(Outcome::BusinessError, Some(Code::Internal))]);
        }
        // On HTTP it is a courtesy, and passed over.
        let plain = request("/plain", &[("content-type", "text/plain"), ("grpc-timeout", time)], Body::empty());
        assert_eq!(send(&service, plain).await.status(), 200);
        heard.take();
    }
}

/// Endpoints of every kind that never answer, and how many of them were called and are still there.
fn hanging() -> (Router, Arc<AtomicUsize>, Arc<()>) {
    let (calls, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
    let state = (Arc::clone(&calls), Arc::clone(&held));
    async fn hang<T>((calls, held): &(Arc<AtomicUsize>, Arc<()>)) -> Result<T, Error> {
        calls.fetch_add(1, Ordering::Relaxed);
        let _held = Arc::clone(held);
        std::future::pending().await
    }
    let one = endpoint_with(state.clone(), async |state, _cx: &mut Context, _: Number| hang::<Number>(state).await);
    let many = endpoint_with(state.clone(), async |state, _cx: &mut Context, _: Number| {
        hang::<Streaming<Number>>(state).await
    });
    let sum =
        endpoint_with(state.clone(), async |state, _cx: &mut Context, _: Messages<Number>| hang::<Number>(state).await);
    let totals = endpoint_with(state, async |state, _cx: &mut Context, _: Messages<Number>| {
        hang::<Streaming<Number>>(state).await
    });
    let router = Router::new()
        .grpc(&DOUBLE, unary(one))
        .grpc(&COUNT, server_stream(many))
        .grpc(&SUM, client_stream(sum))
        .grpc(&TOTALS, bidi_stream(totals));
    (router, calls, held)
}

const METHODS: [&str; 4] = ["/pb.Numbers/Double", "/pb.Numbers/Count", "/pb.Numbers/Sum", "/pb.Numbers/Totals"];

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_is_not_begun() {
    let heard = Heard::default();
    let (router, calls, _held) = hanging();
    let service = router.finalize(heard.finalizer()).build().unwrap();
    for path in METHODS {
        for time in ["0H", "0m", "0n", "00000000n"] {
            let begun = Instant::now();
            let answer = call(&service, path, &[("grpc-timeout", time)], framed([number(1)])).await;
            assert_eq!((answer.code(), begun.elapsed()), (4, Duration::ZERO), "{path} {time}");
            assert_eq!(heard.take(), [(Outcome::TimedOut, Some(Code::DeadlineExceeded))]);
        }
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_has_not_answered_by_the_deadline_is_dropped() {
    let heard = Heard::default();
    let (router, calls, held) = hanging();
    let service = router.finalize(heard.finalizer()).build().unwrap();
    for path in METHODS {
        // A caller's own time, and without one that of the server.
        for (headers, took) in [(&[("grpc-timeout", "250m")][..], Duration::from_millis(250)), (&[], Router::MAX_TIME)]
        {
            let begun = Instant::now();
            let answer = call(&service, path, headers, framed([number(1)])).await;
            assert_eq!(answer.code(), 4, "{path}");
            let took = took..=took + Duration::from_millis(5);
            assert!(took.contains(&begun.elapsed()), "{path}: {:?}", begun.elapsed());
            assert_eq!(heard.take(), [(Outcome::TimedOut, Some(Code::DeadlineExceeded))]);
            assert_eq!(Arc::strong_count(&held), 5, "{path}");
        }
    }
    assert_eq!(calls.load(Ordering::Relaxed), 8);
}

/// Keeps the deadline, and counts the calls that it ends.
#[derive(Clone, Default)]
struct Keeping(Arc<AtomicUsize>);

struct Kept<E>(E, Keeping);

impl<E> Layer<E> for Keeping {
    type Service = Kept<E>;

    fn layer(&self, inner: E) -> Kept<E> {
        Kept(inner, self.clone())
    }
}

impl<E: Endpoint<Request, Response = Response>> Endpoint<Request> for Kept<E> {
    type Response = Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<Response, Error> {
        let deadline = cx.deadline().expect("a deadline");
        tokio::time::timeout_at(deadline, self.0.call(cx, request)).await.unwrap_or_else(|_| {
            self.1.0.fetch_add(1, Ordering::Relaxed);
            Err(Error::from_code(Code::DeadlineExceeded))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_keeps_the_deadline_is_ahead() {
    let keeping = Keeping::default();
    let hang = endpoint_fn(async |_cx: &mut Context, _: Number| std::future::pending::<Result<Number, Error>>().await);
    let service = Router::with(keeping.clone()).grpc(&DOUBLE, unary(hang)).build().unwrap();
    let begun = Instant::now();
    let answer = call(&service, "/pb.Numbers/Double", &[("grpc-timeout", "250m")], framed([number(1)])).await;
    assert_eq!((answer.code(), begun.elapsed()), (4, Duration::from_millis(250)));
    assert_eq!(keeping.0.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_waits_is_polled_once_for_each_wake() {
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = endpoint_with(Arc::clone(&polls), async |polls: &Arc<AtomicUsize>, _cx: &mut Context, n: Number| {
        let mut sleep = std::pin::pin!(tokio::time::sleep(Duration::from_secs(1)));
        std::future::poll_fn(|task| {
            polls.fetch_add(1, Ordering::Relaxed);
            sleep.as_mut().poll(task)
        })
        .await;
        Ok(n)
    });
    let service = Router::new().grpc(&DOUBLE, unary(counted)).build().unwrap();
    assert_eq!(call(&service, "/pb.Numbers/Double", &[], framed([number(1)])).await.numbers(), [1]);
    assert_eq!(polls.load(Ordering::Relaxed), 2);
}
