//! Many callers at once.

use std::sync::Barrier;
use std::thread;

use futures_util::FutureExt as _;

use super::*;

/// From several threads at the end of the open time: how many reached the backend. Contexts carry the time, so no clock is waited for.
fn probes_of_many(probes: u16, callers: usize) -> u32 {
    let half_open = HalfOpen { probes, successes: probes, ..HalfOpen::default() };
    let layer = BreakerLayer::new(Config { half_open, ..three() }).unwrap();
    let reached = Arc::new(AtomicU32::new(0));
    let endpoint = layer.layer(backend(Arc::clone(&reached)));
    for _ in 0..3 {
        let mut cx = Context::new();
        endpoint.call(&mut cx, Fail).now_or_never().unwrap().unwrap_err();
    }
    let late = Instant::now() + 10 * SECOND;
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                let mut contexts: Vec<_> = (0..callers / 4).map(|_| Context::at(late)).collect();
                // Every probe stays out until all have asked.
                let mut calls: Vec<_> = contexts.iter_mut().map(|cx| Box::pin(endpoint.call(cx, Hang))).collect();
                for call in &mut calls {
                    let _ = call.now_or_never();
                }
                start.wait();
            });
        }
    });
    let counts = layer.handle().stats();
    assert_eq!(counts.refused, callers as u64 - u64::from(probes));
    assert_eq!((counts.cancelled, counts.failed), (u64::from(probes), 3));
    assert_eq!(layer.handle().state(), State::HalfOpen);
    reached.load(Ordering::Relaxed) - 3
}

#[test]
fn at_the_end_of_the_open_time_exactly_the_permitted_probes_go() {
    for _ in 0..20 {
        assert_eq!(probes_of_many(1, 200), 1);
        assert_eq!(probes_of_many(8, 200), 8);
    }
}

#[test]
fn counts_of_many_threads_reconcile_and_one_of_them_opens() {
    let ratio = Ratio { ratio: 0.9, min_calls: 500, window: Window::Time(SECOND) };
    let layer = BreakerLayer::new(Config { consecutive: None, failures: Some(ratio), ..three() }).unwrap();
    let opened = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&opened);
    let layer = layer.observe(move |event: &Event| {
        if matches!(event, Event::Changed { .. }) {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    let endpoint = layer.layer(backend(Arc::default()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..2_000 {
                    let ending = if n < 500 && n % 5 == 0 { Reply } else { Fail };
                    let _ = endpoint.call(&mut Context::new(), ending).now_or_never();
                }
            });
        }
    });
    let counts = layer.handle().stats();
    assert_eq!((counts.offered(), counts.running()), (8_000, 0));
    assert_eq!((layer.handle().state(), opened.load(Ordering::Relaxed)), (State::Open, 1));
    assert!(counts.refused > 0 && counts.ok > 0);
}
