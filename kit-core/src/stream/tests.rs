use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, advance};

use super::*;
use crate::{Code, Context, Endpoint, Error, Layer, Outcome, endpoint_fn};

const LIMIT: Duration = Duration::from_secs(1);

/// A layer of any response: it holds a permit as long as the answer lasts, and notes how that ended, with what trailers.
#[derive(Clone)]
struct Holding {
    permits: Arc<Semaphore>,
    ends: Arc<Mutex<Vec<End>>>,
}

type End = (Outcome, Option<Code>, Option<String>);

impl Holding {
    fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(1)), ends: Arc::default() }
    }

    fn held(&self) -> bool {
        self.permits.available_permits() == 0
    }

    #[track_caller]
    fn assert_ended(&self, outcome: Outcome, code: Option<Code>, trailer: Option<&str>) {
        assert_eq!(*self.ends.lock().unwrap(), [(outcome, code, trailer.map(String::from))]);
        assert!(!self.held());
    }
}

struct Held<E>(E, Holding);

impl<E> Layer<E> for Holding {
    type Service = Held<E>;

    fn layer(&self, inner: E) -> Held<E> {
        Held(inner, self.clone())
    }
}

impl<E: Endpoint<Req>, Req: Send> Endpoint<Req> for Held<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let permit = Arc::clone(&self.1.permits).acquire_owned().await.expect("never closed");
        let ends = Arc::clone(&self.1.ends);
        let result = self.0.call(cx, request).await;
        let note = move |outcome, error: Option<&Error>, trailer: Option<&str>| {
            ends.lock().unwrap().push((outcome, error.map(Error::code), trailer.map(String::from)));
            drop(permit);
        };
        match cx.stream() {
            None => note(cx.outcome_of(&result), result.as_ref().err(), None),
            Some(end) => end.attach(move |ended| note(ended.outcome(), ended.error(), ended.trailers().get("sum"))),
        }
        result
    }
}

/// An endpoint that answers with what comes out of the channel it is called with.
fn relay() -> impl Endpoint<mpsc::Receiver<Result<u32, Error>>, Response = Streaming<u32>> {
    endpoint_fn(async |cx, mut from: mpsc::Receiver<Result<u32, Error>>| {
        Ok(Streaming::new(cx, stream::poll_fn(move |task| from.poll_recv(task))))
    })
}

/// That, called through the layer, after its first two numbers. The call and its context are over.
async fn begun(layer: &Holding) -> (Streaming<u32>, mpsc::Sender<Result<u32, Error>>) {
    let (send, receive) = mpsc::channel(4);
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let mut answer = relay().layer(layer.clone()).call(&mut scope, receive).await.unwrap();
    scope.finish();
    cx.finish();
    for number in [2, 3] {
        send.send(Ok(number)).await.unwrap();
        assert_eq!(answer.next().await.expect("a number").unwrap(), number);
    }
    assert!(layer.held(), "the answer is still on its way");
    (answer, send)
}

#[tokio::test(start_paused = true)]
async fn a_layer_holds_its_permit_to_the_end_and_hears_outcome_and_trailers_there() {
    let layer = Holding::new();
    let (mut answer, send) = begun(&layer).await;
    let producer = answer.end().clone();
    producer.with_trailers(|trailers| trailers.insert("sum", "5")).unwrap();
    drop(send);
    assert!(answer.next().await.is_none());
    layer.assert_ended(Outcome::Success, None, Some("5"));
    assert_eq!(answer.end().ended().expect("ended").outcome(), Outcome::Success);
    assert_eq!(answer.end().take_trailers().get("sum"), Some("5"), "the transport sends them");
}

#[tokio::test(start_paused = true)]
async fn the_same_layer_on_a_unary_endpoint_is_done_when_the_call_is() {
    let layer = Holding::new();
    let endpoint = endpoint_fn(async |_cx, fail: bool| match fail {
        false => Ok("done"),
        true => Err(Error::not_found("no")),
    });
    let endpoint = endpoint.layer(layer.clone());
    endpoint.call(&mut Context::new(), false).await.unwrap();
    layer.assert_ended(Outcome::Success, None, None);
    layer.ends.lock().unwrap().clear();
    endpoint.call(&mut Context::new(), true).await.unwrap_err();
    layer.assert_ended(Outcome::BusinessError, Some(Code::NotFound), None);
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_a_stream_and_nothing_follows_it() {
    let layer = Holding::new();
    let (mut answer, send) = begun(&layer).await;
    send.send(Err(Error::data_loss("the tape broke"))).await.unwrap();
    send.send(Ok(7)).await.unwrap();
    assert_eq!(answer.next().await.expect("the error").unwrap_err().code(), Code::DataLoss);
    layer.assert_ended(Outcome::BackendError, Some(Code::DataLoss), None);
    assert!(answer.next().await.is_none());
    assert!(send.is_closed(), "its source is gone");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_calls_deadline() {
    let layer = Holding::new();
    let began = Instant::now();
    let (mut answer, send) = begun(&layer).await;
    assert_eq!(answer.next().await.expect("the error").unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(began.elapsed(), LIMIT, "that of the scope it was answered in, which is over");
    layer.assert_ended(Outcome::TimedOut, Some(Code::DeadlineExceeded), None);
    assert!(answer.next().await.is_none());
    assert!(send.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_always_ready_ends_at_the_deadline_too() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let mut answer = Streaming::new(&mut scope, stream::repeat_with(|| Ok(1)));
    scope.finish();
    answer.next().await.expect("in time").unwrap();
    advance(LIMIT).await;
    assert_eq!(answer.next().await.expect("the error").unwrap_err().code(), Code::DeadlineExceeded);
    assert!(answer.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_early_counts_as_cancelled() {
    let layer = Holding::new();
    let (answer, send) = begun(&layer).await;
    drop(answer);
    layer.assert_ended(Outcome::Cancelled, None, None);
    assert!(send.is_closed(), "a source is dropped with its stream");
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_after_its_end_ends_once() {
    let layer = Holding::new();
    let (mut answer, send) = begun(&layer).await;
    drop(send);
    answer.next().await;
    drop(answer);
    layer.assert_ended(Outcome::Success, None, None);
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_a_stream_waits() {
    let (send, mut receive) = mpsc::channel::<Result<u32, Error>>(1);
    let mut answer = Streaming::new(&mut Context::new(), stream::poll_fn(move |task| receive.poll_recv(task)));
    advance(1_000 * LIMIT).await;
    assert!(answer.next().now_or_never().is_none());
    send.send(Ok(1)).await.unwrap();
    assert_eq!(answer.next().await.expect("a number").unwrap(), 1);
}

#[test]
fn hooks_run_once_each_in_the_order_they_were_attached() {
    let (end, order) = (StreamEnd::new(), Arc::new(Mutex::new(Vec::new())));
    for name in ["inner", "middle", "outer"] {
        let order = Arc::clone(&order);
        end.attach(move |ended| order.lock().unwrap().push((name, ended.outcome())));
    }
    assert!(order.lock().unwrap().is_empty());
    assert!(end.ended().is_none());
    end.complete(Outcome::Success, None);
    end.complete(Outcome::BackendError, Some(Error::data_loss("too late")));
    assert_eq!(end.ended().expect("ended").outcome(), Outcome::Success);
    drop(end);
    let ran = ["inner", "middle", "outer"].map(|name| (name, Outcome::Success));
    assert_eq!(*order.lock().unwrap(), ran, "the first word counts");
}

#[test]
fn a_hook_attached_after_the_end_runs_at_once() {
    let end = StreamEnd::new();
    end.complete(Outcome::BackendError, Some(Error::unavailable("gone")));
    let heard = Arc::new(Mutex::new(None));
    let hears = Arc::clone(&heard);
    end.attach(move |ended| *hears.lock().unwrap() = ended.error().map(Error::code));
    assert_eq!(*heard.lock().unwrap(), Some(Code::Unavailable));
}

#[test]
fn a_hook_may_ask_its_own_end() {
    let (end, heard) = (StreamEnd::new(), Arc::new(Mutex::new(None)));
    end.with_trailers(|trailers| trailers.insert("k", "v")).unwrap();
    let (asked, hears) = (end.clone(), Arc::clone(&heard));
    end.attach(move |_| {
        let late = Arc::clone(&hears);
        asked.attach(move |ended| *late.lock().unwrap() = Some((ended.outcome(), None)));
        let value = asked.take_trailers().get("k").map(String::from);
        hears.lock().unwrap().as_mut().expect("attached at the end: ran at once").1 = value;
    });
    end.complete(Outcome::Success, None);
    assert_eq!(*heard.lock().unwrap(), Some((Outcome::Success, Some("v".into()))));
}

#[test]
fn an_end_that_nobody_is_left_to_reach_is_cut_short() {
    let (end, heard) = (StreamEnd::new(), Arc::new(Mutex::new(None)));
    let (clone, hears) = (end.clone(), Arc::clone(&heard));
    end.with_trailers(|trailers| trailers.insert("k", "v")).unwrap();
    end.attach(move |ended| *hears.lock().unwrap() = Some((ended.outcome(), ended.trailers().len())));
    drop(end);
    assert_eq!(*heard.lock().unwrap(), None);
    drop(clone);
    assert_eq!(*heard.lock().unwrap(), Some((Outcome::Cancelled, 1)));
}

#[tokio::test(start_paused = true)]
async fn the_calls_token_goes_with_the_stream_and_is_told_by_its_deadline() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(LIMIT);
    let token = scope.cancel_token();
    let mut answer = Streaming::new(&mut scope, stream::pending::<Result<u32, Error>>());
    scope.finish();
    cx.finish();
    assert!(!token.is_cancelled());
    answer.next().await.expect("the error").unwrap_err();
    assert_eq!(token.checkpoint().unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_gives_up_on_its_reader_tells_the_calls_token() {
    for (outcome, told) in [(Outcome::TimedOut, true), (Outcome::Cancelled, true), (Outcome::BackendError, false)] {
        let (mut cx, end) = (Context::new(), StreamEnd::new());
        let token = cx.cancel_token();
        cx.announce(end.clone());
        cx.finish();
        end.complete(outcome, None);
        assert_eq!(token.is_cancelled(), told, "{outcome}");
    }
}

#[tokio::test]
async fn a_source_that_panics_ends_the_stream_with_a_bug_and_is_gone() {
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    let source = stream::iter(0..2).map(move |number| {
        assert!(Arc::strong_count(&holds) > 0 && number < 1, "no such number");
        Ok(number)
    });
    let mut cx = Context::new();
    let mut answer = Streaming::new(&mut cx, source);
    let end = answer.end().clone();
    assert_eq!(answer.next().await.expect("an item").unwrap(), 0);
    let error = answer.next().await.expect("the error").unwrap_err();
    assert!(error.is_bug() && error.cause::<crate::recover::Panicked>().is_some());
    assert!(answer.next().await.is_none());
    assert_eq!(end.ended().expect("ended").outcome(), Outcome::BackendError);
    assert_eq!(Arc::strong_count(&held), 1);
}
