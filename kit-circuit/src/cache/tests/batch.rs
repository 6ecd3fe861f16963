//! Many keys at a time.

use kit_core::Observer;
use tokio::task::yield_now;

use super::super::batch::BatchCacheLayer;
use super::*;

/// A backend of rows that a test tells how to answer, and what it was asked for.
#[derive(Clone, Default)]
struct Rows {
    asked: Arc<Mutex<Vec<Vec<u32>>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Rows {
    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> Vec<Vec<u32>> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Rows below 900; one of the rows is left out if it is told `Missing`.
    fn endpoint(&self) -> impl Endpoint<Vec<u32>, Response = Vec<Option<String>>> + use<> {
        endpoint_with(self.clone(), async |rows, _cx, ids: Vec<u32>| {
            rows.asked.lock().unwrap().push(ids.clone());
            let answer = *rows.answer.lock().unwrap();
            match answer {
                Answer::Down => return Err(Error::unavailable("down")),
                Answer::SlowRow => sleep(SECOND / 10).await,
                _ => {}
            }
            let skip = usize::from(matches!(answer, Answer::Missing));
            Ok(ids.into_iter().skip(skip).map(row).collect())
        })
    }
}

fn row(id: u32) -> Option<String> {
    (id < 900).then(|| format!("row {id}"))
}

fn rows(ids: &[u32]) -> Vec<Option<String>> {
    ids.iter().copied().map(row).collect()
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<&'static str>>>);

impl Observer<Event> for Heard {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(match event {
            Event::Stale { .. } => "stale",
            Event::Rescued { .. } => "rescued",
            Event::RefreshFailed(_) => "failed",
        });
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_memory_does_not_know_is_asked_for_and_what_is_missing_is_remembered() {
    let (backend, layer) = (Rows::default(), BatchCacheLayer::new(config()).unwrap());
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    endpoint.call(&mut Context::new(), vec![106]).await.unwrap();
    let ids = [107, 106, 999, 106];
    assert_eq!(endpoint.call(&mut Context::new(), ids.to_vec()).await.unwrap(), rows(&ids));
    assert_eq!(backend.asked(), [vec![106], vec![107, 999]]);
    advance(SECOND).await;
    assert_eq!(endpoint.call(&mut Context::new(), ids.to_vec()).await.unwrap(), rows(&ids));
    assert_eq!(backend.asked(), [[0; 0]; 0]);
    advance(SECOND).await;
    endpoint.call(&mut Context::new(), ids.to_vec()).await.unwrap();
    assert_eq!(backend.asked(), [[999]], "its two seconds are over");
    let stats = cache.stats();
    assert_eq!((stats.fresh, stats.negative, stats.missed, stats.lookups()), (5, 1, 4, 10));
    assert_eq!((numbers(stats.calls), stats.entries), ([3, 0, 3, 0, 0], 3));
    assert_eq!(endpoint.call(&mut Context::new(), Vec::new()).await.unwrap(), rows(&[]));
}

#[tokio::test(start_paused = true)]
async fn stale_rows_are_served_while_one_call_fetches_them_all() {
    let heard = Heard::default();
    let stale = Config { stale_while_refresh: Some(5 * SECOND), ..config() };
    let (backend, layer) = (Rows::default(), BatchCacheLayer::new(stale).unwrap().observe(heard.clone()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    endpoint.call(&mut Context::new(), vec![1, 2]).await.unwrap();
    advance(12 * SECOND).await;
    backend.answers(Answer::SlowRow);
    for _ in 0..3 {
        let mut cx = Context::new();
        let answer = endpoint.call(&mut cx, vec![2, 1]).now_or_never().expect("at once");
        assert_eq!(answer.unwrap(), rows(&[2, 1]));
        assert_eq!(cx.extensions().get::<Stale>().expect("marked").age(), 12 * SECOND);
    }
    assert_eq!(cache.stats().refreshing, 1);
    sleep(SECOND).await;
    yield_now().await;
    assert_eq!(backend.asked(), [[1, 2], [2, 1]]);
    let mut cx = Context::new();
    endpoint.call(&mut cx, vec![1, 2]).await.unwrap();
    assert!(cx.extensions().get::<Stale>().is_none());
    assert_eq!((cache.stats().stale, numbers(cache.stats().refreshes)), (6, [1, 0, 1, 0, 0]));
    assert_eq!(*heard.0.lock().unwrap(), ["stale"; 3]);
}

#[tokio::test(start_paused = true)]
async fn old_rows_make_up_for_a_failure_only_if_there_is_one_for_each_key() {
    let heard = Heard::default();
    let stale = Config { stale_on_error: Some(60 * SECOND), ..config() };
    let (backend, layer) = (Rows::default(), BatchCacheLayer::new(stale).unwrap().observe(heard.clone()));
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    endpoint.call(&mut Context::new(), vec![1, 2]).await.unwrap();
    advance(20 * SECOND).await;
    backend.answers(Answer::Down);
    let mut cx = Context::new();
    assert_eq!(endpoint.call(&mut cx, vec![2, 1]).await.unwrap(), rows(&[2, 1]));
    assert_eq!(cx.extensions().get::<Stale>().expect("marked").age(), 20 * SECOND);
    assert_eq!(endpoint.call(&mut Context::new(), vec![1, 3]).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!((cache.stats().rescued, *heard.0.lock().unwrap() == ["rescued"]), (2, true));
}

#[tokio::test(start_paused = true)]
async fn a_removal_outruns_rows_that_are_on_their_way() {
    let (backend, layer) = (Rows::default(), BatchCacheLayer::new(config()).unwrap());
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    backend.answers(Answer::SlowRow);
    let mut cx = Context::new();
    let mut reader = Box::pin(endpoint.call(&mut cx, vec![1]));
    assert!(reader.as_mut().now_or_never().is_none());
    cache.remove(&1);
    assert_eq!(reader.await.unwrap(), rows(&[1]));
    endpoint.call(&mut Context::new(), vec![1]).await.unwrap();
    assert_eq!((backend.asked().len(), cache.stats().outrun), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_length_is_a_bug_and_nothing_is_kept() {
    let (backend, layer) = (Rows::default(), BatchCacheLayer::new(config()).unwrap());
    let (endpoint, cache) = (backend.endpoint().layer(layer.clone()), layer.handle());
    backend.answers(Answer::Missing);
    assert!(endpoint.call(&mut Context::new(), vec![1, 2]).await.unwrap_err().is_bug());
    assert_eq!(cache.stats().entries, 0);
}
