//! The rules of idempotency keys. Time stands still until a test moves it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::{Code, Context, Endpoint, Error, Metadata, Outcome, Retry, endpoint_with};
use tokio::time::{advance, sleep};

use super::*;
use crate::Counts;

const WORK: Duration = Duration::from_millis(50);

/// What a message asks for, and how its run is to end.
#[derive(Clone, Copy, Debug, Hash)]
enum Order {
    Buy(u32),
    SoldOut,
    Down,
    NotSent,
    Full,
    Panic,
    Hang,
}

/// Counts what it has begun and what it has done; each takes 50 ms.
#[derive(Clone, Default)]
struct Shop(Arc<(AtomicUsize, AtomicUsize)>);

impl Shop {
    fn begun(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    fn done(&self) -> usize {
        self.0.1.load(Ordering::Relaxed)
    }

    fn endpoint(&self) -> impl Endpoint<Order, Response = String> + use<> {
        endpoint_with(self.clone(), async |shop, _cx, order: Order| {
            shop.0.0.fetch_add(1, Ordering::Relaxed);
            sleep(WORK).await;
            let done = shop.0.1.fetch_add(1, Ordering::Relaxed);
            match order {
                Order::Buy(what) => Ok(format!("bought {what}, receipt {done}")),
                Order::SoldOut => Err(Error::failed_precondition("sold out")),
                Order::Down => Err(Error::unavailable("down")),
                Order::NotSent => Err(Error::unavailable("no connection").with_retry(Retry::Safe)),
                Order::Full => Err(Error::unavailable("full").with_outcome(Outcome::Rejected)),
                Order::Panic => panic!("the shop was told to panic"),
                Order::Hang => std::future::pending().await,
            }
        })
    }
}

/// The context of a message with this key; none is none.
fn message(key: &'static str) -> Context {
    let mut cx = Context::new();
    if !key.is_empty() {
        let mut inbound = Metadata::default();
        inbound.insert("idempotency-key", key).unwrap();
        cx.set_inbound(inbound);
    }
    cx
}

fn layer(
    config: Config,
) -> IdempotencyLayer<Order, String, String, impl Fn(&Context, &Order) -> Option<String> + Send + Sync + use<>> {
    IdempotencyLayer::new(config, |cx: &Context, _: &Order| header_key(cx)).unwrap()
}

fn numbers(calls: Counts) -> [u64; 5] {
    [calls.admitted, calls.refused, calls.ok, calls.failed, calls.cancelled]
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_gets_the_first_answer_until_its_time() {
    let (shop, layer) = (Shop::default(), layer(Config::default()));
    let (endpoint, handle) = (shop.endpoint().layer(layer.clone()), layer.handle());
    for _ in 0..3 {
        assert_eq!(endpoint.call(&mut message("k"), Order::Buy(7)).await.unwrap(), "bought 7, receipt 0");
        advance(Duration::from_secs(3_600)).await;
    }
    assert_eq!(endpoint.call(&mut message("other"), Order::Buy(7)).await.unwrap(), "bought 7, receipt 1");
    advance(Duration::from_secs(21 * 3_600)).await;
    assert_eq!(endpoint.call(&mut message("k"), Order::Buy(7)).await.unwrap(), "bought 7, receipt 2");
    tokio::task::yield_now().await;
    let stats = handle.stats();
    assert_eq!((numbers(stats.calls), numbers(stats.runs)), ([5, 0, 5, 0, 0], [3, 0, 3, 0, 0]));
    assert_eq!((stats.replayed, stats.running, stats.kept), (2, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_at_once_are_one_run() {
    let (shop, layer) = (Shop::default(), layer(Config::default()));
    let (endpoint, handle) = (shop.endpoint().layer(layer.clone()), layer.handle());
    let (mut one, mut two) = (message("k"), message("\"k\""));
    let (a, b) = tokio::join!(endpoint.call(&mut one, Order::Buy(7)), endpoint.call(&mut two, Order::Buy(7)));
    assert_eq!((a.unwrap(), b.unwrap()), ("bought 7, receipt 0".into(), "bought 7, receipt 0".into()));
    let marks = [&one, &two].map(|cx| cx.extensions().get::<Replayed>().is_some());
    assert_eq!((marks, handle.stats().replayed, shop.begun()), ([false, true], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_when_its_caller_leaves_and_the_next_message_gets_its_answer() {
    let (shop, layer) = (Shop::default(), layer(Config::default()));
    let (endpoint, handle) = (shop.endpoint().layer(layer.clone()), layer.handle());
    assert!(endpoint.call(&mut message("k"), Order::Buy(7)).now_or_never().is_none());
    assert_eq!((handle.stats().running, numbers(handle.stats().calls)), (1, [1, 0, 0, 0, 1]));
    sleep(2 * WORK).await;
    assert_eq!((shop.done(), handle.stats().running, handle.stats().kept), (1, 0, 1));
    assert_eq!(endpoint.call(&mut message("k"), Order::Buy(7)).await.unwrap(), "bought 7, receipt 0");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_each_ending_is_as_the_table_says() {
    for (order, rerun_unknown, runs) in [
        (Order::SoldOut, false, 1),
        (Order::Full, false, 2),
        (Order::NotSent, false, 2),
        (Order::Down, false, 1),
        (Order::Down, true, 2),
        (Order::Panic, false, 1),
        (Order::Panic, true, 2),
        (Order::Hang, false, 1),
        (Order::Hang, true, 2),
    ] {
        let shop = Shop::default();
        let layer = layer(Config { rerun_unknown, ..Config::default() });
        let (endpoint, handle) = (shop.endpoint().layer(layer.clone()), layer.handle());
        let first = endpoint.call(&mut message("k"), order).await.unwrap_err();
        let second = endpoint.call(&mut message("k"), order).await.unwrap_err();
        assert_eq!(first.id() == second.id(), runs == 1, "{order:?}");
        assert_eq!(shop.begun(), runs, "{order:?} {rerun_unknown}");
        let open = matches!(order, Order::Down | Order::Panic | Order::Hang);
        assert_eq!(handle.stats().unknown, if open { runs as u64 } else { 0 }, "{order:?} {rerun_unknown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_comes_with_another_request_is_refused() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let layer = layer(Config::default())
        .fingerprint(|order: &Order| if let Order::Buy(what) = order { u64::from(*what) } else { 0 })
        .observe(move |event: &Event| hears.lock().unwrap().push(format!("{event:?}")));
    let shop = Shop::default();
    let (endpoint, handle) = (shop.endpoint().layer(layer.clone()), layer.handle());
    let (mut one, mut two) = (message("k"), message("k"));
    let (a, b) = tokio::join!(endpoint.call(&mut one, Order::Buy(7)), endpoint.call(&mut two, Order::Buy(8)));
    assert_eq!(a.unwrap(), "bought 7, receipt 0");
    for error in [b.unwrap_err(), endpoint.call(&mut message("k"), Order::Buy(8)).await.unwrap_err()] {
        assert_eq!((error.code(), error.cause::<Refused>()), (Code::InvalidArgument, Some(&Refused::Reused)));
        assert_eq!((error.reason(), error.retry()), (Some("idempotency_key_reused"), Retry::Never));
    }
    assert_eq!(endpoint.call(&mut message("k"), Order::Buy(7)).await.unwrap(), "bought 7, receipt 0");
    assert_eq!((shop.begun(), handle.stats().reused), (1, 2));
    assert_eq!(*heard.lock().unwrap(), ["Refused(Reused)", "Refused(Reused)", "Replayed"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_a_call_is_passed_on_or_refused() {
    let (shop, layer) = (Shop::default(), layer(Config::default()));
    let (endpoint, handle) = (shop.endpoint().layer(layer.clone()), layer.handle());
    for receipt in 0..2 {
        let answer = endpoint.call(&mut message(""), Order::Buy(7)).await.unwrap();
        assert_eq!(answer, format!("bought 7, receipt {receipt}"));
    }
    handle.set(Config { required: true, ..handle.config() }).unwrap();
    for key in ["", "\"\""] {
        let error = endpoint.call(&mut message(key), Order::Buy(7)).await.unwrap_err();
        assert_eq!((error.code(), error.cause::<Refused>()), (Code::InvalidArgument, Some(&Refused::Missing)));
    }
    assert_eq!((shop.begun(), numbers(handle.stats().calls)), (2, [2, 2, 2, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn runs_end_with_the_last_endpoint_and_handle() {
    let (shop, layer) = (Shop::default(), layer(Config::default()));
    let endpoint = shop.endpoint().layer(layer.clone());
    assert!(endpoint.call(&mut message("k"), Order::Buy(7)).now_or_never().is_none());
    tokio::task::yield_now().await;
    drop((endpoint, layer));
    sleep(2 * WORK).await;
    assert_eq!((shop.begun(), shop.done(), Arc::strong_count(&shop.0)), (1, 0, 1));
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let handle = layer(Config::default()).handle();
    for (field, config) in [
        ("ttl", Config { ttl: Duration::ZERO, ..Config::default() }),
        ("max_entries", Config { max_entries: 0, ..Config::default() }),
        ("limit", Config { limit: Duration::ZERO, ..Config::default() }),
    ] {
        assert_eq!(handle.set(config).unwrap_err().field(), field);
    }
    assert_eq!(handle.config(), Config::default());
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&Config::default()).unwrap()).unwrap(), Config::default());
    assert!(toml::from_str::<Config>("require = true").is_err());
}
