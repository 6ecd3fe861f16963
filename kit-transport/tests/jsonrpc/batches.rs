use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit_core::{Cancel, Method, endpoint_with, request_fn, request_with};
use kit_transport::http::server::RouterService;
use kit_transport::jsonrpc::server::{Config, Methods};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{ask, calculator, post, send, service};

static SLEEP: Method = Method::new("sleeper", "sleep").idempotent();

fn batch(requests: impl IntoIterator<Item = Value>) -> String {
    Value::from_iter(requests).to_string()
}

fn call(method: &str, params: Value, id: impl Into<Value>) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": id.into() })
}

/// Sleeps as long as it is told, and counts how many do at once, and the most.
fn sleeper(config: Config) -> (RouterService, Arc<(AtomicUsize, AtomicUsize)>) {
    let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let sleeper = request_with(Arc::clone(&counts), async |counts, (ms,): (u64,)| {
        let now = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
        counts.1.fetch_max(now, Ordering::SeqCst);
        sleep(Duration::from_millis(ms)).await;
        counts.0.fetch_sub(1, Ordering::SeqCst);
        Ok(ms)
    });
    (service(Methods::new().config(config).method(&SLEEP, sleeper).build().unwrap()), counts)
}

#[tokio::test(start_paused = true)]
async fn answers_stand_in_the_order_of_the_requests_whoever_ends_first() {
    let (service, _) = sleeper(Config::default());
    let requests = [300, 100, 200].map(|ms| call("sleep", json!([ms]), ms));
    let begun = Instant::now();
    let answer = ask(&service, batch(requests)).await.json();
    assert_eq!(begun.elapsed(), Duration::from_millis(300), "side by side");
    let results: Vec<_> =
        answer.as_array().unwrap().iter().map(|one| (one["result"].clone(), one["id"].clone())).collect();
    assert_eq!(results, [300, 100, 200].map(|ms| (json!(ms), json!(ms))));
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_once_than_may_and_a_place_is_taken_as_it_is_free() {
    let (service, counts) = sleeper(Config { max_concurrent: 3, ..Config::default() });
    // The first holds its place; the others pass through the two that are left.
    let times = [1_000, 100, 100, 100, 100, 100, 100];
    let begun = Instant::now();
    let answer = ask(&service, batch(times.map(|ms| call("sleep", json!([ms]), ms)))).await.json();
    assert_eq!(answer.as_array().unwrap().len(), times.len());
    assert_eq!((begun.elapsed(), counts.1.load(Ordering::SeqCst)), (Duration::from_secs(1), 3));
}

#[tokio::test]
async fn a_batch_that_is_too_long_is_one_invalid_request_and_runs_nothing() {
    let (service, counts) = sleeper(Config { max_batch: 3, ..Config::default() });
    let requests = |n: u64| batch((0..n).map(|id| call("sleep", json!([0]), id)));
    assert_eq!(ask(&service, requests(3)).await.json().as_array().unwrap().len(), 3);
    counts.1.store(0, Ordering::SeqCst);
    let answer = ask(&service, requests(4)).await;
    assert_eq!((answer.number(), &answer.json()["id"]), (-32600, &Value::Null));
    assert_eq!(counts.1.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_fails_in_a_batch_leaves_the_others_alone() {
    static DIVIDE: Method = Method::new("calculator", "divide");
    let divide = request_fn(async |(a, b): (i64, i64)| Ok(a / b));
    let service = service(calculator().method(&DIVIDE, divide).build().unwrap());
    let mut notification = call("divide", json!([1, 0]), 0);
    notification.as_object_mut().unwrap().remove("id");
    let requests = [
        call("divide", json!([1, 0]), 1),
        call("divide", json!([6, 3]), 2),
        notification,
        call("divide", json!(["x"]), 3),
        call("rpc.discover", json!([]), 4),
        json!([call("divide", json!([6, 3]), 5)]),
        call("divide", json!([9, 3]), Value::Null),
        call("divide", json!([8, 2]), 2),
    ];
    let answer = ask(&service, batch(requests)).await.json();
    let got: Vec<_> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].clone(), one["result"].as_i64().or(one["error"]["code"].as_i64()).unwrap()))
        .collect();
    let expected = [
        (json!(1), -32603),
        (json!(2), 2),
        (json!(3), -32602),
        (json!(4), -32601),
        (json!(null), -32600),
        (json!(null), 3),
        (json!(2), 4),
    ];
    assert_eq!(got, expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_done_by_the_deadline_fails_alone() {
    let (service, counts) = sleeper(Config { max_concurrent: 2, ..Config::default() });
    let mut notification = call("sleep", json!([60_000]), 0);
    notification.as_object_mut().unwrap().remove("id");
    // The first two hold the places; the last has its turn when the time is up.
    let requests =
        [notification, call("sleep", json!([100]), 1), call("sleep", json!([60_000]), 2), call("sleep", json!([0]), 3)];
    let ended = async |body: String| {
        let mut request = post(body);
        request.headers_mut().insert("grpc-timeout", "2S".parse().unwrap());
        let begun = Instant::now();
        let answer = send(&service, request).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
        answer.json()
    };
    let answer = ended(batch(requests)).await;
    let got: Vec<_> =
        answer.as_array().unwrap().iter().map(|one| (one["id"].clone(), one["error"]["code"].clone())).collect();
    assert_eq!(got, [(json!(1), Value::Null), (json!(2), json!(-32004)), (json!(3), json!(-32004))]);
    assert_eq!(counts.1.load(Ordering::SeqCst), 2);
    let alone = ended(call("sleep", json!([60_000]), "x").to_string()).await;
    assert_eq!((&alone["error"]["data"]["code"], &alone["id"]), (&json!("DeadlineExceeded"), &json!("x")));
}

#[tokio::test(start_paused = true)]
async fn who_drops_the_exchange_drops_and_tells_every_call_of_it() {
    static HANG: Method = Method::new("sleeper", "hang");
    let (leave, mut left) = mpsc::channel::<Cancel>(4);
    let hang = endpoint_with(leave, async |leave, cx, (): ()| {
        leave.send(cx.cancel_token()).await.unwrap();
        std::future::pending::<()>().await;
        Ok(())
    });
    let service = service(Methods::new().method(&HANG, hang).build().unwrap());
    for body in [batch([1, 2].map(|id| call("hang", json!([]), id))), call("hang", json!([]), 1).to_string()] {
        assert!(timeout(Duration::from_secs(1), ask(&service, body)).await.is_err());
        let mut told = 0;
        while let Ok(token) = left.try_recv() {
            assert!(token.is_cancelled());
            told += 1;
        }
        assert!(told > 0);
    }
}
