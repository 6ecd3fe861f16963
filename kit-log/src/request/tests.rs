use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::Stream;
use kit_core::{
    Code, Context, Endpoint, Error, Layer as _, Method, Outcome, RequestId, SpanContext, SpanId, Streaming, TraceId,
    endpoint_fn, endpoint_with,
};
use tokio::time::advance;

use super::RequestLogLayer;
use crate::{Logger, logfmt};

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

impl Sink {
    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

fn layer() -> (RequestLogLayer, Sink) {
    let sink = Sink::default();
    (RequestLogLayer::server(&Logger::new(logfmt(sink.clone()))), sink)
}

fn context() -> Context {
    let mut cx = Context::new();
    cx.set_method(&GET);
    cx.set_request_id(RequestId::parse("r-1").unwrap());
    cx
}

#[tokio::test(start_paused = true)]
async fn a_call_is_one_line_with_what_is_known_of_it() {
    let (layer, sink) = layer();
    let endpoint = layer.layer(endpoint_fn(async |cx, ()| {
        advance(Duration::from_micros(1_234_567)).await;
        cx.stamp();
        cx.sizes_mut().add_received(13);
        cx.sizes_mut().add_sent(7);
        cx.attempts_mut().set_number(2);
        Ok(())
    }));
    endpoint.call(&mut context(), ()).await.unwrap();
    assert_eq!(
        sink.lines(),
        [
            "level=info msg=request side=server method=svc.get outcome=success code=OK duration_ms=1234.567 attempts=3 received_bytes=13 sent_bytes=7 request_id=r-1"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_is_logged_once_with_its_report_at_the_level_of_its_outcome() {
    let (layer, sink) = layer();
    let endpoint = layer.layer(endpoint_fn(async |_cx, code: Code| {
        Err::<(), _>(Error::new(code, "no").with_reason("why").with_field("row", 7).with_cause("the cause"))
    }));
    for (code, level, outcome) in [
        (Code::NotFound, "info", "business_error"),
        (Code::DeadlineExceeded, "warn", "timed_out"),
        (Code::Unavailable, "error", "backend_error"),
    ] {
        let error = endpoint.call(&mut context(), code).await.unwrap_err();
        let line = sink.lines().pop().unwrap();
        assert!(line.starts_with(&format!("level={level} msg=request ")), "{line}");
        assert!(line.contains(&format!(" outcome={outcome} code={code} ")), "{line}");
        for part in [
            &format!("error_id={}", error.id()),
            "error=no",
            "error_reason=why",
            "error_cause=\"the cause\"",
            "error_fields=\"row=7\"",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    assert_eq!(sink.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_a_fallback_says_how_the_call_itself_had_ended() {
    let (layer, sink) = layer();
    let endpoint = layer.layer(endpoint_fn(async |cx, falls_back: bool| {
        if falls_back {
            cx.set_fallback(Outcome::TimedOut);
        }
        Ok(())
    }));
    // Of one context that is used twice.
    let mut cx = context();
    for falls_back in [true, false] {
        endpoint.call(&mut cx, falls_back).await.unwrap();
    }
    let [answered, plain] = &sink.lines()[..] else { panic!("two lines") };
    let said = "outcome=success code=OK duration_ms=0.000 fallback=timed_out request_id=r-1";
    assert!(answered.ends_with(said) && !plain.contains("fallback"), "{answered}; {plain}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_logged_as_cancelled() {
    let (layer, sink) = layer();
    let endpoint = layer.layer(endpoint_fn(async |_cx, ()| std::future::pending::<Result<(), Error>>().await));
    let mut cx = context();
    let call = tokio::time::timeout(Duration::from_secs(2), endpoint.call(&mut cx, ()));
    assert!(call.await.is_err());
    let line = sink.lines().pop().unwrap();
    assert!(line.contains("outcome=cancelled code=Cancelled duration_ms=2000.000"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_streamed_answer_is_logged_at_its_end() {
    let (layer, sink) = layer();
    let endpoint = layer.layer(endpoint_fn(async |cx, fails: bool| {
        let item = if fails { Err(Error::data_loss("lost")) } else { Ok(1u8) };
        Ok(Streaming::new(cx, futures_util::stream::iter([item])))
    }));
    for (fails, outcome) in [(false, "success"), (true, "backend_error")] {
        let before = sink.lines().len();
        let mut stream = endpoint.call(&mut context(), fails).await.unwrap();
        assert_eq!(sink.lines().len(), before, "not before the end");
        while std::future::poll_fn(|task| std::pin::Pin::new(&mut stream).poll_next(task)).await.is_some() {}
        let line = sink.lines().pop().unwrap();
        assert!(line.contains(&format!("outcome={outcome}")), "{line}");
    }
    drop(endpoint.call(&mut context(), false).await.unwrap());
    assert!(sink.lines().pop().unwrap().contains("outcome=cancelled"));
    assert_eq!(sink.lines().len(), 3);
}

#[tokio::test]
async fn a_refused_line_is_not_written_and_a_panic_is_left_to_who_catches_it() {
    let sink = Sink::default();
    let quiet = Logger::with_levels(logfmt(sink.clone()), crate::Level::Error);
    let endpoint = RequestLogLayer::client(&quiet).layer(endpoint_fn(async |_cx, ()| Ok(())));
    endpoint.call(&mut context(), ()).await.unwrap();
    let (layer, loud) = layer();
    let endpoint = kit_core::recover::RecoverLayer::new()
        .layer(layer.layer(endpoint_fn(async |_cx, ()| -> Result<(), Error> { panic!("on purpose") })));
    assert!(endpoint.call(&mut context(), ()).await.is_err());
    assert_eq!((sink.lines().len(), loud.lines().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_traced_call_names_its_trace_and_span_in_its_line_and_in_what_it_logs() {
    let (layer, sink) = layer();
    let log = Logger::new(logfmt(sink.clone()));
    let endpoint = layer.layer(endpoint_with(log, async |log, cx, ()| {
        crate::info!(super::logger(log, cx), "halfway");
        Ok(())
    }));
    let mut cx = context();
    cx.set_span(SpanContext::new(TraceId::from_bits(0xab).unwrap(), SpanId::from_bits(0xcd).unwrap(), true));
    endpoint.call(&mut cx, ()).await.unwrap();
    let ids = "trace_id=000000000000000000000000000000ab span_id=00000000000000cd";
    assert_eq!(
        sink.lines(),
        [
            format!("level=info request_id=r-1 {ids} msg=halfway"),
            format!(
                "level=info msg=request side=server method=svc.get outcome=success code=OK duration_ms=0.000 request_id=r-1 {ids}"
            ),
        ]
    );
}
