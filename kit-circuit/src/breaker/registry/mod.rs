//! A breaker for each key: for each instance, tenant, or shard.
//!
//! ```
//! use kit_circuit::breaker::{Config, registry::{self, Registry}};
//! use kit_core::{Context, Endpoint as _, Error, Gate as _, request_fn};
//! use tokio::time::Instant;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let breakers = Registry::new(registry::Config { breaker: Config::gobreaker(), ..Default::default() })?;
//! let by_shard = breakers.layer(|_: &Context, id: &u32| Some(id % 8));
//! let lookup = request_fn(async |id: u32| if id % 8 == 3 { Err(Error::unavailable("down")) } else { Ok(id) }).layer(by_shard);
//! for _ in 0..6 {
//!     assert!(lookup.call(&mut Context::new(), 3).await.is_err());
//! }
//! assert!(!breakers.gate(3).admits(Instant::now()));
//! assert_eq!(lookup.call(&mut Context::new(), 4).await?, 4);
//! # Ok(()) }
//! ```

mod breakers;
mod config;
mod gate;
mod key_of;
mod keyed;
#[cfg(test)]
mod tests;

pub use breakers::{Key, Registry};
pub use config::Config;
pub use gate::KeyGate;
pub use key_of::{ByInstance, KeyOf};
pub use keyed::{Keyed, KeyedLayer};
