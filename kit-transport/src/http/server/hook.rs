use std::pin::Pin;
use std::sync::Arc;

use kit_core::{Context, Error};

use crate::http::Request;

/// What a hook is kept as.
pub(super) type BeforeHook = Arc<dyn for<'a> Fn(&'a mut Context, &'a mut Request) -> Verdict<'a> + Send + Sync>;

/// What a hook is kept as.
pub(super) type AfterHook<Res> = Arc<dyn for<'a> Fn(&'a mut Context, &'a mut Res) -> Verdict<'a> + Send + Sync>;

/// Whether the call goes on.
pub(super) type Verdict<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// A function that runs before a request is decoded: an `async fn(&mut Context, &mut Request) -> Result<(), Error>` without
/// captures. Implemented for every one that fits; not to be implemented by hand.
pub trait Before<'a>: Send + Sync {
    /// Runs it.
    fn run(&self, cx: &'a mut Context, request: &'a mut Request) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<'a, F, Fut> Before<'a> for F
where
    F: Fn(&'a mut Context, &'a mut Request) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), Error>> + Send + 'a,
{
    fn run(&self, cx: &'a mut Context, request: &'a mut Request) -> impl Future<Output = Result<(), Error>> + Send {
        self(cx, request)
    }
}

/// A function that runs after the endpoint has answered: an `async fn(&mut Context, &mut Res) -> Result<(), Error>` without
/// captures. Implemented for every one that fits; not to be implemented by hand.
pub trait After<'a, Res>: Send + Sync {
    /// Runs it.
    fn run(&self, cx: &'a mut Context, response: &'a mut Res) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<'a, F, Fut, Res> After<'a, Res> for F
where
    F: Fn(&'a mut Context, &'a mut Res) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), Error>> + Send + 'a,
    Res: 'a,
{
    fn run(&self, cx: &'a mut Context, response: &'a mut Res) -> impl Future<Output = Result<(), Error>> + Send {
        self(cx, response)
    }
}

pub(super) fn before<F>(hook: F) -> BeforeHook
where
    F: for<'a> Before<'a> + 'static,
{
    let hook = Arc::new(hook);
    Arc::new(move |cx, request| {
        let hook = Arc::clone(&hook);
        Box::pin(async move { hook.run(cx, request).await })
    })
}

pub(super) fn after<F, Res>(hook: F) -> AfterHook<Res>
where
    F: for<'a> After<'a, Res> + 'static,
    Res: Send + 'static,
{
    let hook = Arc::new(hook);
    Arc::new(move |cx, response| {
        let hook = Arc::clone(&hook);
        Box::pin(async move { hook.run(cx, response).await })
    })
}
