use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;

/// A part's line to its [`Lifecycle`](super::Lifecycle): how it says that it is ready, and hears that it is to stop. Clones are one
/// part.
///
/// A part's story reads from top to bottom: open; say [`ready`](Self::ready); work until [`stopping`](Self::stopping); then its own
/// steps in its own order (stop accepting, drain, close, flush). One that is given away under a name is a type with a method:
///
/// ```
/// use kit_core::lifecycle::Part;
/// use kit_core::{Error, Lifecycle};
///
/// # struct Store;
/// # impl Store {
/// #     async fn open(_: &str) -> Result<Self, Error> { Ok(Store) }
/// #     async fn flush(&self) -> Result<(), Error> { Ok(()) }
/// # }
/// struct StorePart { path: String }
///
/// impl StorePart {
///     async fn run(self, part: Part) -> Result<(), Error> {
///         let store = Store::open(&self.path).await?;
///         part.ready();
///         part.stopping().await;
///         store.flush().await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let store = StorePart { path: "/var/lib/store".into() };
/// Lifecycle::new().part("store", |part| store.run(part)).run(async {}).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Part {
    name: Arc<str>,
    ready: watch::Sender<bool>,
    stop: watch::Receiver<bool>,
}

impl Part {
    /// With whether the part is ready, and how it is asked to stop.
    pub(super) fn new(name: Arc<str>) -> (Self, watch::Receiver<bool>, watch::Sender<bool>) {
        let (ready, is_ready) = watch::channel(false);
        let (ask, stop) = watch::channel(false);
        (Self { name, ready, stop }, is_ready, ask)
    }

    /// The name that it was registered under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// It is ready: the next may start.
    pub fn ready(&self) {
        self.ready.send_replace(true);
    }

    /// Waits until it is to stop. The future is its own: it may be handed to a server, or to a task.
    ///
    /// # Cancel safety
    /// Cancel safe: it stays told.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.clone();
        async move {
            // Without a lifecycle there is nothing to run for.
            let _ = stop.wait_for(|&stop| stop).await;
        }
    }

    /// Whether it is to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("ready", &*self.ready.borrow())
            .field("stopping", &self.is_stopping())
            .finish()
    }
}

/// What a part does, of any type.
pub(super) type Story = Box<dyn FnOnce(Part) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> + Send>;

pub(super) fn story<F, Fut>(run: F) -> Story
where
    F: FnOnce(Part) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    // Made when it is polled: a closure that panics before its first await does so on the part's own task.
    Box::new(|part| Box::pin(async move { run(part).await }))
}
