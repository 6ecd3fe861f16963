//! Services as endpoints, endpoints as services, and the error on its way through.

use std::convert::Infallible;
use std::task::{Context as Task, Poll};

use kit_core::bridge::{FromService, IntoService};
use kit_core::{BoxError, Code, Context, Endpoint as _, Error, endpoint_fn, request_fn};
use tower::util::service_fn;
use tower::{Service, ServiceExt as _};

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("full")]
struct Full;

#[derive(Debug, thiserror::Error)]
#[error("the layer between gave up")]
struct Between(#[source] BoxError);

#[tokio::test]
async fn an_endpoint_goes_through_a_service_and_back() {
    let endpoint = request_fn(async |text: String| match text.is_empty() {
        false => Ok(text.len()),
        true => Err(Error::boundary(Code::InvalidArgument, Full).with_reason("empty")),
    });
    let back = FromService::new(IntoService::new(endpoint));
    assert_eq!(back.call(&mut Context::new(), "four".into()).await.unwrap(), 4);
    let error = back.call(&mut Context::new(), String::new()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("empty")));
    assert!(error.cause::<Full>().is_some());
}

#[tokio::test]
async fn our_error_is_found_however_a_service_boxed_it() {
    let ours = Error::not_found("no such cargo").with_reason("no_cargo");
    let boxes: [fn(Error) -> BoxError; 3] = [
        |error| Box::new(error),
        |error| Box::new(Between(Box::new(error))),
        |error| Box::new(Between(Box::new(Between(Box::new(error))))),
    ];
    for boxed in boxes {
        let error = ours.clone();
        let service = service_fn(move |()| std::future::ready(Err::<(), _>(boxed(error.clone()))));
        let error = FromService::new(service).call(&mut Context::new(), ()).await.unwrap_err();
        assert_eq!((error.id(), error.code(), error.reason()), (ours.id(), Code::NotFound, Some("no_cargo")));
    }
}

#[tokio::test]
async fn a_foreign_error_is_a_bug_with_its_cause() {
    let service = service_fn(|()| std::future::ready(Err::<(), _>(Full)));
    let error = FromService::new(service).call(&mut Context::new(), ()).await.unwrap_err();
    assert!(error.is_bug());
    assert!(error.cause::<Full>().is_some());
    let service = service_fn(|n: u32| std::future::ready(Ok::<_, Infallible>(n)));
    assert_eq!(FromService::new(service).call(&mut Context::new(), 7).await.unwrap(), 7);
}

/// Says of each call whether the clone that was called is the one that was asked; refuses to be ready every third time.
#[derive(Default)]
struct Strict {
    calls: Arc<Mutex<u32>>,
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { calls: Arc::clone(&self.calls), ready: false }
    }
}

impl Service<()> for Strict {
    type Response = bool;
    type Error = Full;
    type Future = std::future::Ready<Result<bool, Full>>;

    fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), Full>> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls += 1;
        self.ready = !calls.is_multiple_of(3);
        Poll::Ready(if self.ready { Ok(()) } else { Err(Full) })
    }

    fn call(&mut self, (): ()) -> Self::Future {
        std::future::ready(Ok(std::mem::take(&mut self.ready)))
    }
}

#[tokio::test]
async fn the_clone_that_was_made_ready_is_the_one_that_is_called() {
    let endpoint = FromService::new(Strict::default());
    assert!(endpoint.call(&mut Context::new(), ()).await.unwrap());
    assert!(endpoint.call(&mut Context::new(), ()).await.unwrap());
    let error = endpoint.call(&mut Context::new(), ()).await.unwrap_err();
    assert!(error.cause::<Full>().is_some(), "refused when it was asked to be ready");
}

#[tokio::test]
async fn a_service_of_an_endpoint_tells_its_calls_token_when_it_is_dropped_and_only_then() {
    let (send, mut tokens) = tokio::sync::mpsc::channel(2);
    let endpoint = endpoint_fn(async |cx, (hang, send): (bool, tokio::sync::mpsc::Sender<Cancel>)| {
        send.send(cx.cancel_token()).await.expect("the test listens");
        if hang { std::future::pending().await } else { Ok(()) }
    });
    let service = IntoService::new(endpoint);
    service.clone().oneshot((false, send.clone())).await.unwrap();
    let finished = tokens.recv().await.unwrap();
    assert!(!finished.is_cancelled());

    let call = tokio::spawn(service.oneshot((true, send)));
    let abandoned = tokens.recv().await.unwrap();
    assert!(!abandoned.is_cancelled());
    call.abort();
    abandoned.cancelled().await;
    assert!(!finished.is_cancelled());
}
