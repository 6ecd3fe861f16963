//! Heartbeats: signs of life of a long-running task, who listens to them, and who restarts a task that gives none.
//!
//! | | |
//! |---|---|
//! | [`Pulse`] | the worker's side: a pulse for each unit of work |
//! | [`Rhythm`] | a pulse at an interval, while the worker waits |
//! | [`Pulses`] | a listener: every pulse, or the latest of those it missed |
//! | [`Watcher`] | silence as a state, and as a health check |
//! | [`Steward`], [`Ward`] | restarts a task that is silent or gone; how that task is |
//!
//! Worker, listener and watcher meet in one slot that holds the latest pulse. So a pulse never waits and never fails, nobody
//! needs to listen, memory stays as it is, and a late listener finds at least one. Results do not go through that slot: they
//! are sent where the worker sends them, and no pulse can take the place of one.
//!
//! ```
//! use std::time::Duration;
//!
//! use kit_core::heartbeat::{Pulse, Vital};
//! use tokio::sync::mpsc;
//!
//! async fn double(pulse: Pulse, mut jobs: mpsc::Receiver<u32>, results: mpsc::Sender<u32>) -> Result<(), kit_core::Error> {
//!     let mut rhythm = pulse.every(Duration::from_secs(1))?;
//!     while let Some(job) = rhythm.wait(jobs.recv()).await { // silence is expected: a pulse each second
//!         pulse.unit(); // a unit of work begins
//!         if rhythm.wait(results.send(job * 2)).await.is_err() {
//!             break;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
//! let (pulse, (send, jobs), (results, mut receive)) = (Pulse::new(), mpsc::channel(8), mpsc::channel(8));
//! let mut watcher = pulse.watch(Duration::from_secs(2))?; // twice the interval: one pulse may be late
//! let worker = tokio::spawn(double(pulse, jobs, results));
//!
//! send.send(21).await.unwrap();
//! assert_eq!(receive.recv().await, Some(42));
//! assert_eq!((watcher.vital(), watcher.last().unwrap().progress), (Vital::Alive, 1));
//!
//! drop(send); // no more jobs: the worker ends
//! worker.await.unwrap()?;
//! assert_eq!(watcher.changed().await, Vital::Ended);
//! # Ok(()) }
//! ```
//!
//! A test that waits for the first pulse of what it tests, instead of a time it guesses, fails for no other reason than the
//! code's own.
//!
//! # Source
//! "Concurrency in Go", chapter 5, "Heartbeats" and "Healing unhealthy goroutines" (CC-20 to CC-24 in `source-systems.md`).

mod error;
mod pulse;
mod pulses;
mod restart;
mod rhythm;
mod steward;
mod supervisor;
#[cfg(test)]
mod tests;
mod ward;
mod watcher;

pub use error::NoPulse;
pub use pulse::{Beat, Pulse};
pub use pulses::Pulses;
pub use restart::Restart;
pub use rhythm::Rhythm;
pub use steward::{Restarting, Steward, StewardBuilder};
pub use ward::{Care, Ward};
pub use watcher::{Vital, Watcher};
