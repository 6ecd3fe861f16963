//! The delay that is measured.

use super::*;

/// So many calls that take so many milliseconds, one after another.
async fn calls(layer: &HedgeLayer, takes: impl IntoIterator<Item = u32>) {
    for ms in takes {
        // What it takes if it is hedged, too.
        let backend = Backend::new([Reply(ms), Reply(ms)]);
        backend.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_hedged_before_a_hundred_calls_are_known() {
    let layer = HedgeLayer::new(Config { ratio: 1.0, ..Config::default() }).unwrap();
    calls(&layer, 1..=99).await;
    let backend = Backend::new([Reply(60_000)]);
    assert_eq!(layer.handle().stats().delay, None);
    backend.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap();
    let stats = layer.handle().stats();
    assert_eq!(stats.sent, 0);
    let delay = stats.delay.expect("known");
    assert!(delay >= 95 * MS && delay <= 102 * MS, "{delay:?}");
}

#[tokio::test(start_paused = true)]
async fn the_second_attempt_comes_when_nineteen_in_twenty_would_have_answered() {
    let layer = HedgeLayer::new(Config { ratio: 1.0, ..Config::default() }).unwrap();
    calls(&layer, 1..=128).await;
    let delay = layer.handle().stats().delay.expect("known");
    let began = Instant::now();
    let backend = Backend::new([Hang, Reply(3)]);
    assert_eq!(backend.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap(), 1);
    let made = backend.at(began)[1];
    assert!(made >= delay && made <= delay + MS, "{made:?} for {delay:?}");
}

#[tokio::test(start_paused = true)]
async fn failures_and_losers_do_not_move_it() {
    let layer = HedgeLayer::new(Config { ratio: 1.0, ..Config::default() }).unwrap();
    calls(&layer, std::iter::repeat_n(100, 200)).await;
    let delay = layer.handle().stats().delay.expect("known");
    // A backend that fails at once looks fast, and a hedge that answers at once too.
    for _ in 0..1_000 {
        let backend = Backend::new([Fail(0, Error::unavailable("down"))]);
        backend.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap_err();
    }
    assert_eq!(layer.handle().stats().delay, Some(delay));
    for n in 0..1_000 {
        let first = if n % 20 == 0 { Hang } else { Reply(100) };
        let backend = Backend::new([first, Reply(0)]);
        backend.endpoint().layer(layer.clone()).call(&mut read(), 7).await.unwrap();
    }
    let stats = layer.handle().stats();
    assert_eq!((stats.delay, stats.won), (Some(delay), 50), "one in twenty lost, and counts with the time it had");
}

#[tokio::test(start_paused = true)]
async fn another_percentile_is_measured_from_then_on() {
    let layer = HedgeLayer::new(Config { ratio: 0.0, ..Config::default() }).unwrap();
    calls(&layer, 1..=100).await;
    let handle = layer.handle();
    handle.set(Config { delay: Delay::Percentile(50.0), ..handle.config() }).unwrap();
    calls(&layer, 1..=100).await;
    let delay = handle.stats().delay.expect("known");
    assert!(delay >= 48 * MS && delay <= 56 * MS, "{delay:?}");
    handle.set(Config { delay: Delay::Fixed(7 * MS), ..handle.config() }).unwrap();
    assert_eq!((handle.stats().delay, handle.stats().calls.ok), (Some(7 * MS), 200));
}
