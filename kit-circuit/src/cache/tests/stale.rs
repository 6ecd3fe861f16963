//! Answers past their time.

use super::*;

/// What is told, by kind and age in seconds.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(&'static str, u64)>>>);

impl kit_core::Observer<Event> for Heard {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(match event {
            Event::Stale { age } => ("refreshing", age.as_secs()),
            Event::Rescued { age, .. } => ("instead", age.as_secs()),
            Event::RefreshFailed(_) => ("failed", 0),
        });
    }
}

impl Heard {
    fn take(&self) -> Vec<(&'static str, u64)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_is_served_at_once_while_one_refresh_runs_for_all() {
    let heard = Heard::default();
    let layer = layer(Config { stale_while_refresh: Some(5 * SECOND), ..config() }).observe(heard.clone());
    let backend = Backend::default();
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    ask(&endpoint, 7).await.unwrap();
    backend.answers(Answer::SlowRow);
    advance(12 * SECOND).await;
    for _ in 0..10 {
        let mut cx = Context::new();
        let answer = endpoint.call(&mut cx, 7).now_or_never().expect("at once");
        assert_eq!(answer.unwrap(), "row 7, load 0");
        assert_eq!(cx.extensions().get::<Stale>().expect("marked").age(), 12 * SECOND);
    }
    assert_eq!(cache.stats().refreshing, 1);
    sleep(SECOND / 10).await;
    tokio::task::yield_now().await;
    assert_eq!((backend.loads(), cache.stats().refreshing), (2, 0));
    let mut cx = Context::new();
    assert_eq!(endpoint.call(&mut cx, 7).await.unwrap(), "row 7, load 1");
    assert!(cx.extensions().get::<Stale>().is_none());
    let stats = cache.stats();
    assert_eq!((stats.stale, stats.fresh, stats.missed, numbers(stats.refreshes)), (10, 1, 1, [1, 0, 1, 0, 0]));
    assert_eq!(heard.take(), [("refreshing", 12); 10]);
}

#[tokio::test(start_paused = true)]
async fn past_the_bound_a_caller_waits_for_a_new_answer() {
    let layer = layer(Config { stale_while_refresh: Some(5 * SECOND), ..config() });
    let backend = Backend::default();
    let endpoint = backend.endpoint().layer(layer);
    ask(&endpoint, 7).await.unwrap();
    advance(15 * SECOND).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 1");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_leaves_the_old_answer_as_long_as_it_may_be_served() {
    for answer in [Answer::Down, Answer::Panics, Answer::Hangs] {
        let heard = Heard::default();
        let stale = Config { stale_while_refresh: Some(5 * SECOND), refresh_limit: SECOND, ..config() };
        let layer = layer(stale).observe(heard.clone());
        let backend = Backend::default();
        let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
        ask(&endpoint, 7).await.unwrap();
        advance(10 * SECOND).await;
        backend.answers(answer);
        assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 0");
        sleep(2 * SECOND).await;
        assert_eq!((numbers(cache.stats().refreshes), cache.stats().refreshing), ([1, 0, 0, 1, 0], 0), "{answer:?}");
        assert_eq!(ask(&endpoint, 7).await.unwrap(), "row 7, load 0", "and another refresh");
        assert_eq!(heard.take(), [("refreshing", 10), ("failed", 0), ("refreshing", 12)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_learns_that_the_row_is_gone() {
    let layer = layer(Config { stale_while_refresh: Some(5 * SECOND), ..config() });
    let backend = Backend::default();
    let endpoint = backend.endpoint().layer(layer);
    ask(&endpoint, 7).await.unwrap();
    advance(10 * SECOND).await;
    backend.answers(Answer::Missing);
    ask(&endpoint, 7).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(ask(&endpoint, 7).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(backend.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn refreshes_are_bounded_and_end_with_the_cache() {
    let stale = Config { stale_while_refresh: Some(5 * SECOND), refreshes: 2, ..config() };
    let layer = layer(stale);
    let backend = Backend::default();
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    for id in 0..5 {
        ask(&endpoint, id).await.unwrap();
    }
    advance(10 * SECOND).await;
    backend.answers(Answer::Hangs);
    for id in 0..5 {
        assert_eq!(ask(&endpoint, id).await.unwrap(), format!("row {id}, load {id}"));
    }
    tokio::task::yield_now().await;
    assert_eq!((backend.loads(), cache.stats().refreshing), (7, 2));
    let script = Arc::downgrade(&backend.0);
    drop((endpoint, cache, layer, backend));
    tokio::task::yield_now().await;
    assert_eq!(script.strong_count(), 0, "no task is left that holds the backend");
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_is_served_in_the_place_of_a_failure_within_its_bound() {
    let heard = Heard::default();
    let layer = layer(Config { stale_on_error: Some(60 * SECOND), ..config() }).observe(heard.clone());
    let backend = Backend::default();
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    ask(&endpoint, 7).await.unwrap();
    advance(20 * SECOND).await;
    for answer in [Answer::Down, Answer::Full, Answer::Status500] {
        backend.answers(answer);
        let mut cx = Context::new();
        let result = endpoint.call(&mut cx, 7).await;
        assert_eq!(cx.outcome_of(&result), Outcome::Success);
        assert_eq!(result.unwrap(), "row 7, load 0", "{answer:?}");
        assert_eq!(cx.extensions().get::<Stale>().expect("marked").age(), 20 * SECOND);
    }
    assert_eq!(heard.take(), [("instead", 20); 3]);
    backend.answers(Answer::Denied);
    assert_eq!(ask(&endpoint, 7).await.unwrap_err().code(), Code::PermissionDenied, "that is the answer");
    backend.answers(Answer::Down);
    advance(50 * SECOND).await;
    assert_eq!(ask(&endpoint, 7).await.unwrap_err().code(), Code::Unavailable, "too old by now");
    let stats = cache.stats();
    assert_eq!((stats.rescued, stats.missed, stats.calls.admitted), (3, 6, 6));
}

#[tokio::test(start_paused = true)]
async fn the_bound_is_asked_when_the_call_has_failed() {
    let layer = layer(Config { stale_on_error: Some(5 * SECOND), ..config() });
    let backend = Backend::default();
    let slow = kit_core::middleware_fn(async |cx, id: u32, next| {
        let answer = next.call(cx, id).await;
        sleep(2 * SECOND).await;
        answer
    });
    let endpoint = backend.endpoint().layer(slow).layer(layer);
    ask(&endpoint, 7).await.unwrap();
    backend.answers(Answer::Down);
    advance(10 * SECOND).await;
    assert!(ask(&endpoint, 7).await.is_ok(), "14 s old when it is served");
    assert!(ask(&endpoint, 7).await.is_err(), "16 s old by then");
}
