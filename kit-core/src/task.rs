//! Tasks that have an owner, and whose panics are errors.

use std::pin::Pin;
use std::task::{Context as Task, Poll};

use tokio::task::{JoinError, JoinHandle};
use tower_layer::Layer as _;

use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::recover::RecoverLayer;

/// A spawned task that is stopped with its owner: awaited it gives its end, dropped it ends at its next await.
#[derive(Debug)]
pub struct Owned<T>(JoinHandle<T>);

impl<T: Send + 'static> Owned<T> {
    /// Spawns `future` on the runtime it is called on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl<T> Owned<T> {
    /// Stops it at its next await.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// Whether it has ended, by itself or because it was stopped.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

/// Its end.
impl<T> Future for Owned<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(task)
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.abort();
    }
}

/// Runs a future; a panic in it is an error as in any stack: a bug, with its place where the panic hook is installed.
///
/// # Errors
/// What the future fails with; code `Internal` for a panic.
///
/// # Cancel safety
/// That of the future.
pub async fn caught<T: Send>(future: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
    RecoverLayer::new().layer(Await).call(&mut Context::new(), future).await
}

/// The request is the future.
struct Await;

impl<T: Send, F: Future<Output = Result<T, Error>> + Send> Endpoint<F> for Await {
    type Response = T;

    async fn call(&self, _cx: &mut Context, future: F) -> Result<T, Error> {
        future.await
    }
}
