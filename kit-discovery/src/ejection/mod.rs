//! Instances that fail are out for a while, by what calls said of them.
//!
//! An instance is ejected after failures in a row, or when half of its calls of the last seconds failed; each time for longer. It
//! comes back by itself when its time is up, ramped like a new one, and is judged by what it does then: nothing that began
//! before counts. Only [failures](kit_core::Outcome::is_failure) count against it; a call that was cancelled, or refused on this
//! side, says nothing.
//!
//! At most half of a set is ejected at once; [checks](crate::check) have no such bound. Where fewer than half may be called, since
//! gates refuse more of them, checks fail, or the set has shrunk around those that are out, ejections and checks are passed over
//! (*panic mode*): calls spread over instances that may work, instead of burying the few that are left. What a gate refuses stays
//! refused.
//!
//! The settings are part of a [`balance::Config`](crate::balance::Config); the [`Roster`](crate::balance::Roster) does the rest.
//!
//! # Source
//! Envoy, "Outlier detection" and "Panic threshold": the times that grow by their base, the largest share, the threshold.

mod config;
mod ejector;
mod event;
mod record;
#[cfg(test)]
mod tests;
mod window;

pub use config::Config;
pub(crate) use ejector::Ejector;
pub use event::{Cause, Event};
pub(crate) use record::Record;
