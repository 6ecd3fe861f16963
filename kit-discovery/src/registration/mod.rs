//! An instance that is announced, and what keeps it so.
//!
//! A registry forgets: a lease runs out, an agent restarts empty. So a registration is a task. It announces the instance,
//! waits in [`Keeper::keep`] until it is lost, announces it again with back-off, for ever, and withdraws it at the end. What
//! it does now is its [`Standing`], which anyone may watch.

mod config;
mod event;
mod guard;
mod insist;
mod instance;
mod keeper;
mod task;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use event::{Event, News};
pub use guard::{Builder, Registration, Standing};
pub use insist::{Pending, insist};
pub use instance::instance;
pub use keeper::Keeper;
