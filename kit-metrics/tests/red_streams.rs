//! A call that answers with a stream is in flight, and is timed, until that has ended.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kit_core::{Code, Context, Endpoint, Error, Method, Outcome, StreamEnd, Streaming, endpoint_fn};
use kit_metrics::Registry;
use kit_metrics::red::RedLayer;
use kit_metrics::snapshot::Value;
use tokio::sync::mpsc;
use tokio::time::advance;

static WATCH: Method = Method::new("prices", "watch");

/// Those of `WATCH`.
const LABELS: [(&str, &str); 2] = [("service", "prices"), ("method", "watch")];

const SECOND: Duration = Duration::from_secs(1);

type Message = Result<u32, Error>;

/// A call that has answered after a second, and whose stream has run for another; it has a deadline of ten.
async fn watched(said: Option<Outcome>) -> (Numbers, Streaming<u32>, mpsc::Sender<Message>) {
    let numbers = Numbers(Registry::new());
    let endpoint = endpoint_fn(async |cx, (said, mut from): (Option<Outcome>, mpsc::Receiver<Message>)| {
        advance(SECOND).await;
        if let Some(outcome) = said {
            cx.set_outcome(outcome);
        }
        Ok(Streaming::new(cx, stream::poll_fn(move |task| from.poll_recv(task))))
    });
    let endpoint = endpoint.layer(RedLayer::server(&numbers.0).expect("a registry of its own"));
    let (send, receive) = mpsc::channel(1);
    let mut cx = Context::new();
    cx.set_method(&WATCH);
    let mut scope = cx.scope_after(10 * SECOND);
    let answer = endpoint.call(&mut scope, (said, receive)).await.expect("it answers");
    scope.finish();
    cx.finish();
    advance(SECOND).await;
    assert_eq!((numbers.in_flight(), numbers.timed()), (1.0, (0, 0.0)), "still on its way");
    (numbers, answer, send)
}

/// What the registry says of the method `WATCH`.
struct Numbers(Registry);

impl Numbers {
    fn in_flight(&self) -> f64 {
        self.0.snapshot().value("kit_server_requests_in_flight", &LABELS).expect("a gauge")
    }

    /// How many calls were timed, and for how long in all.
    fn timed(&self) -> (u64, f64) {
        match self.0.snapshot().series("kit_server_request_duration_seconds", &LABELS).expect("timed").value() {
            Value::Histogram(read) => (read.count(), read.sum()),
            other => panic!("{other:?}"),
        }
    }

    /// That the call was counted once, like this.
    #[track_caller]
    fn assert_ended(&self, outcome: &str, code: &str, took: Duration) {
        let snapshot = self.0.snapshot();
        let series = snapshot.family("kit_server_requests_total").expect("counted").series();
        let counted: Vec<_> = series
            .iter()
            .filter(|series| *series.value() != Value::Counter(0.0))
            .map(|series| (&*series.label_values()[2], &*series.label_values()[3], series.value().clone()))
            .collect();
        assert_eq!(counted, [(outcome, code, Value::Counter(1.0))]);
        assert_eq!((self.in_flight(), self.timed()), (0.0, (1, took.as_secs_f64())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_to_its_end_is_a_success_of_all_that_time() {
    let (numbers, mut answer, send) = watched(None).await;
    send.send(Ok(1)).await.unwrap();
    answer.next().await.expect("a number").unwrap();
    assert_eq!(numbers.in_flight(), 1.0);
    advance(3 * SECOND).await;
    drop(send);
    assert!(answer.next().await.is_none());
    numbers.assert_ended("success", "OK", 5 * SECOND);
    drop(answer);
    numbers.assert_ended("success", "OK", 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_is_counted_by_its_error() {
    let (numbers, mut answer, send) = watched(None).await;
    send.send(Err(Error::data_loss("the tape broke"))).await.unwrap();
    assert_eq!(answer.next().await.expect("the error").unwrap_err().code(), Code::DataLoss);
    numbers.assert_ended("backend_error", "DataLoss", 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_runs_into_its_deadline_has_timed_out() {
    let (numbers, mut answer, _send) = watched(None).await;
    answer.next().await.expect("the error").unwrap_err();
    numbers.assert_ended("timed_out", "DeadlineExceeded", 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_is_cancelled() {
    let (numbers, answer, _send) = watched(None).await;
    drop(answer);
    numbers.assert_ended("cancelled", "Cancelled", 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_the_call_said_outlasts_a_stream_that_ends_well_but_not_one_that_fails() {
    let (numbers, mut answer, send) = watched(Some(Outcome::BackendError)).await;
    drop(send);
    assert!(answer.next().await.is_none());
    numbers.assert_ended("backend_error", "Unknown", 2 * SECOND);

    let (numbers, mut answer, send) = watched(Some(Outcome::BusinessError)).await;
    send.send(Err(Error::unavailable("gone"))).await.unwrap();
    answer.next().await.expect("the error").unwrap_err();
    numbers.assert_ended("backend_error", "Unavailable", 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_nobody_reaches_is_cancelled() {
    let registry = Registry::new();
    // A binding announces a body of its own, and loses it.
    let endpoint = endpoint_fn(async |cx, ()| {
        cx.announce(StreamEnd::new());
        Ok(())
    });
    let endpoint = endpoint.layer(RedLayer::client(&registry).unwrap());
    let mut cx = Context::new();
    cx.set_method(&WATCH);
    endpoint.call(&mut cx, ()).await.unwrap();
    let cancelled = || {
        let labels = [LABELS[0], LABELS[1], ("outcome", "cancelled"), ("code", "Cancelled")];
        registry.snapshot().value("kit_client_requests_total", &labels)
    };
    assert_eq!(cancelled(), None);
    drop(cx);
    assert_eq!(cancelled(), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_call_whatever_was_announced_before_it() {
    let registry = Registry::new();
    let endpoint = endpoint_fn(async |cx, ()| {
        let _forgotten = Streaming::<u32>::new(cx, stream::empty());
        Err::<(), _>(Error::not_found("no such price"))
    });
    let endpoint = endpoint.layer(RedLayer::server(&registry).unwrap());
    let mut cx = Context::new();
    cx.set_method(&WATCH);
    endpoint.call(&mut cx, ()).await.unwrap_err();
    let labels = [LABELS[0], LABELS[1], ("outcome", "business_error"), ("code", "NotFound")];
    assert_eq!(registry.snapshot().value("kit_server_requests_total", &labels), Some(1.0));
}
