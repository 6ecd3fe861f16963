use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use h2::Reason;
use kit_core::{ChildLayer, Code, Context, Endpoint as _, Error, Outcome, Retry, endpoint_with};
use kit_transport::grpc::{Messages, client};
use kit_transport::http::client::Client;
use tokio::sync::{Notify, mpsc};

use crate::support::*;

/// A channel of what a peer saw, for plays that are made anew for each stream.
fn seen<T: Send + 'static>() -> (impl Fn(T) + Clone + Send + Sync, mpsc::Receiver<T>) {
    let (send, receive) = mpsc::channel(8);
    (move |what| send.try_send(what).expect("the test listens"), receive)
}

#[tokio::test(start_paused = true)]
async fn messages_come_as_they_are_sent_and_trailers_with_the_end() {
    let _clock = Clock::hold();
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let waits = Arc::clone(&waits);
        async move {
            assert_eq!(exchange.read::<Text>().await, Some(text("hello")));
            exchange.head(200, &[("content-type", "application/grpc"), ("x-head", "1")], false);
            for v in [1, 2] {
                waits.notified().await;
                exchange.message(&Length { v });
            }
            // Several in one frame, and one in several.
            let rest: Vec<u8> = [3, 4, 5].into_iter().flat_map(|v| framed(&Length { v })).collect();
            exchange.data(rest[..10].to_vec(), false);
            exchange.data(rest[10..].to_vec(), false);
            exchange.trailers(&[("grpc-status", "0"), ("x-took", "3ms"), ("sum-bin", "Dw")]);
        }
    })
    .await;
    let heard = Arc::new(Mutex::new(None));
    let http = Client::new(config()).unwrap();
    let words = client::server_stream::<Length>(&WORDS).at(&http, &peer.target()).unwrap();
    let stack = endpoint_with((words, Arc::clone(&heard)), async |state, cx, request: Text| {
        let stream = state.0.call(cx, request).await?;
        assert_eq!(cx.inbound().get("x-head"), Some("1"), "the head is here at once");
        let heard = Arc::clone(&state.1);
        cx.stream().expect("a stream").attach(move |ended| *heard.lock().unwrap() = Some(ended.outcome()));
        Ok(stream)
    });
    let stack = kit_core::Layer::layer(&ChildLayer::new(&WORDS), stack);
    let mut stream = stack.call(&mut Context::new(), text("hello")).await.unwrap();
    for v in [1, 2] {
        settled().await;
        assert!(stream.next().now_or_never().is_none(), "nothing came yet");
        go.notify_one();
        assert_eq!(stream.next().await.unwrap().unwrap(), Length { v });
    }
    assert_eq!(*heard.lock().unwrap(), None);
    let rest: Vec<u64> = (&mut stream).map(|length| length.unwrap().v).collect().await;
    assert_eq!((rest, *heard.lock().unwrap()), (vec![3, 4, 5], Some(Outcome::Success)));
    let trailers = stream.end().take_trailers();
    assert_eq!((trailers.get("x-took"), trailers.get_bin("sum-bin")), (Some("3ms"), Some(vec![15])));
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_a_stream_and_its_trailers_are_there_too() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.begin();
        exchange.message(&FIVE);
        exchange.trailers(&[("grpc-status", "9"), ("grpc-message", "no more"), ("x-left", "2")]);
    })
    .await;
    let words = peer.words();
    let mut stream = words.call(&mut Context::new(), text("")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!((told(&error), error.message()), ((Code::FailedPrecondition, None, Retry::Never), "no more"));
    assert!(stream.next().await.is_none());
    let ended = stream.end().ended().unwrap();
    assert_eq!((ended.outcome(), ended.trailers().get("x-left")), (Outcome::BusinessError, Some("2")));
}

#[tokio::test(start_paused = true)]
async fn both_sides_speak_in_turn() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.begin();
        while let Some(request) = exchange.read::<Text>().await {
            exchange.message(&Length { v: request.s.len() as u64 });
        }
        exchange.trailers(OK);
    })
    .await;
    let (send, messages) = requests();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut Context::new(), messages).await.unwrap();
    for s in ["a", "bb", "", "dddd"] {
        send.send(Ok(text(s))).await.unwrap();
        assert_eq!(in_time(stream.next()).await.unwrap().unwrap().v, s.len() as u64);
    }
    drop(send);
    assert!(in_time(stream.next()).await.is_none());
    assert_eq!(stream.end().ended().unwrap().outcome(), Outcome::Success);
}

#[tokio::test(start_paused = true)]
async fn many_messages_have_one_answer() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        let mut v = 0;
        while let Some(request) = exchange.read::<Text>().await {
            v += request.s.len() as u64;
        }
        exchange.begin();
        exchange.message(&Length { v });
        exchange.trailers(OK);
    })
    .await;
    for count in [0, 1, 5_000] {
        let messages = Messages::new(stream::iter((0..count).map(|_| Ok(text("ab")))));
        assert_eq!(peer.total().call(&mut Context::new(), messages).await.unwrap().v, 2 * count);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_is_reset_and_takes_its_source_along() {
    let _clock = Clock::hold();
    let (tell, mut resets) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let tell = tell.clone();
        async move {
            exchange.begin();
            exchange.message(&FIVE);
            tell(exchange.is_reset().await);
        }
    })
    .await;
    let words = peer.words();
    let mut stream = words.call(&mut Context::new(), text("")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    drop(stream);
    assert_eq!(in_time(resets.recv()).await, Some(Reason::CANCEL));

    let (send, messages) = requests();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut Context::new(), messages).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    let end = stream.end().clone();
    drop(stream);
    assert!(send.is_closed(), "the source went with its call, at once");
    assert_eq!(in_time(resets.recv()).await, Some(Reason::CANCEL));
    assert_eq!(end.ended().unwrap().outcome(), Outcome::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_its_answer_takes_its_source_along() {
    let _clock = Clock::hold();
    let (tell, mut resets) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let tell = tell.clone();
        async move { tell(exchange.is_reset().await) }
    })
    .await;
    let (total, (send, messages)) = (peer.total(), requests());
    {
        let mut cx = Context::new();
        let mut call = Box::pin(total.call(&mut cx, messages));
        for _ in 0..100 {
            assert!((&mut call).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    assert!(send.is_closed());
    assert_eq!(in_time(resets.recv()).await, Some(Reason::CANCEL));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_whole_ends_a_request_that_is_not() {
    let _clock = Clock::hold();
    let (tell, mut resets) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let tell = tell.clone();
        async move {
            assert_eq!(exchange.read::<Text>().await, Some(text("hello")));
            exchange.well();
            // gRPC over HTTP/2, "Early Server Closure": both sides are to say so.
            tell(loop {
                match exchange.body.data().await {
                    Some(Err(error)) => break error.reason(),
                    Some(Ok(_)) => {}
                    None => break None,
                }
            });
        }
    })
    .await;
    let (send, messages) = requests();
    send.send(Ok(text("hello"))).await.unwrap();
    let total = peer.total();
    assert_eq!(total.call(&mut Context::new(), messages).await.unwrap(), FIVE);
    assert!(send.is_closed());
    assert_eq!(in_time(resets.recv()).await, Some(Some(Reason::NO_ERROR)));

    let (send, messages) = requests();
    send.send(Ok(text("hello"))).await.unwrap();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut Context::new(), messages).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    assert!(stream.next().await.is_none());
    assert!(send.is_closed());
    assert_eq!(in_time(resets.recv()).await, Some(Some(Reason::NO_ERROR)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_early_with_a_reset_has_answered() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.begin();
        exchange.message(&FIVE);
        exchange.trailers(&[("grpc-status", "0"), ("x-took", "3ms")]);
        settled().await;
        exchange.reset(Reason::NO_ERROR);
    })
    .await;
    let (_send, messages) = requests();
    assert_eq!(peer.total().call(&mut Context::new(), messages).await.unwrap(), FIVE);
}

/// A call that goes on while its source fails, and what both ends hear of it.
async fn failing(
    total: &impl kit_core::Endpoint<Messages<Text>, Response = Length>,
    fail: impl FnOnce() -> Result<Text, Error> + Send + 'static,
) -> Error {
    let source = stream::once(async { Ok(text("first")) }).chain(stream::once(async {
        settled().await;
        fail()
    }));
    in_time(total.call(&mut Context::new(), Messages::new(source.boxed()))).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_cancels_the_call_and_is_its_error() {
    let _clock = Clock::hold();
    let (tell, mut resets) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let tell = tell.clone();
        async move {
            if exchange.read::<Text>().await == Some(text("bystander")) {
                settled().await;
                settled().await;
                return exchange.well();
            }
            while exchange.read::<Text>().await.is_some() {}
            tell(exchange.is_reset().await);
        }
    })
    .await;
    let total = peer.total();
    let error = failing(&total, || Err(Error::data_loss("the tape is torn").with_reason("torn"))).await;
    assert_eq!((error.code(), error.reason()), (Code::DataLoss, Some("torn")));
    assert_eq!(error.outcome(), Outcome::Cancelled, "no failure of who was called");
    assert_eq!(in_time(resets.recv()).await, Some(Reason::CANCEL));

    // A panic is the same, and no other call on the connection hears of it.
    let channel = peer.channel(config()).await;
    let instance = Arc::new(peer.instance());
    let routed = |request| kit_core::Routed { instance: Arc::clone(&instance), channel: Arc::clone(&channel), request };
    let bystander = client::unary::<Length>(&LENGTH);
    let mut by = Context::new();
    let torn = client::client_stream::<Length>(&TOTAL);
    let source = stream::once(async {
        settled().await;
        panic!("the tape is torn")
    });
    let source = kit_core::Routed {
        instance: Arc::clone(&instance),
        channel: Arc::clone(&channel),
        request: Messages::<Text>::new(source),
    };
    let mut cx = Context::new();
    let (answer, panicked) =
        tokio::join!(bystander.call(&mut by, routed(text("bystander"))), torn.call(&mut cx, source));
    assert_eq!(answer.unwrap(), FIVE);
    let error = panicked.unwrap_err();
    assert_eq!((error.code(), error.is_bug()), (Code::Internal, true));
    assert_eq!(peer.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_while_the_answer_is_read_ends_it() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| {
        exchange.begin();
        exchange.message(&FIVE);
        exchange.is_reset().await;
    })
    .await;
    let (send, messages) = requests();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut Context::new(), messages).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    send.send(Err(Error::not_found("no such row"))).await.unwrap();
    let error = in_time(stream.next()).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::NotFound, "no such row"));
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_deadline_of_its_call() {
    let clock = Clock::hold();
    let (tell, mut resets) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let tell = tell.clone();
        async move {
            assert_eq!(exchange.header("grpc-timeout"), Some("5000000u"));
            exchange.begin();
            exchange.message(&FIVE);
            tell(exchange.is_reset().await);
        }
    })
    .await;
    let limit = Duration::from_secs(5);
    let (send, messages) = requests();
    let lengths = peer.lengths();
    let mut stream = lengths.call(&mut cx_with(limit), messages).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), FIVE);
    let (late, ()) = tokio::join!(stream.next(), clock.advance(limit));
    assert_eq!(late.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(stream.end().ended().unwrap().outcome(), Outcome::TimedOut);
    assert!(send.is_closed());
    assert_eq!(in_time(resets.recv()).await, Some(Reason::CANCEL));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_stops_the_callee() {
    let _clock = Clock::hold();
    const SIZE: usize = 64 * 1024;
    let sent = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&sent);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let counts = Arc::clone(&counts);
        async move {
            exchange.begin();
            let message = framed(&text(&"x".repeat(SIZE)));
            for _ in 0..200 {
                exchange.send_all(&message).await;
                counts.fetch_add(1, Ordering::SeqCst);
            }
            exchange.trailers(OK);
        }
    })
    .await;
    let http = Client::new(config()).unwrap();
    let words = client::server_stream::<Text>(&WORDS).endpoint(&http, &peer.target()).unwrap();
    let mut stream = words.call(&mut Context::new(), text("")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().s.len(), SIZE);
    settled().await;
    let ahead = sent.load(Ordering::SeqCst);
    assert!(ahead < 100, "{ahead} of 200 messages were taken from a callee whose reader reads nothing");
    settled().await;
    assert_eq!(sent.load(Ordering::SeqCst), ahead);
    assert_eq!(in_time((&mut stream).count()).await, 199);
}

#[tokio::test(start_paused = true)]
async fn a_callee_that_waits_stops_the_source() {
    let _clock = Clock::hold();
    const SIZE: usize = 64 * 1024;
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let peer = Peer::start(move |mut exchange: Exchange| {
        let waits = Arc::clone(&waits);
        async move {
            waits.notified().await;
            let mut v = 0;
            while exchange.read::<Text>().await.is_some() {
                v += 1;
            }
            exchange.begin();
            exchange.message(&Length { v });
            exchange.trailers(OK);
        }
    })
    .await;
    let asked = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&asked);
    let source = stream::iter(0..100).map(move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        Ok(text(&"x".repeat(SIZE)))
    });
    let (total, mut cx) = (peer.total(), Context::new());
    let mut call = Box::pin(total.call(&mut cx, Messages::new(source)));
    for _ in 0..1_000 {
        assert!((&mut call).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let ahead = asked.load(Ordering::SeqCst);
    assert!((1..10).contains(&ahead), "{ahead} of 100 messages were made for a callee that reads nothing");
    go.notify_one();
    assert_eq!(in_time(call).await.unwrap().v, 100);
}

/// A message that waits for room in the callee's window: hyper asks for nothing more of the source meanwhile.
#[tokio::test(start_paused = true)]
async fn a_source_goes_with_its_call_also_where_the_callee_does_not_read() {
    let _clock = Clock::hold();
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let (tell, mut ends) = seen();
    let peer = Peer::start(move |mut exchange: Exchange| {
        let (waits, tell) = (Arc::clone(&waits), tell.clone());
        async move {
            exchange.begin();
            waits.notified().await;
            while exchange.read::<Text>().await.is_some() {}
            tell(exchange.is_reset().await);
        }
    })
    .await;
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    let source = stream::repeat_with(move || {
        let _ = &holds;
        Ok(text(&"x".repeat(1024 * 1024)))
    });
    let lengths = peer.lengths();
    let stream = lengths.call(&mut Context::new(), Messages::new(source)).await.unwrap();
    settled().await;
    assert_eq!(Arc::strong_count(&held), 2);
    drop(stream);
    assert_eq!(Arc::strong_count(&held), 1, "the source is gone");
    go.notify_one();
    assert_eq!(in_time(ends.recv()).await, Some(Reason::CANCEL), "told when it reads again");
}
