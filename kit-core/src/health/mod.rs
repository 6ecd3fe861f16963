//! Health: what a prober, a load balancer and an operator are told of a process.
//!
//! | probe | asks | fails while |
//! |---|---|---|
//! | [`Probe::Liveness`] | must it be killed? | a liveness check fails, and for nothing else |
//! | [`Probe::Readiness`] | may calls be sent here? | it starts, the gate is closed, a readiness check fails |
//! | [`Probe::Startup`] | is the start done? | nobody has said so, or a startup check has not passed yet |
//!
//! A process that is not ready is alive: killing it because its database is away makes two outages of one. So a dependency is
//! a readiness check, if anything, and liveness is for what only a restart mends, such as a worker without a
//! [heartbeat](crate::heartbeat).
//!
//! ```
//! use kit_core::health::{Probe, Status};
//! use kit_core::{Error, Health};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let health = Health::observed(|changed: &kit_core::health::Changed| {
//!     println!("{} is {}: {:?}", changed.name, changed.status, changed.error); // the log alone learns why
//! });
//! health.add(Probe::Readiness, "database", async || Err(Error::unavailable("10.0.0.7 refused the password")))?;
//! health.set_started();
//!
//! let ready = health.report(Probe::Readiness).await;
//! assert_eq!(ready.status(), Status::Unhealthy);
//! assert_eq!(ready.failing().collect::<Vec<_>>(), ["database"]); // what a stranger reads
//! assert!(health.report(Probe::Liveness).await.is_healthy());
//! # Ok(()) }
//! ```
//!
//! A probe must answer soon, whatever it asks, and must not become a load of its own. So each check has a deadline, after which
//! it is unhealthy; its answer holds for a while ([`Limits`]); probes that overlap share one run. A run is a task: a prober who
//! leaves cuts it off for nobody, and a check that blocks its thread holds up no prober. It ends with the last clone of its
//! [`Health`].
//!
//! # Source
//! Kubernetes' three probes. Go kit's talk promises health in the server package (GK-02 in `source-systems.md`).

mod check;
mod entry;
mod error;
mod event;
mod limits;
mod registry;
mod report;
#[cfg(test)]
mod tests;

pub use check::{Check, CheckHandler, CheckWith, check_with};
pub use error::NoAnswer;
pub use event::Changed;
pub use limits::Limits;
pub use registry::{Health, READY, STARTED};
pub use report::{CheckReport, Probe, Report, Status};
