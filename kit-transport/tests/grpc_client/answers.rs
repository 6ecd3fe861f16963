use std::time::Duration;

use futures_util::StreamExt as _;
use kit_core::{Code, Context, Endpoint as _, Error, Retry};
use kit_transport::grpc::{Config, FrameError, client};
use kit_transport::http::client::{Client, UnexpectedAnswer};

use crate::support::*;

/// What a unary call gets, and what a stream.
async fn both(play: fn(&mut Exchange)) -> [Error; 2] {
    let peer = Peer::start(move |mut exchange: Exchange| async move {
        play(&mut exchange);
        // What is sent has to leave before the stream is let go.
        settled().await;
    })
    .await;
    let unary = in_time(peer.length().call(&mut Context::new(), text("hello"))).await.unwrap_err();
    let streamed = match in_time(peer.words().call(&mut Context::new(), text("hello"))).await {
        Err(error) => error,
        Ok(mut stream) => {
            let error = loop {
                match in_time(stream.next()).await.expect("an error before the end") {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert!(stream.next().await.is_none(), "after an error nothing follows");
            let ended = stream.end().ended().expect("ended");
            assert_eq!(ended.error().map(Error::id), Some(error.id()));
            assert_eq!(ended.outcome(), error.outcome());
            error
        }
    };
    for error in [&unary, &streamed] {
        assert!(error.fields().any(|(name, _)| name == "target"), "{error:?}");
    }
    [unary, streamed]
}

type Told = (Code, Option<&'static str>, Retry);

/// What is done, and what its caller is told.
type Case = (&'static str, fn(&mut Exchange), Told);

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_the_specification_gets_the_code_of_its_tables() {
    use Code::*;
    use Retry::{MayHaveRun, Never};
    let _clock = Clock::hold();
    const MIB: u32 = 1024 * 1024;
    let cases: &[Case] = &[
        (
            "no status, after nothing",
            |x| {
                x.begin();
                x.data("", true);
            },
            (Unknown, Some("no_grpc_status"), MayHaveRun),
        ),
        (
            "no status, after a message",
            |x| {
                x.begin();
                x.data(framed(&FIVE), true);
            },
            (Unknown, Some("no_grpc_status"), MayHaveRun),
        ),
        ("no status in a head that is all", |x| x.head(200, GRPC, true), (Unknown, Some("no_grpc_status"), MayHaveRun)),
        (
            "trailers without a status",
            |x| {
                x.begin();
                x.message(&FIVE);
                x.trailers(&[("x-other", "1")]);
            },
            (Unknown, Some("no_grpc_status"), MayHaveRun),
        ),
        (
            "a status that is none",
            |x| {
                x.begin();
                x.message(&FIVE);
                x.trailers(&[("grpc-status", "fine")]);
            },
            (Unknown, Some("bad_grpc_status"), MayHaveRun),
        ),
        (
            "a status that nobody knows",
            |x| {
                x.begin();
                x.message(&FIVE);
                x.trailers(&[("grpc-status", "17")]);
            },
            (Unknown, Some("bad_grpc_status"), MayHaveRun),
        ),
        (
            "a status in the middle of a message",
            |x| {
                x.begin();
                x.data(&b"\0\0\0\0\x09\x08"[..], false);
                x.trailers(&[("grpc-status", "15"), ("grpc-message", "torn")]);
            },
            (DataLoss, None, Never),
        ),
        (
            "all well in the middle of a message",
            |x| {
                x.begin();
                x.data(&b"\0\0\0\0\x09\x08"[..], false);
                x.trailers(OK);
            },
            (Internal, Some("message_truncated"), MayHaveRun),
        ),
        (
            "an end in the middle of a prefix",
            |x| {
                x.begin();
                x.data(&b"\0\0\0"[..], true);
            },
            (Internal, Some("message_truncated"), MayHaveRun),
        ),
        (
            "a flag that is none",
            |x| {
                x.begin();
                x.data(&b"\x02\0\0\0\x02\x08\x05"[..], false);
                x.trailers(OK);
            },
            (Internal, Some("message_flag"), MayHaveRun),
        ),
        (
            "compressed by nothing",
            |x| {
                x.begin();
                x.data(&b"\x01\0\0\0\x02\x08\x05"[..], false);
                x.trailers(OK);
            },
            (Internal, Some("message_no_coding"), MayHaveRun),
        ),
        (
            "a coding that was not asked for",
            |x| {
                x.head(200, &[("content-type", "application/grpc"), ("grpc-encoding", "gzip")], false);
            },
            (Internal, Some("unexpected_content_coding"), MayHaveRun),
        ),
        (
            "a claim of more than there may be",
            |x| {
                x.begin();
                x.data([&[0][..], &(4 * MIB + 1).to_be_bytes()].concat(), false);
            },
            (ResourceExhausted, Some("message_too_large"), Never),
        ),
        (
            "no message of the codec",
            |x| {
                x.begin();
                x.data(&b"\0\0\0\0\x02\xff\xff"[..], false);
                x.trailers(OK);
            },
            (Internal, Some("protobuf_malformed"), MayHaveRun),
        ),
        (
            "all well ahead of an error",
            |x| {
                x.head(200, &[("content-type", "application/grpc"), ("grpc-status", "0")], false);
                x.trailers(&[("grpc-status", "5")]);
            },
            (NotFound, None, Never),
        ),
        (
            "details that are none",
            |x| {
                x.begin();
                x.message(&FIVE);
                x.trailers(&[("grpc-status", "10"), ("grpc-status-details-bin", "!!!")]);
            },
            (Aborted, None, MayHaveRun),
        ),
        (
            "a pause that cannot be read",
            |x| {
                x.begin();
                x.trailers(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", "soon")]);
            },
            (Unavailable, None, Never),
        ),
        (
            "another content type",
            |x| x.head(200, &[("content-type", "text/html")], false),
            (Unknown, Some("unexpected_content_type"), MayHaveRun),
        ),
        (
            "gRPC-Web",
            |x| x.head(200, &[("content-type", "application/grpc-web")], false),
            (Unknown, Some("unexpected_content_type"), MayHaveRun),
        ),
        ("no content type", |x| x.head(200, &[], false), (Unknown, Some("unexpected_content_type"), MayHaveRun)),
        (
            "messages of another format",
            |x| x.head(200, &[("content-type", "application/grpc+thrift")], false),
            (Internal, Some("unexpected_content_type"), MayHaveRun),
        ),
        ("400", |x| x.head(400, GRPC, true), (Internal, Some("unexpected_http_status"), MayHaveRun)),
        ("401", |x| x.head(401, &[], true), (Unauthenticated, Some("unexpected_http_status"), Never)),
        (
            "404 of a router",
            |x| x.head(404, &[("content-type", "text/plain")], false),
            (Unimplemented, Some("unexpected_http_status"), Never),
        ),
        ("403", |x| x.head(403, &[], true), (PermissionDenied, Some("unexpected_http_status"), Never)),
        ("429", |x| x.head(429, &[], true), (Unavailable, Some("unexpected_http_status"), MayHaveRun)),
        ("500", |x| x.head(500, &[], true), (Unknown, Some("unexpected_http_status"), MayHaveRun)),
        ("504", |x| x.head(504, &[], true), (Unavailable, Some("unexpected_http_status"), MayHaveRun)),
        (
            "502 of a proxy",
            |x| x.head(502, &[("content-type", "text/html")], false),
            (Unavailable, Some("unexpected_http_status"), MayHaveRun),
        ),
        (
            "503 with a pause",
            |x| x.head(503, &[("retry-after", "2")], true),
            (Unavailable, Some("unexpected_http_status"), Retry::After(Duration::from_secs(2))),
        ),
        (
            "a status beside one of HTTP",
            |x| x.head(503, &[("grpc-status", "7")], true),
            (PermissionDenied, None, Never),
        ),
        (
            "all well beside a status of HTTP",
            |x| x.head(403, &[("grpc-status", "0")], true),
            (PermissionDenied, Some("unexpected_http_status"), Never),
        ),
    ];
    for &(case, play, expected) in cases {
        for error in both(play).await {
            assert_eq!(told(&error), expected, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_message_is_exactly_one() {
    let _clock = Clock::hold();
    let unary = async |play: fn(&mut Exchange)| {
        let peer = Peer::start(move |mut exchange: Exchange| async move { play(&mut exchange) }).await;
        peer.length().call(&mut Context::new(), text("hello")).await.unwrap_err()
    };
    let none = unary(|x| {
        x.begin();
        x.trailers(OK);
    });
    let error = none.await;
    assert_eq!(told(&error), (Code::Unimplemented, Some("no_message"), Retry::Never));
    assert_eq!(error.cause(), Some(&FrameError::None));
    let head_alone = unary(|x| x.head(200, &[("content-type", "application/grpc"), ("grpc-status", "0")], true));
    assert_eq!(told(&head_alone.await), (Code::Unimplemented, Some("no_message"), Retry::Never));
    let error = unary(|x| {
        x.begin();
        x.message(&FIVE);
        x.message(&FIVE);
        x.trailers(OK);
    });
    let error = error.await;
    assert_eq!(told(&error), (Code::Unimplemented, Some("several_messages"), Retry::Never));
    // A message counts for nothing if the call failed after it.
    let failed = unary(|x| {
        x.begin();
        x.message(&FIVE);
        x.trailers(&[("grpc-status", "10")]);
    });
    assert_eq!(told(&failed.await), (Code::Aborted, None, Retry::MayHaveRun));
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_with_its_details() {
    let _clock = Clock::hold();
    let [unary, streamed] = both(|x| {
        x.begin();
        x.trailers(&[("grpc-status", "8"), ("grpc-message", "too%20many"), ("grpc-retry-pushback-ms", "150")]);
    })
    .await;
    for error in [unary, streamed] {
        assert_eq!(told(&error), (Code::ResourceExhausted, None, Retry::After(Duration::from_millis(150))));
        assert_eq!(error.message(), "too many");
    }
    let [unary, streamed] = both(|x| {
        x.begin();
        x.trailers(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", "-1")]);
    })
    .await;
    assert_eq!((unary.retry(), streamed.retry()), (Retry::Never, Retry::Never));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_grpc_says_what_it_is() {
    let _clock = Clock::hold();
    let [unary, _] = both(|x| x.head(200, &[("content-type", "text/html")], false)).await;
    assert_eq!(unary.cause(), Some(&UnexpectedAnswer::ContentType("text/html".into())));
    let [unary, _] = both(|x| {
        x.head(200, &[("content-type", "application/grpc"), ("grpc-encoding", "snappy")], false);
    })
    .await;
    assert_eq!(unary.cause(), Some(&UnexpectedAnswer::ContentCoding("snappy".into())));
}

#[tokio::test(start_paused = true)]
async fn limits_are_what_they_are_set_to() {
    let _clock = Clock::hold();
    let peer = Peer::start(async |mut exchange: Exchange| exchange.well()).await;
    let client = Client::new(config()).unwrap();
    let call = async |limits: Config, s: &str| {
        let length = client::unary::<Length>(&LENGTH).config(limits).endpoint(&client, &peer.target()).unwrap();
        length.call(&mut Context::new(), text(s)).await
    };
    let with = |read, write| {
        let mut limits = Config::default();
        (limits.max_read_bytes, limits.max_write_bytes) = (read, write);
        limits
    };
    assert_eq!(call(with(2, 5), "abc").await.unwrap(), FIVE);
    for (limits, limit) in [(with(1, 5), 1), (with(2, 4), 4)] {
        let error = call(limits, "abc").await.unwrap_err();
        assert_eq!(told(&error), (Code::ResourceExhausted, Some("message_too_large"), Retry::Never));
        assert_eq!(error.cause(), Some(&FrameError::TooLarge { limit }));
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_larger_than_is_read_fails_its_call() {
    let _clock = Clock::hold();
    let head = both(|x| {
        let large = "x".repeat(9 * 1024);
        x.head(200, &[("content-type", "application/grpc"), ("x-a", &large), ("x-b", &large), ("x-c", &large)], false);
        x.message(&FIVE);
        x.trailers(OK);
    })
    .await;
    let trailers = both(|x| {
        let large = "x".repeat(9 * 1024);
        x.begin();
        x.message(&FIVE);
        x.trailers(&[("x-a", &large), ("x-b", &large), ("x-c", &large), ("grpc-status", "0")]);
    })
    .await;
    for error in head {
        assert_eq!(told(&error), (Code::Internal, Some("stream_reset"), Retry::MayHaveRun));
    }
    // Of trailers what is past the limit is left out, the status here.
    for error in trailers {
        assert_eq!(told(&error), (Code::Unknown, Some("no_grpc_status"), Retry::MayHaveRun));
    }
}
