//! Layers round the methods: each call of a batch is a call of its own.

use std::sync::{Arc, Mutex};

use kit_core::{Code, Context, Endpoint, Error, Layer, Outcome, request_fn};
use kit_transport::http::server::{Finished, Router};
use kit_transport::jsonrpc::server::Methods;

use crate::support::{FAIL, SUM, ask};

/// What a layer saw of a call: method, outcome, bytes received and sent.
type Line = (&'static str, Outcome, u64, u64);

/// Keeps a line of every call.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Line>>>);

impl Log {
    fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<E> Layer<E> for Log {
    type Service = Logged<E>;

    fn layer(&self, inner: E) -> Logged<E> {
        Logged(inner, self.clone())
    }
}

struct Logged<E>(E, Log);

impl<E, Req: Send> Endpoint<Req> for Logged<E>
where
    E: Endpoint<Req>,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let method = cx.method().map_or("", kit_core::Method::name);
        let result = self.0.call(cx, request).await;
        let line = (method, cx.outcome_of(&result), cx.sizes().received(), cx.sizes().sent());
        self.1.0.lock().unwrap().push(line);
        result
    }
}

fn service(log: &Log, ends: &Log) -> kit_transport::http::server::RouterService {
    let fail = request_fn(async |(code,): (u8,)| Err::<(), _>(Error::from_code(Code::from_number(code).unwrap())));
    let rpc = Methods::with(log.clone())
        .method(&SUM, request_fn(async |numbers: Vec<i64>| Ok(numbers.iter().sum::<i64>())))
        .method(&FAIL, fail)
        .build()
        .unwrap();
    let ends = ends.clone();
    let finalize = move |end: &Finished<'_>| {
        let (cx, sizes) = (end.context, end.context.sizes());
        let line = (cx.method().map_or("", kit_core::Method::name), end.outcome, sizes.received(), sizes.sent());
        ends.0.lock().unwrap().push(line);
    };
    Router::new().post("/rpc", rpc).finalize(finalize).build().unwrap()
}

#[tokio::test]
async fn every_call_passes_the_layers_under_its_own_name_and_so_does_what_reaches_none() {
    let (log, ends) = (Log::default(), Log::default());
    let service = service(&log, &ends);
    let batch = r#"[
        {"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1},
        {"jsonrpc":"2.0","method":"sum","params":["x"],"id":2},
        {"jsonrpc":"2.0","method":"fail","params":[14]},
        {"jsonrpc":"2.0","method":"foobar"},
        7
    ]"#;
    let answer = ask(&service, batch).await;
    let mut lines = log.take();
    lines.sort_by_key(|line| (line.0, line.1 as u8));
    assert_eq!(
        lines,
        [
            ("fail", Outcome::BackendError, 4, 0),
            ("invalid_request", Outcome::BusinessError, 0, 0),
            ("method_not_found", Outcome::BusinessError, 0, 0),
            ("sum", Outcome::Success, 5, 1),
            ("sum", Outcome::BusinessError, 5, 0),
        ]
    );
    // The exchange: one, with the first failure among its calls.
    let length = |text: &str| text.len() as u64;
    assert_eq!(ends.take(), [("POST /rpc", Outcome::BackendError, length(batch), length(&answer.body))]);
}

#[tokio::test]
async fn a_single_call_ends_its_exchange_as_it_ended() {
    let (log, ends) = (Log::default(), Log::default());
    let service = service(&log, &ends);
    for (body, method, outcome) in [
        (r#"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}"#, "sum", Outcome::Success),
        (r#"{"jsonrpc":"2.0","method":"fail","params":[5],"id":1}"#, "fail", Outcome::BusinessError),
        (r#"{"jsonrpc":"2.0","method":"fail","params":[13]}"#, "fail", Outcome::BackendError),
        (r#"{"jsonrpc":"2.0","method":"x","id":1}"#, "method_not_found", Outcome::BusinessError),
        ("{", "parse_error", Outcome::BusinessError),
    ] {
        let answer = ask(&service, body).await;
        let (received, sent) = (body.len() as u64, answer.body.len() as u64);
        let lines = log.take();
        assert_eq!((lines.len(), lines[0].0, lines[0].1, lines[0].2), (1, method, outcome, received), "{body}");
        assert_eq!(ends.take(), [("POST /rpc", outcome, received, sent)], "{body}");
    }
}
