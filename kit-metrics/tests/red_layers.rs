//! RED layers beside and inside one another, and what they register.

#[path = "support/red.rs"]
mod calls;
mod support;

use std::time::Duration;

use calls::{Ending, MS, PLACE, Read, Result, STOCK, call, counts, end};
use kit_core::child::ChildLayer;
use kit_core::{Code, Context, Endpoint as _, Error, Layer as _, Method, Outcome, endpoint_fn, middleware_fn};
use kit_metrics::red::{RedLayer, register_core};
use kit_metrics::{RegisterError, Registry};
use tokio::time::advance;

#[tokio::test(start_paused = true)]
async fn a_scrape_has_four_families_a_side_and_their_kinds() -> Result {
    let registry = Registry::new();
    let (server, client) = (RedLayer::server(&registry)?, RedLayer::client(&registry)?);
    call(&server, Ending::Reply, Duration::ZERO).await;
    call(&client, Ending::Reply, Duration::ZERO).await;
    // The fourth is there once a fallback has answered.
    let instead = || {
        endpoint_fn(async |cx, ()| {
            cx.set_fallback(Outcome::TimedOut);
            Ok(())
        })
    };
    server.layer(instead()).call(&mut Context::new(), ()).await?;
    client.layer(instead()).call(&mut Context::new(), ()).await?;
    let kinds: Vec<_> = Read::of(&registry).0.types.into_iter().collect();
    let expected = ["client", "server"].map(|side| {
        [
            (format!("kit_{side}_fallback_answers_total"), "counter".to_owned()),
            (format!("kit_{side}_request_duration_seconds"), "histogram".to_owned()),
            (format!("kit_{side}_requests_in_flight"), "gauge".to_owned()),
            (format!("kit_{side}_requests_total"), "counter".to_owned()),
        ]
    });
    assert_eq!(kinds, expected.as_flattened());
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
