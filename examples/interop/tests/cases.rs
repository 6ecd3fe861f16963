//! Every case, in this process, against our server and against servers that are wrong.

use std::time::Duration;

use interop::cases::{NAMES, run};
use interop::client::TestClient;
use interop::messages::{
    Empty, SimpleRequest, SimpleResponse, StreamingInputCallResponse, StreamingOutputCallResponse,
};
use interop::methods::*;
use interop::server::routes;
use interop::soak::{self, Soak};
use kit::grpc::Messages;
use kit::grpc::server::{bidi_stream, client_stream, server_stream, unary};
use kit::http::client::Target;
use kit::http::server::{Config, Router, RouterService, Server};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::server::Stack;
use kit::{Error, Streaming, endpoint_fn, request_fn};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

async fn serve(service: RouterService) -> Target {
    let bound = Server::new(Config::default()).expect("the defaults").bind("127.0.0.1:0").await.expect("a port");
    let target = format!("http://{}", bound.local_addr()).parse().expect("a target");
    tokio::spawn(bound.serve(service, std::future::pending()));
    target
}

async fn ours(metrics: &Registry) -> Target {
    let stack = Stack::new(&Logger::discard(), metrics).expect("a stack");
    serve(routes(stack).build().expect("routes")).await
}

#[tokio::test]
async fn every_case_passes_over_one_connection() {
    let metrics = Registry::new();
    let client = TestClient::new(&ours(&metrics).await).expect("a client");
    for name in NAMES {
        timeout(PATIENCE, run(name, &client)).await.expect(name).unwrap_or_else(|failed| panic!("{name}: {failed}"));
    }
    // The server hears of what was cancelled.
    let cancelled = |method: &str| {
        let service = ("service", "grpc.testing.TestService");
        let labels = [service, ("method", method), ("outcome", "cancelled"), ("code", "Cancelled")];
        metrics.snapshot().value("kit_server_requests_total", &labels).unwrap_or_default()
    };
    let heard = async {
        while cancelled("FullDuplexCall") < 1.0 {
            sleep(Duration::from_millis(10)).await;
        }
        // What is cancelled as soon as it has begun may never have left: once more, then.
        while cancelled("StreamingInputCall") < 1.0 {
            run("cancel_after_begin", &client).await.expect("it passes each time");
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, heard).await.expect("the server hears of it");
}

#[tokio::test]
async fn cases_run_beside_one_another() {
    let client = TestClient::new(&ours(&Registry::new()).await).expect("a client");
    let mut running = tokio::task::JoinSet::new();
    for name in NAMES.into_iter().cycle().take(5 * NAMES.len()) {
        let client = client.clone();
        running.spawn(async move { (name, run(name, &client).await) });
    }
    let all = timeout(PATIENCE, running.join_all()).await.expect("in time");
    for (name, result) in all {
        result.unwrap_or_else(|failed| panic!("{name}: {failed}"));
    }
}

#[tokio::test]
async fn a_server_that_answers_otherwise_fails_what_looks_at_it() {
    // Everything is well, and nothing is there.
    let wrong = Router::new()
        .grpc(&EMPTY_CALL, unary(request_fn(async |_: Empty| Err::<Empty, _>(Error::unavailable("not today")))))
        .grpc(&UNARY_CALL, unary(request_fn(async |_: SimpleRequest| Ok(SimpleResponse::default()))))
        .grpc(
            &STREAMING_INPUT_CALL,
            client_stream(request_fn(async |_: Messages<Empty>| Ok(StreamingInputCallResponse::default()))),
        )
        .grpc(&STREAMING_OUTPUT_CALL, server_stream(endpoint_fn(async |cx, _: Empty| Ok(nothing(cx)))))
        .grpc(&FULL_DUPLEX_CALL, bidi_stream(endpoint_fn(async |cx, _: Messages<Empty>| Ok(nothing(cx)))))
        .grpc(&UNIMPLEMENTED_CALL, unary(request_fn(async |_: Empty| Ok(Empty {}))))
        .grpc(&UNIMPLEMENTED_SERVICE, unary(request_fn(async |_: Empty| Ok(Empty {}))))
        .build()
        .expect("routes");
    let client = TestClient::new(&serve(wrong).await).expect("a client");
    // An empty stream is what it asks for.
    for name in NAMES.into_iter().filter(|name| *name != "empty_stream") {
        let result = timeout(PATIENCE, run(name, &client)).await.expect(name);
        assert!(result.is_err(), "{name} ought to fail");
    }
}

fn nothing(cx: &mut kit::Context) -> Streaming<StreamingOutputCallResponse> {
    Streaming::new(cx, futures_util::stream::empty())
}

#[tokio::test]
async fn what_is_no_case_is_refused_with_those_there_are() {
    let client = TestClient::new(&"http://127.0.0.1:1".parse().expect("a target")).expect("a client");
    for name in ["cacheable_unary", "client_compressed_unary", "jwt_token_creds", ""] {
        let failed = run(name, &client).await.expect_err(name).to_string();
        assert!(failed.contains("there are empty_unary, large_unary") && failed.contains(name), "{failed}");
    }
}

#[tokio::test]
async fn soaks_go_over_one_channel_or_each_over_its_own() {
    let target = ours(&Registry::new()).await;
    let soak = Soak {
        iterations: 20,
        max_failures: 0,
        max_latency: PATIENCE,
        min_interval: Duration::ZERO,
        overall: PATIENCE,
        request_size: 271_828,
        response_size: 314_159,
        workers: 3,
    };
    let client = TestClient::new(&target).expect("a client");
    let report = soak::run(soak, move || Ok(client.clone())).await.expect("all good");
    assert_eq!((report.latencies.len(), report.failures.len()), (20, 0));
    let report = soak::run(soak, move || TestClient::new(&target)).await.expect("all good");
    assert_eq!((report.latencies.len(), report.failures.len()), (20, 0));
}

#[tokio::test]
async fn a_soak_says_what_went_wrong() {
    let target = ours(&Registry::new()).await;
    let soak = Soak {
        iterations: 4,
        max_failures: 0,
        max_latency: Duration::ZERO,
        min_interval: Duration::ZERO,
        overall: PATIENCE,
        request_size: 1,
        response_size: 1,
        workers: 1,
    };
    let client = TestClient::new(&target).expect("a client");
    let again = client.clone();
    let late = soak::run(soak, move || Ok(again.clone())).await.expect_err("too slow").to_string();
    assert!(late.starts_with("4 calls failed, where 0 may; the first: a call took "), "{late}");
    let none = soak::run(Soak { overall: Duration::ZERO, ..soak }, move || Ok(client.clone())).await;
    assert_eq!(none.expect_err("no time").to_string(), "only 0 of 4 calls were made within 0ns");
}
