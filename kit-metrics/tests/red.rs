//! The RED layer: what a scrape says after calls that ended in every way there is.

mod support;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use kit_core::child::ChildLayer;
use kit_core::{Code, Context, Endpoint, Error, Method, Outcome, endpoint_fn, middleware_fn};
use kit_metrics::red::{RedLayer, register_core};
use kit_metrics::{RegisterError, Registry, prometheus};
use support::scrape::Scrape;
use tokio::time::{advance, sleep};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

static PLACE: Method = Method::new("orders", "place");
static STOCK: Method = Method::new("warehouse", "stock");

const MS: Duration = Duration::from_millis(1);

/// How a call is to end, after a wait if it has one.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Reply,
    Said(Outcome),
    Fail(Code),
    Refuse,
    Panic,
    Hang,
}

async fn end(cx: &mut Context, (ending, wait): (Ending, Duration)) -> Result<&'static str, Error> {
    if !wait.is_zero() {
        sleep(wait).await;
    }
    match ending {
        Ending::Reply => Ok("done"),
        Ending::Said(outcome) => {
            cx.set_outcome(outcome);
            Ok("said")
        }
        Ending::Fail(code) => Err(Error::from_code(code)),
        Ending::Refuse => Err(Error::unavailable("the breaker is open").with_outcome(Outcome::Rejected)),
        Ending::Panic => panic!("the call was told to panic"),
        Ending::Hang => std::future::pending().await,
    }
}

/// Calls through `layer`, under the method `PLACE`; what is still running after a second is dropped.
async fn call(layer: &RedLayer, ending: Ending, wait: Duration) {
    let endpoint = endpoint_fn(end).layer(layer.clone());
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    let call = AssertUnwindSafe(endpoint.call(&mut cx, (ending, wait))).catch_unwind();
    let _ = tokio::time::timeout(1_000 * MS, call).await;
}

/// A registry as Prometheus reads it.
struct Read(Scrape);

impl Read {
    #[track_caller]
    fn of(registry: &Registry) -> Self {
        let scrape = Scrape::parse(&prometheus::text(registry));
        assert_eq!(scrape.malformed, [""; 0]);
        Self(scrape)
    }

    /// The counts of calls by outcome and code, those that are zero left out.
    fn ended(&self, side: &str, method: &Method) -> BTreeMap<(String, String), f64> {
        let of = |(label, value): (&str, &str), labels: &support::scrape::Labels| labels[label] == value;
        let series = self.0.samples.iter().filter(|(name, labels, count)| {
            *name == format!("kit_{side}_requests_total")
                && of(("service", method.service()), labels)
                && of(("method", method.name()), labels)
                && *count > 0.0
        });
        series.map(|(_, labels, count)| ((labels["outcome"].clone(), labels["code"].clone()), *count)).collect()
    }

    fn value(&self, name: &str, method: &Method) -> Option<f64> {
        self.0.sample(name, &[("service", method.service()), ("method", method.name())])
    }

    fn in_flight(&self, side: &str, method: &Method) -> f64 {
        self.value(&format!("kit_{side}_requests_in_flight"), method).expect("a gauge")
    }

    /// How many calls were timed, and for how long in all.
    fn timed(&self, side: &str, method: &Method) -> (f64, f64) {
        let name = |end| format!("kit_{side}_request_duration_seconds_{end}");
        (self.value(&name("count"), method).expect("a count"), self.value(&name("sum"), method).expect("a sum"))
    }
}

fn counts<const N: usize>(of: [(&str, &str, f64); N]) -> BTreeMap<(String, String), f64> {
    of.map(|(outcome, code, count)| ((outcome.into(), code.into()), count)).into()
}

#[tokio::test(start_paused = true)]
async fn every_call_counts_once_by_its_outcome_and_code() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::server(&registry)?;
    for (ending, wait) in [
        (Ending::Reply, 0),
        (Ending::Reply, 5),
        (Ending::Fail(Code::NotFound), 0),
        (Ending::Fail(Code::Unavailable), 0),
        (Ending::Refuse, 0),
        (Ending::Fail(Code::Cancelled), 0),
        (Ending::Fail(Code::DeadlineExceeded), 20),
        (Ending::Said(Outcome::BackendError), 0),
        (Ending::Said(Outcome::BusinessError), 0),
        (Ending::Said(Outcome::Success), 0),
        (Ending::Panic, 0),
        (Ending::Panic, 10),
        (Ending::Hang, 0),
    ] {
        call(&layer, ending, wait * MS).await;
    }
    let read = Read::of(&registry);
    let expected = counts([
        ("success", "OK", 3.0),
        ("business_error", "NotFound", 1.0),
        ("business_error", "Unknown", 1.0),
        ("backend_error", "Unavailable", 1.0),
        ("backend_error", "Unknown", 1.0),
        ("backend_error", "Internal", 2.0),
        ("rejected", "Unavailable", 1.0),
        ("cancelled", "Cancelled", 2.0),
        ("timed_out", "DeadlineExceeded", 1.0),
    ]);
    assert_eq!(read.ended("server", &PLACE), expected);
    assert_eq!(read.in_flight("server", &PLACE), 0.0);
    // The waits, and the second that the last one was given.
    assert_eq!(read.timed("server", &PLACE), (13.0, 1.035));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_pair_of_outcome_and_code_has_a_count_of_its_own() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(async |_cx, error: Error| Err::<(), _>(error)).layer(RedLayer::client(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    let pairs = Outcome::ALL.into_iter().flat_map(|outcome| Code::ALL.map(|code| (outcome, code)));
    for (outcome, code) in pairs.clone() {
        endpoint.call(&mut cx, Error::from_code(code).with_outcome(outcome)).await.unwrap_err();
    }
    let ended = Read::of(&registry).ended("client", &PLACE);
    let expected = pairs.map(|(outcome, code)| ((outcome.to_string(), code.to_string()), 1.0));
    assert_eq!(ended, expected.collect());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_used_again_is_measured_again() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::client(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    endpoint.call(&mut cx, (Ending::Reply, 5 * MS)).await?;
    endpoint.call(&mut cx, (Ending::Reply, 3 * MS)).await?;
    assert_eq!(Read::of(&registry).timed("client", &PLACE), (2.0, 0.008));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_scrape_has_three_families_a_side_and_their_kinds() -> Result {
    let registry = Registry::new();
    let (server, client) = (RedLayer::server(&registry)?, RedLayer::client(&registry)?);
    call(&server, Ending::Reply, Duration::ZERO).await;
    call(&client, Ending::Reply, Duration::ZERO).await;
    let kinds: Vec<_> = Read::of(&registry).0.types.into_iter().collect();
    let expected = ["client", "server"].map(|side| {
        [
            (format!("kit_{side}_request_duration_seconds"), "histogram".to_owned()),
            (format!("kit_{side}_requests_in_flight"), "gauge".to_owned()),
            (format!("kit_{side}_requests_total"), "counter".to_owned()),
        ]
    });
    assert_eq!(kinds, expected.as_flattened());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn calls_are_in_flight_until_they_end_and_each_has_its_own_time() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::server(&registry)?;
    let in_flight = || Read::of(&registry).in_flight("server", &PLACE);
    let looks = async {
        let mut seen = Vec::new();
        for _ in 0..4 {
            sleep(2 * MS).await;
            seen.push(in_flight());
        }
        seen
    };
    let calls = join_all(
        [(Ending::Reply, 1), (Ending::Fail(Code::Internal), 3), (Ending::Panic, 5), (Ending::Reply, 7)]
            .map(|(ending, wait)| call(&layer, ending, wait * MS)),
    );
    let (seen, _) = join(looks, calls).await;
    assert_eq!(seen, [3.0, 2.0, 1.0, 0.0]);
    assert_eq!(Read::of(&registry).timed("server", &PLACE), (4.0, 0.016));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_it_was_polled_was_never_made() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    let mut cx = Context::new();
    drop(endpoint.call(&mut cx, (Ending::Reply, MS)));
    assert!(Read::of(&registry).0.samples.is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_counted_for_the_call_that_panicked_and_not_for_its_neighbour() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::client(&registry)?;
    let endpoint = endpoint_fn(end).layer(layer);
    let (mut one, mut two) = (Context::new(), Context::new());
    one.set_method(&PLACE);
    two.set_method(&STOCK);
    let both = async {
        // The neighbour is dropped by the unwinding itself.
        let hangs = endpoint.call(&mut two, (Ending::Hang, Duration::ZERO));
        let panics = endpoint.call(&mut one, (Ending::Panic, MS));
        join(hangs, panics).await
    };
    AssertUnwindSafe(both).catch_unwind().await.unwrap_err();
    let read = Read::of(&registry);
    assert_eq!(read.ended("client", &PLACE), counts([("backend_error", "Internal", 1.0)]));
    assert_eq!(read.ended("client", &STOCK), counts([("cancelled", "Cancelled", 1.0)]));
    assert_eq!((read.in_flight("client", &PLACE), read.in_flight("client", &STOCK)), (0.0, 0.0));
    Ok(())
}

/// Panics before there is a future.
struct Eager;

impl Endpoint<()> for Eager {
    type Response = ();

    fn call(&self, cx: &mut Context, (): ()) -> impl Future<Output = Result<(), Error>> + Send {
        assert!(cx.method().is_none(), "told to panic");
        std::future::ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_future_is_made_is_counted_too() -> Result {
    let registry = Registry::new();
    let endpoint = Eager.layer(RedLayer::server(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    AssertUnwindSafe(endpoint.call(&mut cx, ())).catch_unwind().await.unwrap_err();
    let read = Read::of(&registry);
    assert_eq!(read.ended("server", &PLACE), counts([("backend_error", "Internal", 1.0)]));
    assert_eq!(read.in_flight("server", &PLACE), 0.0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_method_is_unknown() -> Result {
    static UNKNOWN: Method = Method::new("unknown", "unknown");
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    endpoint.call(&mut Context::new(), (Ending::Reply, 2 * MS)).await?;
    let read = Read::of(&registry);
    assert_eq!(read.ended("server", &UNKNOWN), counts([("success", "OK", 1.0)]));
    assert_eq!(read.timed("server", &UNKNOWN), (1.0, 0.002));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_method_seen_for_the_first_time_has_a_success_count_to_rise_from() -> Result {
    let registry = Registry::new();
    call(&RedLayer::server(&registry)?, Ending::Fail(Code::Internal), Duration::ZERO).await;
    let ok = [("service", "orders"), ("method", "place"), ("outcome", "success"), ("code", "OK")];
    assert_eq!(Read::of(&registry).0.sample("kit_server_requests_total", &ok), Some(0.0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_client_inside_a_server_counts_on_its_own_side_and_both_read_the_clock_once() -> Result {
    let registry = Registry::new();
    let (server, client) = (RedLayer::server(&registry)?, RedLayer::client(&registry)?);
    let endpoint = endpoint_fn(end).layer(client.clone()).layer(server.clone());
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    assert_eq!(cx.clock_reads(), 1);
    endpoint.call(&mut cx, (Ending::Reply, Duration::ZERO)).await?;
    assert_eq!(cx.clock_reads(), 2, "one end for both");
    let read = Read::of(&registry);
    assert_eq!(read.ended("server", &PLACE), counts([("success", "OK", 1.0)]));
    assert_eq!(read.ended("client", &PLACE), counts([("success", "OK", 1.0)]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_client_stack_within_a_handler_is_counted_under_the_callees_method() -> Result {
    let registry = Registry::new();
    let stock = endpoint_fn(end).layer(RedLayer::client(&registry)?).layer(ChildLayer::new(&STOCK)).boxed();
    let place = kit_core::endpoint_with(stock, async |stock, cx, ()| {
        let _ = stock.call(cx, (Ending::Fail(Code::Unavailable), 3 * MS)).await;
        stock.call(cx, (Ending::Reply, 4 * MS)).await
    });
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    place.layer(RedLayer::server(&registry)?).call(&mut cx, ()).await?;
    let read = Read::of(&registry);
    assert_eq!(read.ended("server", &PLACE), counts([("success", "OK", 1.0)]));
    assert_eq!(read.timed("server", &PLACE), (1.0, 0.007));
    let expected = counts([("backend_error", "Unavailable", 1.0), ("success", "OK", 1.0)]);
    assert_eq!(read.ended("client", &STOCK), expected);
    assert_eq!(read.timed("client", &STOCK), (2.0, 0.007));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_an_outer_layer_waits_afterwards_is_in_the_outer_ones_time() -> Result {
    let registry = Registry::new();
    let slow = middleware_fn(async |cx, request: (Ending, Duration), next| {
        let result = next.call(cx, request).await;
        advance(10 * MS).await;
        cx.stamp();
        result
    });
    let endpoint = endpoint_fn(end).layer(RedLayer::client(&registry)?).layer(slow).layer(RedLayer::server(&registry)?);
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    endpoint.call(&mut cx, (Ending::Reply, 5 * MS)).await?;
    let read = Read::of(&registry);
    assert_eq!(read.timed("client", &PLACE), (1.0, 0.005));
    assert_eq!(read.timed("server", &PLACE), (1.0, 0.015));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn layers_of_one_kind_feed_the_same_numbers_on_one_registry_and_their_own_on_two() -> Result {
    let (one, two) = (Registry::new(), Registry::new());
    for layer in [RedLayer::server(&one)?, RedLayer::server(&one)?, RedLayer::server(&two)?] {
        call(&layer, Ending::Reply, Duration::ZERO).await;
    }
    assert_eq!(Read::of(&one).ended("server", &PLACE), counts([("success", "OK", 2.0)]));
    assert_eq!(Read::of(&two).ended("server", &PLACE), counts([("success", "OK", 1.0)]));
    Ok(())
}

#[test]
fn threads_lose_no_call() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    let call = |ending| {
        let mut cx = Context::new();
        cx.set_method(&PLACE);
        endpoint.call(&mut cx, (ending, Duration::ZERO)).now_or_never().expect("ready at once").is_ok()
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    assert!(call(Ending::Reply));
                    assert!(!call(Ending::Fail(Code::NotFound)));
                }
            });
        }
    });
    let read = Read::of(&registry);
    let expected = counts([("success", "OK", 2_000.0), ("business_error", "NotFound", 2_000.0)]);
    assert_eq!(read.ended("server", &PLACE), expected);
    assert_eq!((read.in_flight("server", &PLACE), read.timed("server", &PLACE).0), (0.0, 4_000.0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn many_methods_each_have_their_own_numbers() -> Result {
    let registry = Registry::new();
    let endpoint = endpoint_fn(end).layer(RedLayer::server(&registry)?);
    let methods: Vec<_> = (0..100).map(|n| Method::leak("many".into(), format!("m{n}"), None)).collect();
    for (n, method) in methods.iter().enumerate() {
        let mut cx = Context::new();
        cx.set_method(method);
        for _ in 0..=n {
            endpoint.call(&mut cx, (Ending::Reply, Duration::ZERO)).await?;
        }
    }
    let read = Read::of(&registry);
    for (n, method) in methods.iter().enumerate() {
        assert_eq!(read.ended("server", method), counts([("success", "OK", n as f64 + 1.0)]));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_series_that_the_user_reads_from_a_function_stays_theirs() -> Result {
    let registry = Registry::new();
    let layer = RedLayer::server(&registry)?;
    let theirs =
        registry.counter("kit_server_requests_total", "Theirs").labels(["service", "method", "outcome", "code"])?;
    theirs.with_fn(["orders", "place", "success", "OK"], || 7.0)?;
    call(&layer, Ending::Reply, Duration::ZERO).await;
    call(&layer, Ending::Refuse, Duration::ZERO).await;
    let expected = counts([("success", "OK", 7.0), ("rejected", "Unavailable", 1.0)]);
    assert_eq!(Read::of(&registry).ended("server", &PLACE), expected);
    Ok(())
}

#[test]
fn a_name_that_is_registered_with_another_shape_is_refused() -> Result {
    let registry = Registry::new();
    registry.gauge("kit_client_requests_in_flight", "Mine").labels(["peer"])?;
    assert!(matches!(RedLayer::client(&registry), Err(RegisterError::Conflict { .. })));
    RedLayer::server(&registry)?;
    Ok(())
}

#[test]
fn bugs_are_shown_by_any_number_of_registries() -> Result {
    let registries = [Registry::new(), Registry::new()];
    for registry in &registries {
        register_core(registry)?;
        register_core(registry)?;
    }
    let before = Read::of(&registries[0]).0.sample("kit_bugs_total", &[]).expect("registered");
    drop(Error::bug("raw"));
    for registry in &registries {
        // Other tests of this process make no bugs.
        assert_eq!(Read::of(registry).0.sample("kit_bugs_total", &[]), Some(before + 1.0));
    }
    let registry = Registry::new();
    registry.counter("kit_bugs_total", "Mine").labels(["of"])?;
    assert!(matches!(register_core(&registry), Err(RegisterError::Conflict { .. })));
    Ok(())
}
