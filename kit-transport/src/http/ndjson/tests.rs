use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use http::header::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use kit_core::{Code, Metadata, Outcome};
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::codec::ECHO_LIMIT;
use crate::http::problem;

fn frames(chunks: Vec<Bytes>) -> Body {
    Body::stream(stream::iter(chunks.into_iter().map(Ok)))
}

/// Everything here is ready at once, or the test is wrong.
fn read<T: DeserializeOwned + 'static>(body: impl Into<Body>) -> Result<Vec<T>, Error> {
    NdJson::new().max_line(20).read(body.into()).try_collect().now_or_never().expect("nothing waits")
}

async fn next(body: &mut Body) -> Option<Result<Bytes, Error>> {
    Some(body.frame().await?.map(|frame| frame.into_data().expect("data")))
}

#[test]
fn a_line_is_a_value_and_a_blank_one_is_nothing() {
    for body in ["1\n2\n3\n", "1\n2\n3", "\n\n1\r\n \t2 \n\n3\n\n", "1\n2\n3\n\r\n"] {
        assert_eq!(read::<u32>(body).unwrap(), [1, 2, 3], "{body:?}");
    }
    for body in ["", "\n", " "] {
        assert!(read::<u32>(body).unwrap().is_empty(), "{body:?}");
    }
}

#[test]
fn a_line_that_does_not_fit_is_the_last_item_and_says_where() {
    for (body, reason) in [
        ("1\n\nx\n2", "json_malformed"),
        ("1\n\n[]\n", "json_mismatch"),
        ("1\n\n2 3\n", "json_malformed"),
        ("1\n\n\"", "json_malformed"),
    ] {
        let mut items = NdJson::new().read::<u32>(body.into());
        let mut next = || items.next().now_or_never().expect("nothing waits");
        assert_eq!(next().expect("a value").unwrap(), 1);
        let error = next().expect("the error").unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some(reason)), "{body:?}");
        assert!(error.message().starts_with("line 3: "), "{}", error.message());
        assert!(next().is_none());
    }
}

#[test]
fn the_length_of_a_line_is_bounded_however_it_comes() {
    let long = |length: usize| format!("1\n\"{}\"\n2\n", "x".repeat(length - 2));
    assert!(read::<serde_json::Value>(long(20)).is_ok());
    let endless = Body::stream(stream::repeat_with(|| Ok(Bytes::from_static(b"1"))));
    let bodies = [long(21).into(), frames(long(21).bytes().map(|byte| Bytes::from(vec![byte])).collect())];
    for body in bodies {
        let error = read::<serde_json::Value>(body).unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::ResourceExhausted, "line 2 is longer than 20 bytes"));
        assert_eq!(error.cause::<LineTooLong>().expect("the cause").limit(), 20);
        assert_eq!(problem::status(&error), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(read::<serde_json::Value>(endless).unwrap_err().message(), "line 1 is longer than 20 bytes");
}

#[test]
fn the_end_of_a_line_is_no_part_of_its_length() {
    let exact = format!("\"{}\"", "x".repeat(18));
    for end in ["", "\n", "\r\n", "\r\n\r\n"] {
        let body = format!("{exact}{end}");
        let bytes = frames(body.bytes().map(|byte| Bytes::from(vec![byte])).collect());
        for body in [body.clone().into(), bytes] {
            assert_eq!(read::<String>(body).unwrap(), ["x".repeat(18)], "{end:?}");
        }
    }
    for body in [format!("{exact} \r\n"), format!("{exact}\r\r\n"), format!("{exact}\r1\n")] {
        assert_eq!(read::<String>(body).unwrap_err().reason(), Some("line_too_long"));
    }
}

#[test]
fn a_body_that_breaks_off_is_an_error_and_never_short() {
    let body = Body::stream(stream::iter([Ok(Bytes::from_static(b"1\n2")), Err(Error::data_loss("lost"))]));
    let mut items = NdJson::new().read::<u32>(body);
    let mut next = || items.next().now_or_never().expect("nothing waits");
    assert_eq!(next().expect("a value").unwrap(), 1);
    assert_eq!(next().expect("the error").unwrap_err().code(), Code::DataLoss);
    assert!(next().is_none());
}

#[test]
fn another_content_type_is_415() {
    for (value, fits) in
        [("application/x-ndjson", true), ("application/jsonl; charset=utf-8", true), ("application/json", false)]
    {
        let mut cx = Context::new();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
        cx.set_inbound(Metadata::received(headers));
        let codec = NdJson::new();
        let decoded = DecodeRequest::<Messages<u32>>::decode(&codec, &mut cx, Request::new("1".into()));
        match decoded.now_or_never().expect("nothing waits") {
            Ok(_) => assert!(fits, "{value}"),
            Err(error) => assert!(!fits && problem::status(&error) == 415, "{value}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_there_leaves_at_once_and_what_is_ready_together() {
    let (send, mut receive) = mpsc::channel::<Result<u32, Error>>(4);
    let items = Streaming::new(&mut Context::new(), stream::poll_fn(move |task| receive.poll_recv(task)));
    let response = NdJson::new().encode(&mut Context::new(), items).unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut body = response.into_body();
    assert!(next(&mut body).now_or_never().is_none());
    send.send(Ok(1)).await.unwrap();
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "1\n");
    send.send(Ok(2)).await.unwrap();
    send.send(Ok(3)).await.unwrap();
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "2\n3\n");
    drop(send);
    assert!(next(&mut body).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_error_breaks_the_body_off_after_what_came_before_it() {
    let items = stream::iter([Ok(1), Ok(2), Err(Error::data_loss("torn")), Ok(3)]);
    let items = Streaming::new(&mut Context::new(), items);
    let end = items.end().clone();
    let mut body = NdJson::new().write(items);
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "1\n2\n");
    assert_eq!(next(&mut body).await.unwrap().unwrap_err().code(), Code::DataLoss);
    assert!(next(&mut body).await.is_none());
    assert_eq!(end.ended().expect("ended").outcome(), Outcome::BackendError);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_no_json_breaks_the_body_off_and_is_not_half_written() {
    let bad = BTreeMap::from([((1, 2), 3)]);
    let mut body = NdJson::new().write(stream::iter([Ok(BTreeMap::new()), Ok(bad)]));
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "{}\n");
    assert!(next(&mut body).await.unwrap().unwrap_err().is_bug());
}

#[tokio::test(start_paused = true)]
async fn a_source_is_asked_for_no_more_than_is_taken() {
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let items = stream::repeat_with(move || {
        counts.fetch_add(1, Ordering::Relaxed);
        Ok("x".repeat(1021))
    });
    let mut body = NdJson::new().write(items);
    for frames in 1..=5 {
        // 1,024 bytes a line.
        assert_eq!(next(&mut body).await.unwrap().unwrap().len(), 8 * 1024);
        assert_eq!(count.load(Ordering::Relaxed), 8 * frames);
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            proptest::collection::btree_map(".{0,5}", inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_however_it_is_cut(
        items in proptest::collection::vec(json(), 0..20),
        size in 1usize..200,
    ) {
        let body = NdJson::new().write(stream::iter(items.clone().into_iter().map(Ok)));
        let written = body.bytes(1 << 20).now_or_never().expect("nothing waits").unwrap();
        let cut = frames(written.chunks(size).map(Bytes::copy_from_slice).collect());
        let back: Vec<serde_json::Value> = NdJson::new().read(cut).try_collect().now_or_never().expect("nothing waits").unwrap();
        prop_assert_eq!(back, items);
    }

    #[test]
    fn any_bytes_are_read_or_refused(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..9)) {
        let chunks = chunks.into_iter().map(Bytes::from).collect();
        if let Err(error) = read::<serde_json::Value>(frames(chunks)) {
            prop_assert!(matches!(error.code(), Code::InvalidArgument | Code::ResourceExhausted));
            prop_assert!(error.message().len() <= ECHO_LIMIT);
        }
    }
}
