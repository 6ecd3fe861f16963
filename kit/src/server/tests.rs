use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::{Code, Context, Endpoint, Error, Layer, Method, endpoint_fn};
use kit_log::{Logger, logfmt};
use kit_metrics::{Registry, Snapshot};

use super::{Stack, slot};

static GET: Method = Method::new("svc", "get");

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Seen {
    sink: Sink,
    metrics: Registry,
}

impl Seen {
    fn new() -> (Stack, Self) {
        let (sink, metrics) = (Sink::default(), Registry::new());
        let stack = Stack::new(&Logger::new(logfmt(sink.clone())), &metrics).unwrap();
        (stack, Self { sink, metrics })
    }

    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.sink.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }

    fn requests(&self, outcome: &str, code: &str) -> Option<f64> {
        let labels = [("service", "svc"), ("method", "get"), ("outcome", outcome), ("code", code)];
        self.metrics.snapshot().value("kit_server_requests_total", &labels)
    }

    fn in_flight(&self) -> f64 {
        let snapshot: Snapshot = self.metrics.snapshot();
        snapshot.value("kit_server_requests_in_flight", &[("service", "svc"), ("method", "get")]).unwrap()
    }
}

fn context() -> Context {
    let mut cx = Context::new();
    cx.set_method(&GET);
    cx
}

/// Panics outside `recover`, as a broken layer does.
#[derive(Clone, Copy)]
struct Broken;

struct Breaking<E>(E);

impl<E> Layer<E> for Broken {
    type Service = Breaking<E>;

    fn layer(&self, inner: E) -> Breaking<E> {
        Breaking(inner)
    }
}

impl<E: Endpoint<()>> Endpoint<()> for Breaking<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, (): ()) -> Result<E::Response, Error> {
        self.0.call(cx, ()).await?;
        panic!("a broken layer")
    }
}

#[test]
fn the_slots_are_listed_in_their_order_with_what_is_in_them() {
    let (stack, _) = Seen::new();
    let stack = stack.replace(slot::Limit, Broken).remove(slot::Log);
    let names: Vec<_> = stack.slots().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "net",
            "request_id",
            "trace",
            "metrics",
            "log",
            "deadline",
            "classify",
            "shed",
            "limit",
            "auth",
            "cache",
            "recover"
        ]
    );
    assert_eq!(
        stack.to_string(),
        "net          RecoverLayer\n\
         request_id   RequestIdLayer\n\
         trace        -\n\
         metrics      RedLayer\n\
         log          -\n\
         deadline     DeadlineLayer\n\
         classify     -\n\
         shed         -\n\
         limit        Broken\n\
         auth         -\n\
         cache        -\n\
         recover      RecoverLayer\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_is_named_counted_and_logged() {
    let (stack, seen) = Seen::new();
    let endpoint = stack.layer(endpoint_fn(async |cx, ()| Ok(cx.request_id().is_some())));
    assert!(endpoint.call(&mut context(), ()).await.unwrap());
    assert_eq!((seen.requests("success", "OK"), seen.in_flight()), (Some(1.0), 0.0));
    let lines = seen.lines();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("method=svc.get outcome=success code=OK") && lines[0].contains("request_id="),
        "{}",
        lines[0]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_handler_is_one_line_one_count_and_one_error() {
    let (stack, seen) = Seen::new();
    let endpoint = stack.layer(endpoint_fn(async |_cx, ()| -> Result<(), Error> { panic!("a broken handler") }));
    let error = endpoint.call(&mut context(), ()).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert_eq!((seen.requests("backend_error", "Internal"), seen.in_flight()), (Some(1.0), 0.0));
    let lines = seen.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("level=error ") && lines[0].contains("a broken handler"), "{}", lines[0]);
    assert!(lines[0].contains(&error.id().to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_layer_is_one_line_one_count_and_one_error_too() {
    let (stack, seen) = Seen::new();
    let endpoint = stack.replace(slot::Limit, Broken).layer(endpoint_fn(async |_cx, ()| Ok(())));
    let error = endpoint.call(&mut context(), ()).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert_eq!((seen.requests("backend_error", "Internal"), seen.in_flight()), (Some(1.0), 0.0));
    let lines = seen.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("level=error msg=panic ") && lines[0].contains("a broken layer"), "{}", lines[0]);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_the_deadline_that_came_with_it() {
    let (stack, seen) = Seen::new();
    let endpoint = stack.layer(endpoint_fn(async |_cx, ()| std::future::pending::<Result<(), Error>>().await));
    let cx = context();
    let deadline = cx.now() + Duration::from_millis(100);
    let mut cx = cx.with_deadline(Some(deadline));
    assert_eq!(endpoint.call(&mut cx, ()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(cx.now(), deadline);
    assert_eq!((seen.requests("timed_out", "DeadlineExceeded"), seen.in_flight()), (Some(1.0), 0.0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_waits_reads_the_clock_twice() {
    let (stack, _) = Seen::new();
    let endpoint = stack.layer(endpoint_fn(async |_cx, ()| Ok(())));
    let mut cx = context();
    endpoint.call(&mut cx, ()).await.unwrap();
    assert_eq!(cx.clock_reads(), 2);
}

#[test]
fn a_registry_that_has_the_names_for_something_else_is_refused() {
    let metrics = Registry::new();
    metrics.counter("kit_server_requests_total", "Other labels.").labels(["host"]).unwrap();
    let error = Stack::new(&Logger::discard(), &metrics).unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(error.message().contains("kit_server_requests_total"), "{error}");
}
