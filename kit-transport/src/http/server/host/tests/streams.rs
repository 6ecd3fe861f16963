//! Bodies of many values, over connections whose other end takes its time, or leaves.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, stream};
use kit_core::{Code, Context, Layer, Outcome};
use tokio::time::{sleep, timeout};

use super::frames::{CANCEL, RST_STREAM, frame, get};
use super::*;
use crate::codec::{Json, Messages};
use crate::http::ndjson::NdJson;
use crate::http::server::extract::extract;
use crate::http::server::sse::{Event, Sse};
use crate::http::server::{Binding, Finished};

type Told = (Outcome, Option<Code>);

#[derive(Clone, Default)]
struct Seen {
    /// How many items the source was asked for.
    made: Arc<AtomicUsize>,
    /// Held by every source there is.
    held: Arc<()>,
    ends: Arc<Mutex<Vec<Told>>>,
    permits: Permits,
}

/// A layer of any response, which holds a permit as long as the answer lasts.
#[derive(Clone, Default)]
struct Permits(Arc<AtomicUsize>);

struct Permit(Arc<AtomicUsize>);

struct Permitted<E>(E, Permits);

impl Permits {
    fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<E> Layer<E> for Permits {
    type Service = Permitted<E>;

    fn layer(&self, inner: E) -> Permitted<E> {
        Permitted(inner, self.clone())
    }
}

impl<E: Endpoint<Request>> Endpoint<Request> for Permitted<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<E::Response, Error> {
        let Permits(taken) = &self.1;
        taken.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(Arc::clone(taken));
        let result = self.0.call(cx, request).await;
        if let Some(end) = cx.stream() {
            end.attach(move |_ended| drop(permit));
        }
        result
    }
}

impl Seen {
    fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    fn items(&self) -> impl stream::Stream<Item = Result<String, Error>> + Send + 'static {
        let (made, held) = (Arc::clone(&self.made), Arc::clone(&self.held));
        stream::repeat_with(move || {
            let _held = &held;
            made.fetch_add(1, Ordering::Relaxed);
            // A line of 1,024 bytes.
            Ok("x".repeat(1021))
        })
    }

    /// `/lines` and `/events` never end; `/lines/3` and `/events/3` fail after three items.
    fn service(&self) -> RouterService {
        let endless = || endpoint_with(self.clone(), async |seen, cx, ()| Ok(Streaming::new(cx, seen.items())));
        let failing = || {
            endpoint_with(self.clone(), async |seen, cx, ()| {
                let torn = stream::iter([Err(Error::data_loss("torn"))]);
                Ok(Streaming::new(cx, seen.items().take(3).chain(torn)))
            })
        };
        let nothing = || extract(|| Ok(()));
        let event = || Sse::of(|text: String| Ok(Event::data(text)));
        let ends = Arc::clone(&self.ends);
        let finalize = move |finished: &Finished<'_>| {
            ends.lock().unwrap().push((finished.outcome, finished.error.map(Error::code)));
        };
        Router::with(self.permits.clone())
            .get("/lines", Binding::new(endless(), nothing(), NdJson::new()))
            .get("/events", Binding::new(endless(), nothing(), event()))
            .get("/lines/3", Binding::new(failing(), nothing(), NdJson::new()))
            .get("/events/3", Binding::new(failing(), nothing(), event()))
            .max_time(None)
            .finalize(finalize)
            .build()
            .expect("a router")
    }

    /// Every source is gone, and one end was told.
    fn assert_stopped(&self, outcome: Outcome, code: Option<Code>) {
        // That of the test, and those of the four endpoints.
        assert_eq!(Arc::strong_count(&self.held), 5);
        assert_eq!(self.permits.taken(), 0);
        assert_eq!(std::mem::take(&mut *self.ends.lock().unwrap()), [(outcome, code)]);
    }
}

/// Until everybody waits: only then a paused clock goes on.
async fn settle() {
    sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_bounds_its_writer_and_one_that_leaves_stops_it() {
    for path in ["/lines", "/events"] {
        let seen = Seen::default();
        let service = seen.service();
        let mut peer = connect_sized(&service, Config::default(), 4096);
        peer.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        settle().await;
        let first = seen.made();
        // The pipe, hyper's buffer of 64 KiB, and a piece or two of 8 KiB.
        assert!((4..=100).contains(&first), "{path}: {first}");
        settle().await;
        assert_eq!(seen.made(), first, "{path}: nobody reads, and nothing is made");
        // What is taken is made anew.
        for _ in 0..10 {
            let before = seen.made();
            peer.io.read_exact(&mut [0; 64 * 1024]).await.expect("an endless answer");
            settle().await;
            assert!((40..=90).contains(&(seen.made() - before)), "{path}: {}", seen.made() - before);
        }
        assert_eq!(seen.permits.taken(), 1, "{path}: the answer is still on its way");
        peer.ended().await;
        seen.assert_stopped(Outcome::Cancelled, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_stays_shut_bounds_its_writer_and_a_reset_stops_it() {
    let seen = Seen::default();
    let service = seen.service();
    let mut peer = connect(&service, Config::default());
    peer.preface().await;
    peer.request(1, &get("/lines", &[])).await;
    settle().await;
    let first = seen.made();
    // A window of 64 KiB, and what h2 keeps behind it, 400 KiB.
    assert!((64..=600).contains(&first), "{first}");
    settle().await;
    assert_eq!(seen.made(), first);
    peer.send(frame(RST_STREAM, 0, 1, &CANCEL.to_be_bytes())).await;
    settle().await;
    seen.assert_stopped(Outcome::Cancelled, None);
}

#[tokio::test(start_paused = true)]
async fn an_error_breaks_lines_off_and_is_the_last_event_and_is_heard_of_alike() {
    let seen = Seen::default();
    let service = seen.service();
    let text = all(&service, Config::default(), "GET /lines/3 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200") && !text.ends_with("0\r\n\r\n"), "closed without its last chunk");
    assert_eq!(text.matches('"').count(), 6, "all that came before it is there");
    seen.assert_stopped(Outcome::BackendError, Some(Code::DataLoss));
    let text = all(&service, Config::default(), "GET /events/3 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(text.contains("event: error\ndata: {") && text.contains("\"code\":\"DataLoss\""), "{text}");
    assert!(text.ends_with("\n\n\r\n0\r\n\r\n"), "it ends well");
    seen.assert_stopped(Outcome::BackendError, Some(Code::DataLoss));
}

/// `/` reads one line, says so, and reads no more until it is told how to go on.
fn reader() -> (RouterService, Arc<(Notify, Notify)>) {
    let gates = Arc::new((Notify::new(), Notify::new()));
    let endpoint = endpoint_with(Arc::clone(&gates), async |gates, _cx, mut lines: Messages<String>| {
        let first = lines.next().await.expect("a line")?;
        gates.0.notify_one();
        gates.1.notified().await;
        Ok(first.len())
    });
    let service = Router::new().post("/", Binding::new(endpoint, NdJson::new(), Json)).max_time(None);
    (service.build().expect("a router"), gates)
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_reads_slowly_bounds_its_caller() {
    let (service, gates) = reader();
    let mut peer = connect_sized(&service, Config::default(), 4096);
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
    peer.send(head).await;
    let chunk = format!("400\r\n\"{}\"\n\r\n", "x".repeat(1021));
    let mut sent = 0;
    // It blocks for good: the clock goes on only then.
    while timeout(Duration::from_secs(1), peer.io.write_all(chunk.as_bytes())).await.is_ok() {
        sent += 1;
    }
    assert!((1..=200).contains(&sent), "{sent}");
    gates.0.notified().await;
    gates.1.notify_one();
    assert!(peer.answer().await.ends_with("1021"));
}
