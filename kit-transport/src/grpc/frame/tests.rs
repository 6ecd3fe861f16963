use std::sync::Arc;

use allocation_counter::measure;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use kit_core::{Code, Error, Outcome};
use proptest::prelude::*;

use super::*;
use crate::codec::{Json, Messages, Protobuf};
use crate::grpc::{Config, status};
use crate::http::Body;

#[derive(Clone, PartialEq, prost::Message)]
struct Text {
    #[prost(string, tag = "1")]
    s: String,
}

fn text(s: impl Into<String>) -> Text {
    Text { s: s.into() }
}

const FORM: Form<Protobuf> = Form { codec: Protobuf, coding: Coding::Identity, limit: u32::MAX };
const LIMIT: u32 = 4 * 1024 * 1024;

fn body(chunks: impl IntoIterator<Item = Bytes>) -> Body {
    let chunks: Vec<_> = chunks.into_iter().map(Ok).collect();
    Body::stream(stream::iter(chunks))
}

/// Everything here is ready at once, or the test is wrong.
fn all(body: Body, coding: Coding, limit: u32) -> (Vec<Bytes>, Option<Error>) {
    let mut frames = Frames::of_request(body, coding, limit);
    let mut messages = Vec::new();
    loop {
        let next = std::future::poll_fn(|task| frames.poll_message(task)).now_or_never().expect("nothing waits");
        match next {
            Some(Ok(message)) => messages.push(message),
            Some(Err(error)) => {
                let after =
                    std::future::poll_fn(|task| frames.poll_message(task)).now_or_never().expect("nothing waits");
                assert!(after.is_none(), "after an error nothing follows");
                return (messages, Some(error));
            }
            None => return (messages, None),
        }
    }
}

fn refused(bytes: &'static [u8], coding: Coding) -> (Code, FrameError) {
    let (_, error) = all(body([Bytes::from_static(bytes)]), coding, 8);
    let error = error.expect("refused");
    assert_eq!(error.outcome(), Outcome::BusinessError, "a caller's mistake is nobody's failure here");
    (error.code(), *error.cause().expect("the cause"))
}

#[test]
fn what_breaks_the_framing_has_the_code_of_the_table() {
    let none = Coding::Identity;
    assert_eq!(refused(b"\0\0\0\0\x09", none), (Code::ResourceExhausted, FrameError::TooLarge { limit: 8 }));
    assert_eq!(refused(b"\0\xff\xff\xff\xff", none), (Code::ResourceExhausted, FrameError::TooLarge { limit: 8 }));
    assert_eq!(refused(b"\0\0\0\0\x03ab", none), (Code::Internal, FrameError::Truncated));
    assert_eq!(refused(b"\0\0\0", none), (Code::Internal, FrameError::Truncated));
    assert_eq!(refused(b"\0\0\0\0\x03", none), (Code::Internal, FrameError::Truncated));
    assert_eq!(refused(b"\x02\0\0\0\0", none), (Code::Internal, FrameError::Flag(2)));
    assert_eq!(refused(b"\x01\0\0\0\x01a", none), (Code::Internal, FrameError::NoCoding));
    assert_eq!(refused(b"\x01\0\0\0\x01a", Coding::Gzip), (Code::Internal, FrameError::Damaged));
    assert_eq!(refused(b"\x01\0\0\0\0", Coding::Gzip), (Code::Internal, FrameError::Damaged));
}

#[test]
fn a_method_of_one_message_takes_exactly_one() {
    let only = |bytes: &'static [u8]| {
        let mut frames = Frames::of_request(body([Bytes::from_static(bytes)]), Coding::Identity, LIMIT);
        let only = frames.only().now_or_never().expect("nothing waits");
        only.map_err(|error| (error.code(), *error.cause::<FrameError>().expect("the cause")))
    };
    assert_eq!(only(b"\0\0\0\0\x01a"), Ok(Bytes::from_static(b"a")));
    assert_eq!(only(b"\0\0\0\0\0"), Ok(Bytes::new()));
    assert_eq!(only(b""), Err((Code::Unimplemented, FrameError::None)));
    assert_eq!(only(b"\0\0\0\0\x01a\0\0\0\0\0"), Err((Code::Unimplemented, FrameError::Several)));
    assert_eq!(only(b"\0\0\0\0\x01a\0"), Err((Code::Internal, FrameError::Truncated)));
}

#[test]
fn a_message_that_does_not_decode_is_internal_and_the_callers_doing() {
    let messages: Messages<Text> =
        read(Protobuf, Frames::of_request(body([Bytes::from_static(b"\0\0\0\0\x01\x0a")]), Coding::Identity, LIMIT));
    let mut messages = messages;
    let error = messages.next().now_or_never().expect("nothing waits").expect("an error").unwrap_err();
    assert_eq!(
        (error.code(), error.outcome(), error.reason()),
        (Code::Internal, Outcome::BusinessError, Some("protobuf_malformed"))
    );
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let info = measure(|| {
        let (_, error) = all(body([Bytes::from_static(b"\0\0\x3f\xff\xffabc")]), Coding::Identity, LIMIT);
        assert_eq!(error.expect("refused").cause(), Some(&FrameError::Truncated));
    });
    assert!(info.bytes_max < 8 * 1024, "{} bytes", info.bytes_max);
}

#[test]
fn a_message_that_came_in_one_piece_is_not_copied() {
    let framed = FORM.message(&text("x".repeat(6_000))).unwrap();
    let (messages, _) = all(Body::full(framed.clone()), Coding::Identity, LIMIT);
    assert_eq!(messages[0].as_ptr(), framed[PREFIX..].as_ptr());
}

#[test]
fn a_message_is_written_in_one_allocation() {
    let message = text("hello");
    drop(FORM.message(&message));
    assert_eq!(measure(|| drop(FORM.message(&message))).count_total, 1);
}

#[test]
fn gzip_is_written_where_it_helps_and_inflated_up_to_the_limit() {
    let form = Form { coding: Coding::Gzip, ..FORM };
    for (size, flag) in [(10, 0), (100_000, 1)] {
        let message = text("x".repeat(size));
        let framed = form.message(&message).unwrap();
        assert_eq!(framed[0], flag);
        let (messages, error) = all(Body::full(framed.clone()), Coding::Gzip, LIMIT);
        assert!(error.is_none());
        assert_eq!(<Text as prost::Message>::decode(&*messages[0]).unwrap(), message);
    }
    // A bomb: the limit holds for what it becomes.
    let bomb = form.message(&text("x".repeat(1 << 20))).unwrap();
    assert!(bomb.len() < 8 * 1024);
    let info = measure(|| {
        let (_, error) = all(Body::full(bomb.clone()), Coding::Gzip, 10_000);
        assert_eq!(error.expect("refused").cause(), Some(&FrameError::TooLarge { limit: 10_000 }));
    });
    assert!(info.bytes_max < 256 * 1024, "{} bytes", info.bytes_max);
}

#[test]
fn codings_are_agreed_upon_by_headers() {
    let headers = |name, values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_static(value));
        }
        headers
    };
    let named = |value, gzip| Coding::named(&headers(ENCODING, &[value]), gzip).map_err(|error| error.code());
    assert_eq!(Coding::named(&HeaderMap::new(), false).unwrap(), Coding::Identity);
    assert_eq!(named("identity", false), Ok(Coding::Identity));
    assert_eq!(named("gzip", true), Ok(Coding::Gzip));
    assert_eq!(named("gzip", false), Err(Code::Unimplemented));
    assert_eq!(named("snappy", true), Err(Code::Unimplemented));
    let accepted = |values: &[&'static str], gzip| Coding::accepted(&headers(ACCEPT_ENCODING, values), gzip);
    assert_eq!(accepted(&["identity, deflate,gzip"], true), Coding::Gzip);
    assert_eq!(accepted(&["identity", "gzip"], true), Coding::Gzip);
    assert_eq!(accepted(&["gzip"], false), Coding::Identity);
    assert_eq!(accepted(&["identity,gzipped"], true), Coding::Identity);
    assert_eq!(accepted(&[], true), Coding::Identity);
    assert!(!Config::default().gzip);
}

#[test]
fn a_message_that_is_too_large_is_not_written() {
    let form = Form { limit: 8, ..FORM };
    assert!(form.message(&text("123456")).is_ok());
    let error = form.message(&text("1234567")).unwrap_err();
    assert_eq!((error.code(), error.cause()), (Code::ResourceExhausted, Some(&FrameError::TooLarge { limit: 8 })));
}

#[test]
fn a_stream_is_written_together_and_followed_by_what_its_end_says() {
    let messages = stream::iter(["a", "b"].map(|s| Ok(text(s))));
    let writing = Writing::new(FORM, messages, |ended| ended.map(|()| Some(status::well())));
    let whole = Body::new(writing).collect().now_or_never().expect("nothing waits").unwrap();
    assert_eq!(whole.trailers(), Some(&status::well()));
    assert_eq!(whole.to_bytes(), Bytes::from_static(b"\0\0\0\0\x03\x0a\x01a\0\0\0\0\x03\x0a\x01b"));
}

#[test]
fn an_error_or_a_panic_of_a_stream_comes_after_what_was_written() {
    let failing = stream::iter([Ok(text("a")), Err(Error::not_found("gone")), Ok(text("never"))]).boxed();
    let panicking = stream::iter([Ok(text("a"))]).chain(stream::poll_fn(|_| panic!("boom"))).boxed();
    for (messages, code) in [(failing, "5"), (panicking, "13")] {
        let last = |ended: Result<(), Error>| Ok(Some(status::trailers_of(&ended.expect_err("it failed"))));
        let whole =
            Body::new(Writing::new(FORM, messages, last)).collect().now_or_never().expect("nothing waits").unwrap();
        assert_eq!(whole.trailers().expect("trailers")[status::STATUS], code);
        assert_eq!(whole.to_bytes(), Bytes::from_static(b"\0\0\0\0\x03\x0a\x01a"));
    }
}

#[test]
fn a_request_whose_stream_fails_breaks_off() {
    let mut body = write(FORM, stream::iter([Ok(text("a")), Err(Error::data_loss("torn"))]));
    let mut next = || body.frame().now_or_never().expect("nothing waits");
    assert!(next().expect("a frame").is_ok());
    assert_eq!(next().expect("an error").unwrap_err().code(), Code::DataLoss);
    assert!(next().is_none());
}

#[test]
fn at_its_end_the_source_is_gone() {
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    let source = stream::iter([Ok(text("a"))]).inspect(move |_| drop(Arc::clone(&holds)));
    let mut body = write(FORM, source);
    body.frame().now_or_never().expect("nothing waits");
    assert_eq!(Arc::strong_count(&held), 1);
}

proptest! {
    #[test]
    fn messages_survive_any_cut(
        texts in proptest::collection::vec(".{0,40}", 0..6),
        gzip in any::<bool>(),
        cuts in proptest::collection::vec(0usize..200, 0..8),
    ) {
        let coding = if gzip { Coding::Gzip } else { Coding::Identity };
        let form = Form { codec: Json, coding, limit: u32::MAX };
        let mut bytes = Vec::new();
        for text in &texts {
            bytes.extend_from_slice(&form.message(&text.repeat(10)).unwrap());
        }
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| Bytes::copy_from_slice(&bytes[cut[0]..cut[1]]));
        let frames = Frames::of_request(body(chunks), coding, LIMIT);
        let read: Messages<String> = read(Json, frames);
        let read: Vec<_> = read.map(Result::unwrap).collect().now_or_never().expect("nothing waits");
        prop_assert_eq!(read, texts.iter().map(|text| text.repeat(10)).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        chunks in proptest::collection::vec(proptest::collection::vec(prop_oneof![Just(0u8), Just(1u8), any::<u8>()], 0..30), 0..6),
        gzip in any::<bool>(),
    ) {
        let total: usize = chunks.iter().map(Vec::len).sum();
        let coding = if gzip { Coding::Gzip } else { Coding::Identity };
        let (messages, error) = all(body(chunks.into_iter().map(Bytes::from)), coding, 1024);
        if error.is_none() && !gzip {
            prop_assert_eq!(messages.iter().map(|message| message.len() + PREFIX).sum::<usize>(), total);
        }
        if let Some(error) = error {
            prop_assert!(error.cause::<FrameError>().is_some());
        }
    }
}
