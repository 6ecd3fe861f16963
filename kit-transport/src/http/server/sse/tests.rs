use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use kit_core::{Metadata, Outcome};
use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};

use super::*;
use crate::http::server::extract::{DecodeRequest as _, extract};

/// What a browser makes of a stream: name, data and last id of each event it tells of. WHATWG HTML, 9.2.6.
fn read(text: &str) -> Vec<(String, String, String)> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut name, mut data, mut id) = (Vec::new(), String::new(), String::new(), String::new());
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if line.is_empty() {
            if !data.is_empty() {
                data.pop();
                let name = if name.is_empty() { "message".to_owned() } else { name.clone() };
                events.push((name, data.clone(), id.clone()));
            }
            name.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = value.to_owned(),
            _ => {}
        }
    }
    events
}

fn body<T: 'static>(sse: &Sse<T>, items: Streaming<T>) -> Body {
    sse.encode(&mut Context::new(), items).unwrap().into_body()
}

async fn next(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.expect("an event stream never breaks off");
    Some(String::from_utf8(frame.into_data().expect("data").to_vec()).unwrap())
}

/// Events that the test sends.
fn sent() -> (mpsc::Sender<Result<Event, Error>>, Streaming<Event>) {
    let (send, mut receive) = mpsc::channel(4);
    (send, Streaming::new(&mut Context::new(), stream::poll_fn(move |task| receive.poll_recv(task))))
}

#[test]
fn an_event_is_written_with_all_that_it_has() {
    let event = Event::comment("a\r\nb").name("tick").id("7").retry(Duration::from_millis(1_500));
    assert_eq!(event.to_text().unwrap(), ": a\n: b\nevent: tick\nid: 7\nretry: 1500\n\n");
    assert_eq!(Event::data("").to_text().unwrap(), "data: \n\n");
    assert_eq!(Event::data("a\n").to_text().unwrap(), "data: a\ndata: \n\n");
    assert_eq!(Event::json(&["a\nb"]).unwrap().to_text().unwrap(), "data: [\"a\\nb\"]\n\n");
}

#[test]
fn what_would_break_the_stream_up_is_a_bug() {
    for (event, cause) in [
        (Event::data("x").name("a\nb"), EventError::Name),
        (Event::data("x").name("a\rb"), EventError::Name),
        (Event::data("x").id("a\nb"), EventError::Id),
        (Event::data("x").id("a\0b"), EventError::Id),
    ] {
        let error = event.to_text().unwrap_err();
        assert!(error.is_bug());
        assert_eq!(error.cause(), Some(&cause));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_that_it_is_a_stream_and_not_to_be_kept() {
    let response = Sse::new().encode(&mut Context::new(), sent().1).unwrap();
    assert_eq!(response.headers()["content-type"], CONTENT);
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_leaves_at_once_and_what_is_ready_together() {
    let (send, items) = sent();
    let mut body = body(&Sse::new(), items);
    assert!(next(&mut body).now_or_never().is_none());
    send.send(Ok(Event::data("a"))).await.unwrap();
    assert_eq!(next(&mut body).await.unwrap(), "data: a\n\n");
    send.send(Ok(Event::data("b"))).await.unwrap();
    send.send(Ok(Event::data("c"))).await.unwrap();
    assert_eq!(next(&mut body).await.unwrap(), "data: b\n\ndata: c\n\n");
    drop(send);
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_comment_is_sent_where_nothing_else_was_for_so_long() {
    let (send, items) = sent();
    let mut body = body(&Sse::new(), items);
    let began = Instant::now();
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n");
    assert_eq!(began.elapsed(), Sse::KEEP_ALIVE);
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n");
    assert_eq!(began.elapsed(), 2 * Sse::KEEP_ALIVE);
    // An event puts it off.
    assert!(next(&mut body).now_or_never().is_none());
    advance(Duration::from_secs(10)).await;
    send.send(Ok(Event::data("a"))).await.unwrap();
    assert_eq!(next(&mut body).await.unwrap(), "data: a\n\n");
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n");
    assert_eq!(began.elapsed(), 3 * Sse::KEEP_ALIVE + Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn without_keep_alive_nothing_is_sent() {
    let (_send, items) = sent();
    let mut body = body(&Sse::new().keep_alive(None), items);
    assert!(tokio::time::timeout(Duration::from_secs(3_600), next(&mut body)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_last_event_and_the_streams_end_hears_of_it() {
    let (send, items) = sent();
    let end = items.end().clone();
    let mut body = body(&Sse::new(), items);
    send.send(Ok(Event::data("a"))).await.unwrap();
    send.send(Err(Error::data_loss("the tape broke").with_reason("tape"))).await.unwrap();
    let text = next(&mut body).await.unwrap();
    let events = read(&text);
    assert_eq!(events[0].1, "a");
    let told: serde_json::Value = serde_json::from_str(&events[1].1).unwrap();
    assert_eq!((&*events[1].0, &told["reason"], &told["status"]), ("error", &"tape".into(), &500.into()));
    assert_eq!(next(&mut body).await, None);
    assert_eq!(end.ended().expect("ended").outcome(), Outcome::BackendError);
    assert!(send.is_closed(), "its source is gone");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_its_deadline_ends_says_so() {
    let mut cx = Context::new();
    let mut scope = cx.scope_after(Duration::from_secs(20));
    let items = Streaming::new(&mut scope, stream::pending::<Result<Event, Error>>());
    let (end, began) = (items.end().clone(), Instant::now());
    let mut body = body(&Sse::new(), items);
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n");
    let events = read(&next(&mut body).await.unwrap());
    assert_eq!((&*events[0].0, began.elapsed()), ("error", Duration::from_secs(20)));
    assert!(events[0].1.contains("DeadlineExceeded"));
    assert_eq!(next(&mut body).await, None);
    assert_eq!(end.ended().expect("ended").outcome(), Outcome::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_no_event_ends_the_stream_as_an_error() {
    let items = Streaming::new(&mut Context::new(), stream::iter([1, 2, 3]).map(Ok));
    let end = items.end().clone();
    let sse = Sse::of(|number: u32| match number {
        2 => Err(Error::bug("two")),
        number => Ok(Event::data(number.to_string())),
    });
    let mut body = body(&sse, items);
    let events = read(&next(&mut body).await.unwrap());
    assert_eq!(events.iter().map(|event| &*event.0).collect::<Vec<_>>(), ["message", "error"]);
    assert!(!events[1].1.contains("two"), "nothing internal leaves");
    assert!(body.is_end_stream());
    assert_eq!(end.ended().expect("ended").outcome(), Outcome::BackendError);
}

#[test]
fn the_last_id_that_was_seen_is_read() {
    let read = |values: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("last-event-id", HeaderValue::from_bytes(value).unwrap());
        }
        let mut cx = Context::new();
        cx.set_inbound(Metadata::received(headers));
        let decoder = extract(|id: LastEventId| Ok(id.0));
        decoder.decode(&mut cx, Request::new(Body::empty())).now_or_never().expect("nothing waits")
    };
    assert_eq!(read(&[]).unwrap(), None);
    assert_eq!(read(&[b""]).unwrap(), None);
    assert_eq!(read(&["é7".as_bytes()]).unwrap(), Some("é7".to_owned()));
    for values in [&[&b"1"[..], b"2"][..], &[b"\xff"]] {
        assert_eq!(read(values).unwrap_err().reason(), Some("bad_last_event_id"));
    }
}

proptest! {
    #[test]
    fn any_text_reaches_the_browser(
        events in proptest::collection::vec(("(?s).{0,40}|[a\r\n: ]{0,9}", "[^\r\n\u{0}]{0,9}", "[^\r\n]{0,9}", any::<bool>()), 0..9),
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (data, id, name, commented) in &events {
            if *commented {
                text += &Event::comment(data.clone()).to_text().unwrap();
            }
            text += &Event::data(data.clone()).id(id.clone()).name(name.clone()).to_text().unwrap();
            let name = if name.is_empty() { "message" } else { name };
            expected.push((name.to_owned(), data.replace("\r\n", "\n").replace('\r', "\n"), id.clone()));
        }
        prop_assert_eq!(read(&text), expected);
    }
}
