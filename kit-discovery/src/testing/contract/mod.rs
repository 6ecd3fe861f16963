//! What may be relied on in every instancer, registrar and balancer, as tests.
//!
//! A test gives a rig: how its backend is filled, read and broken. [`instancer`] and [`registrar`] play every rule on a fresh
//! one, panic at the first that is broken, by its name, and say which could not be shown, because the rig has no such fault.
//! A test asserts that too, so that nothing goes missing unseen.
//!
//! The rules wait on tokio's clock, each for at most [`InstancerRig::patience`]: paused for what is in memory, running for a
//! real server.
//!
//! ```
//! use kit_core::{Error, Instance};
//! use kit_discovery::testing::contract::{self, Fault, InstancerRig};
//! use kit_discovery::testing::memory::Registry;
//! use kit_discovery::{Discovery, Instancer};
//!
//! struct Rig(Registry);
//!
//! impl InstancerRig for Rig {
//!     type Instancer = Discovery;
//!
//!     async fn start(&mut self) -> Discovery {
//!         self.0.instancer("strings").start().expect("the default back-off is in its range")
//!     }
//!
//!     async fn set(&mut self, instances: &[Instance]) {
//!         self.0.set("strings", instances.iter().cloned());
//!     }
//!
//!     async fn fault(&mut self, fault: Fault) -> bool {
//!         match fault {
//!             Fault::Fails => self.0.fail(Error::unavailable("down")),
//!             Fault::Hangs => self.0.hang(),
//!             _ => return false,
//!         }
//!         true
//!     }
//!
//!     async fn heal(&mut self) {
//!         self.0.heal();
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # tokio::time::pause();
//! let report = contract::instancer(async || Rig(Registry::new())).await;
//! assert_eq!(report.not_shown, ["skips what is malformed", "keeps the set when nothing can be read"]);
//! # }
//! ```

mod balancer;
mod instancer;
mod registrar;
mod wait;

use std::time::Duration;

use kit_core::testing::contract::NotShown;
use kit_core::{Context, Instance};
use tokio::time::Instant;

use crate::instancer::Instancer;
use crate::registrar::Registrar;

pub use kit_core::testing::contract::Report;

pub use balancer::balancer;
pub use instancer::instancer;
pub use registrar::registrar;

/// What a backend can be made to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It answers with errors, or not at all in a way that is noticed: it is down.
    Fails,
    /// It takes requests and does not answer them.
    Hangs,
    /// It holds one entry more, which names no instance.
    Garbles,
    /// It holds nothing but entries that name no instance.
    Unreadable,
    /// It has lost what was registered, and works. Asked of registrars alone.
    Forgets,
}

/// A backend of one service and the instancers that follow it.
pub trait InstancerRig {
    /// What is tested.
    type Instancer: Instancer;

    /// Starts one that follows the service. Several may run on one backend.
    fn start(&mut self) -> impl Future<Output = Self::Instancer>;

    /// Makes these the instances of the service, and nothing else.
    fn set(&mut self, instances: &[Instance]) -> impl Future<Output = ()>;

    /// Breaks the backend; false if it cannot be broken like that.
    fn fault(&mut self, fault: Fault) -> impl Future<Output = bool>;

    /// Takes the fault away; the instances are those that were set last.
    fn heal(&mut self) -> impl Future<Output = ()>;

    /// The instance of this number, from 0 to 99. Instances are compared by address. Default `127.0.0.1:20000` and on, every
    /// fourth on `[::1]`.
    fn instance(&self, number: u16) -> Instance {
        let host = if number % 4 == 3 { "[::1]" } else { "127.0.0.1" };
        Instance::new(format!("{host}:{}", 20_000 + number))
    }

    /// How long a change, a fault and its end may take to be seen. Default 10 s.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// The longest that it rests between two queries. Default 100 ms.
    fn period(&self) -> Duration {
        Duration::from_millis(100)
    }
}

/// A backend of one service and the registrars that announce there.
pub trait RegistrarRig {
    /// What is tested.
    type Registrar: Registrar;

    /// One that announces instances of the service.
    fn start(&mut self) -> impl Future<Output = Self::Registrar>;

    /// Who is registered for the service, as others see it.
    fn registered(&mut self) -> impl Future<Output = Vec<Instance>>;

    /// Breaks the backend; false if it cannot be broken like that.
    fn fault(&mut self, fault: Fault) -> impl Future<Output = bool>;

    /// Takes the fault away.
    fn heal(&mut self) -> impl Future<Output = ()>;

    /// How long a change, a fault and its end may take to be seen; a registration that is left behind is gone by then. Default
    /// 10 s.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// Balancers of one kind.
pub trait BalancerRig: Sync {
    /// What is tested.
    type Balancer: crate::balance::Balancer;

    /// One that has not picked yet.
    fn balancer(&self) -> Self::Balancer;

    /// The context of the call of this number, at this time; with the key that the balancer goes by, if it does. Default an empty one.
    fn context(&self, number: u64, now: Instant) -> Context {
        let _ = number;
        Context::at(now)
    }
}
