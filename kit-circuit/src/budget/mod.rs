//! How much more than its calls a client may send: what retries and hedges spend.
//!
//! A dependency that fails gets its calls again, just when it can bear them least. A [`Budget`] bounds that: over any
//! [`window`](Config::window), repeats are at most a [share](Config::ratio) of the calls, and a [few](Config::per_second)
//! besides, so that a client with little to do may repeat at all. Three attempts a call triple the load of a healthy client's
//! bad minute; with a budget of 20 % they add a fifth to it.
//!
//! A budget is a handle; clones share it. Everything that calls one callee should share one: its retries, and the hedges inside
//! them. [`Budgets`] finds them by name.
//!
//! ```
//! use kit_circuit::budget::{Budgets, Config};
//! use tokio::time::Instant;
//!
//! let budgets = Budgets::new(Config { per_second: 0, ..Config::default() })?;
//! let profiles = budgets.named("profiles");
//! let now = Instant::now();
//! for _ in 0..10 {
//!     profiles.call(now); // ten calls pay for two repeats
//! }
//! assert!(budgets.named("profiles").spend(now, 1) && profiles.spend(now, 1));
//! assert!(!profiles.spend(now, 1));
//! # Ok::<(), kit_circuit::ConfigError>(())
//! ```
//!
//! # How it counts
//! In slots of one second: calls without a lock, repeats under a short one, so that two who ask for the last one do not both get
//! it. A call counts while its slot is among the last `window` seconds, a repeat for one slot longer: the bound holds over any
//! stretch of time, wherever the seconds begin, and is at most a second's calls stricter than it says.
//!
//! # Source
//! Finagle's `RetryBudget` (20 %, 10 a second, 10 s) and linkerd's, which count the same way; "Site Reliability Engineering",
//! chapter 21. Theirs drop what is spent together with its slot, so that a burst may come a slot early.

mod config;
mod named;
mod slots;
mod state;
mod sync;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use named::Budgets;
pub use state::{Budget, Stats};
