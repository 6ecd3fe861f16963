//! A chain of services over HTTP, of which the last one fails: who repeats, and who is told not to.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_circuit::retry::{GaveUp, RetryLayer, Why};
use kit_core::{Attempts, ChildLayer, Code, Context, Endpoint, Error, Method, Retry, endpoint_with};
use kit_transport::codec::Json;
use kit_transport::http::client::{Client, Config, Target};
use kit_transport::http::server::{Router, Server, json};
use tokio::time::timeout;

static READ: Method = Method::new("chain", "read").path("/read").idempotent();

/// Longer than any of this takes; a lost answer fails the test.
const PATIENCE: Duration = Duration::from_secs(20);

async fn serve(service: impl Endpoint<u32, Response = u32> + 'static) -> Target {
    let router = Router::new().post(&READ, json(service)).build().unwrap();
    let bound = Server::new(Default::default()).unwrap().bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", bound.local_addr()).parse().unwrap();
    tokio::spawn(bound.serve(router, std::future::pending()));
    target
}

/// Calls `target`, and again as `layer` says.
fn client(target: &Target, layer: RetryLayer) -> impl Endpoint<u32, Response = u32> + 'static {
    let client = Client::new(Config::default()).unwrap();
    let call = client.post(&READ, target, Json).endpoint::<u32>().unwrap();
    call.layer(layer).layer(ChildLayer::new(&READ))
}

/// What the leaf was told of attempts before.
type Marks = Arc<Mutex<Vec<Option<String>>>>;

async fn dead_leaf(marks: &Marks) -> Target {
    serve(endpoint_with(Arc::clone(marks), async |marks, cx, _: u32| {
        marks.lock().unwrap().push(cx.inbound().get(Attempts::PREVIOUS).map(str::to_owned));
        Err::<u32, _>(Error::unavailable("the disk is gone"))
    }))
    .await
}

#[tokio::test]
async fn a_dead_leaf_sees_the_repeats_of_its_neighbour_alone() {
    let (marks, layers) = (Marks::default(), [(); 3].map(|()| RetryLayer::default()));
    let leaf = dead_leaf(&marks).await;
    let low = serve(client(&leaf, layers[2].clone())).await;
    let high = serve(client(&low, layers[1].clone())).await;
    let call = client(&high, layers[0].clone());
    let error = timeout(PATIENCE, call.call(&mut Context::new(), 7)).await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "the disk is gone"));
    assert_eq!(error.retry(), Retry::Never, "as it was told by the service next to the leaf, two wires away");
    assert!(error.cause::<GaveUp>().is_none(), "nobody but that one repeated");
    assert_eq!(marks.lock().unwrap().len(), 3, "not 27");
    let stats = layers.map(|layer| layer.handle().stats());
    assert_eq!(stats.map(|stats| (stats.repeats, stats.gave_up(Why::Attempts))), [(0, 0), (0, 0), (2, 1)]);
}

#[tokio::test]
async fn below_a_repeat_every_service_makes_one_attempt() {
    let (marks, layers) = (Marks::default(), [(); 2].map(|()| RetryLayer::default()));
    let leaf = dead_leaf(&marks).await;
    // The service in between fails by itself the first time.
    let state = (AtomicU32::new(0), client(&leaf, layers[1].clone()));
    let between =
        serve(endpoint_with(state, async |(calls, leaf), cx, request| match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Error::unavailable("restarting")),
            _ => leaf.call(cx, request).await,
        }))
        .await;
    let call = client(&between, layers[0].clone());
    let error = timeout(PATIENCE, call.call(&mut Context::new(), 7)).await.unwrap().unwrap_err();
    assert_eq!(error.cause::<GaveUp>().expect("it was repeated").attempts().len(), 3);
    // The second and the third attempt came through, each once.
    assert_eq!(*marks.lock().unwrap(), [Some("1".to_owned()), Some("1".to_owned())]);
    let stats = layers.map(|layer| layer.handle().stats());
    assert_eq!(stats.map(|stats| (stats.repeats, stats.suppressed)), [(2, 0), (0, 2)]);
}
