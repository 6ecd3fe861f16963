use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use h2::Reason;
use kit_core::{Code, Context, Endpoint as _, Error, Outcome};
use kit_transport::grpc::{Messages, client};
use tokio::sync::Notify;

use crate::support::*;

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
