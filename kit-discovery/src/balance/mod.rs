//! Which one to call: a set of instances with what is known of each, and balancers that pick from it.
//!
//! A [`Roster`] holds the set; it is read by every call without a lock and swapped when discovery finds another one. A
//! [`Balancer`] picks, by what it thinks best, from those that may be picked; the roster takes care of who they are. The
//! [`Pick`] is a guard: the call is in flight at the instance until it is told its end.
//!
//! | balancer | picks | for |
//! |---|---|---|
//! | [`PeakEwma`] | of two, the one that will answer sooner | most clients; what kit begins with |
//! | [`LeastRequests`] | of two, the one with fewer requests in flight | calls of very different lengths |
//! | [`RoundRobin`] | each in turn | exact shares of equal instances |
//! | [`SmoothWeighted`] | each in turn, by weight | exact shares by weight |
//! | [`Random`] | by chance, by weight | many small clients |
//! | [`ConsistentHash`] | the same for the same key | caches |
//!
//! # Who may be picked
//! Whichever balancer picks, in this order: who was not tried by an earlier attempt of this call before who was; who is healthy, as
//! discovery says, before who is not; the lowest priority first (RFC 2782); the caller's [zone](Config::zone) first, while enough of
//! it may be called. Never who is [ejected](crate::ejection) or fails its [checks](crate::check), unless most do; never whom a
//! [gate](kit_core::Gate) refuses, a breaker's; never who [refused](kit_core::Attempts::record_refusal) an earlier attempt. Whose gate
//! is probing is called now and then. Who is new, or back, is ramped up over the [slow start](Config::slow_start).
//!
//! ```
//! use kit_core::{Context, Outcome};
//! use kit_discovery::balance::{PeakEwma, Roster};
//! use kit_discovery::{Fixed, Instancer as _, Policy};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
//! let strings = Fixed::parse("strings", "10.0.0.1:80, 10.0.0.2:80")?;
//! let roster = Roster::new(Default::default())?;
//! roster.set(strings.subscribe().view(Policy::default())?.instances());
//!
//! let mut cx = Context::new();
//! let pick = roster.pick(&mut cx, &PeakEwma::new())?;
//! println!("calling {}", pick.instance().address);
//! pick.end(Outcome::Success, cx.end());
//! # Ok(()) }
//! ```

mod alias;
mod candidate;
mod candidates;
mod choice;
pub(crate) mod clock;
mod config;
mod flight;
mod hash;
mod load;
mod of_two;
mod pick;
mod random;
mod roster;
mod round_robin;
#[cfg(test)]
mod tests;
pub(crate) mod vitals;
mod weighted;

use std::sync::Arc;

use kit_core::Context;

pub use candidate::{Candidate, Standing};
pub use candidates::Candidates;
pub use choice::Choice;
pub use config::Config;
pub use hash::{ConsistentHash, hash};
pub use of_two::{LeastRequests, PeakEwma};
pub use pick::Pick;
pub use random::Random;
pub use roster::Roster;
pub use round_robin::RoundRobin;
pub use weighted::SmoothWeighted;

/// Picks the instance that a call goes to.
///
/// It sees the call's context: its method, its metadata, its deadline, and [what was tried](kit_core::Attempts). It is on the path of
/// every call: it must not wait, and should neither lock nor allocate.
///
/// What every balancer keeps is a public suite, `testing::contract::balancer` (feature `testing`).
///
/// ```
/// use kit_core::Context;
/// use kit_discovery::balance::{Balancer, Candidates};
///
/// /// Always the first: whoever stands behind it is a spare.
/// struct First;
///
/// impl Balancer for First {
///     fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
///         set.choice(cx)?.places().next()
///     }
/// }
/// ```
pub trait Balancer: Send + Sync {
    /// The place in `set` of the one to call: one that [may be picked](Choice::may). `None` if there is none.
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize>;
}

impl<B: Balancer + ?Sized> Balancer for Arc<B> {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        (**self).pick(cx, set)
    }
}

impl<B: Balancer + ?Sized> Balancer for Box<B> {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        (**self).pick(cx, set)
    }
}
