use std::pin::Pin;

use super::Limits;
use crate::error::Error;

/// Finds out whether something works: a dependency answers, a worker lives, there is room on a disk.
///
/// Closures that return a future are checks; one that needs state is handed it by [`check_with`]. A
/// [`Watcher`](crate::heartbeat::Watcher) and a [`Ward`](crate::heartbeat::Ward) are checks.
///
/// A check must not change what it looks at, and should ask for as little as tells: it runs for every probe, up to once in
/// [`Limits::cache`](super::Limits::cache).
///
/// ```
/// use kit_core::{Error, Health};
/// use kit_core::health::{Check, Probe};
///
/// struct Spool { free: u64 }
///
/// impl Check for Spool {
///     async fn check(&self) -> Result<(), Error> {
///         if self.free > 1024 { Ok(()) } else { Err(Error::resource_exhausted("the spool is full")) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let health = Health::new();
/// health.add(Probe::Liveness, "spool", Spool { free: 12 })?;
/// assert_eq!(health.report(Probe::Liveness).await.failing().collect::<Vec<_>>(), ["spool"]);
/// # Ok(()) }
/// ```
pub trait Check: Send + Sync + 'static {
    /// Looks.
    ///
    /// It is dropped when its time is up, and its task ends with the process's last [`Health`](super::Health): cancel safe code
    /// only.
    ///
    /// # Errors
    /// It does not work. The error goes to the observer; a probe's answer holds the check's name alone.
    fn check(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// What [`Health::add`](super::Health::add) holds it to. Default: [`Limits::default`].
    fn limits(&self) -> Limits {
        Limits::default()
    }
}

impl<F, Fut> Check for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Error>> + Send,
{
    fn check(&self) -> impl Future<Output = Result<(), Error>> + Send {
        self()
    }
}

/// A check from state and an `async fn(&S) -> Result<(), Error>`, or an async closure of that shape without captures.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use kit_core::{Error, Health};
/// use kit_core::health::{Probe, check_with};
///
/// # fn main() -> Result<(), Error> {
/// let backlog = Arc::new(AtomicUsize::new(0));
/// Health::new().add(Probe::Readiness, "backlog", check_with(backlog, async |backlog| {
///     if backlog.load(Ordering::Relaxed) < 1_000 { Ok(()) } else { Err(Error::unavailable("too much to catch up on")) }
/// }))?;
/// # Ok(()) }
/// ```
pub fn check_with<S, F>(state: S, f: F) -> CheckWith<S, F>
where
    S: Send + Sync + 'static,
    // The first bound lets the compiler infer the closure's types, the second says that its future is `Send`.
    F: AsyncFn(&S) -> Result<(), Error> + for<'a> CheckHandler<'a, S> + 'static,
{
    CheckWith(state, f)
}

/// The check of [`check_with`].
#[derive(Clone, Copy, Debug)]
pub struct CheckWith<S, F>(S, F);

impl<S, F> Check for CheckWith<S, F>
where
    S: Send + Sync + 'static,
    F: for<'a> CheckHandler<'a, S> + 'static,
{
    async fn check(&self) -> Result<(), Error> {
        self.1.run(&self.0).await
    }
}

/// A function that [`check_with`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function is no check with state `{S}`",
    note = "it must be an `async fn(&State) -> Result<(), kit_core::Error>` that captures nothing and whose future is `Send`"
)]
pub trait CheckHandler<'a, S>: Send + Sync {
    /// Calls it.
    fn run(&self, state: &'a S) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<'a, S, F, Fut> CheckHandler<'a, S> for F
where
    S: 'a,
    F: Fn(&'a S) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), Error>> + Send + 'a,
{
    fn run(&self, state: &'a S) -> impl Future<Output = Result<(), Error>> + Send {
        self(state)
    }
}

/// A check of any type.
pub(super) trait Erased: Send + Sync {
    fn check_boxed(&self) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>>;
}

impl<C: Check> Erased for C {
    fn check_boxed(&self) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(self.check())
    }
}
