//! The parts of an app: started in order, each when the one before is ready; stopped in reverse, each within a bound.
//!
//! ```
//! use kit_core::{Error, Health, Lifecycle, ResultExt as _, Code};
//! use tokio::net::TcpListener;
//!
//! # async fn serve(_: TcpListener, stop: impl Future<Output = ()>) { stop.await }
//! # async fn recover() -> Result<(), Error> { Ok(()) }
//! # async fn flush() -> Result<(), Error> { Ok(()) }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // Before anything is started: a port that is taken fails here.
//! let listener = TcpListener::bind("127.0.0.1:0").await.or_code(Code::Unavailable, "cannot listen")?;
//!
//! let health = Health::new();
//! # let signal = async {};
//! let stopped = Lifecycle::new()
//!     .health(&health)
//!     .part("store", async |part| {
//!         recover().await?;
//!         part.ready(); // now, and not before, http starts
//!         part.stopping().await; // asked after http has ended
//!         flush().await
//!     })
//!     .part("http", async move |part| {
//!         part.ready();
//!         serve(listener, part.stopping()).await; // accepts until then, and drains
//!         Ok(())
//!     })
//!     .run(signal)
//!     .await?;
//! assert!(stopped.is_clean());
//! # Ok(()) }
//! ```
//!
//! # The rules
//! - **Start** in the order of registration. The next part starts when the one before has said that it is ready, which it must
//!   within its limit. What an earlier part has made is there for a later one, in an `Arc<OnceLock<_>>` that both have a clone of.
//!   Announcements start last.
//! - **Stop**, for whatever reason, in five steps: readiness is refused; what [announces](Lifecycle::announcement) the app takes it
//!   back; everything goes on for the [`notice`](Lifecycle::notice) if it had all been ready; then each part, the last one first,
//!   is asked to stop and has its limit to end; what takes longer is cut off.
//! - **A part that fails** or panics stops all, and its error is the answer. So does one that ends before it was asked to, unless
//!   it is a [`job`](Lifecycle::job).
//! - **A second signal** ([`force`](Lifecycle::force)) cuts everything off at once.
//! - **Nothing is left behind.** Every part is a task that the run owns, and that is gone when the run is, however it ended. To be
//!   cut off means to be dropped at an await, so a part that blocks its thread cannot be: it is named in [`Stopped::stuck`].
//!
//! It knows no signals and opens no sockets: those are handed in. [`Event`]s tell an observer of each step.
//!
//! # Source
//! X-10 in `source-systems.md`: start order and readiness gates, drain with a bound, reverse stop, flush.

mod builder;
mod error;
mod event;
mod limits;
mod part;
mod parts;
mod slot;
#[cfg(test)]
mod tests;

pub use builder::{Lifecycle, Stopped};
pub use error::{Misstep, PartFailed};
pub use event::{Event, Step};
pub use limits::Limits;
pub use part::Part;
