//! Instances that are asked whether they are well, beside what calls say of them.
//!
//! Ejection learns from calls, and so from callers who had to fail. A check asks on its own account, also where nobody calls: what it
//! asks is the application's ([`Check`]), when it asks and what it makes of the answers is its [`Config`]. An instance that does not
//! pass is not picked, as if it were [ejected](crate::ejection), for as long as it does not pass.
//!
//! The rest is as Envoy does it. The first answer decides alone, so that an instance that is new is not called before it has passed, nor
//! has to wait for a row of answers; from then on it takes a row. However many do not pass, they are out: the bound of half the set is
//! that of ejections. But where fewer than half of the set may be called, checks are passed over as ejections are (*panic mode*): a
//! check that fails everywhere is likelier to be wrong than all instances are to be dead.
//!
//! One that passes again is ramped up over the [slow start](crate::balance::Config::slow_start), and back though it was ejected
//! meanwhile: it is well again. (In Envoy every check that passes ends an ejection; then one that answers checks and fails calls is never
//! out for long.)
//!
//! Given to an endpointer's [builder](crate::endpointer::Builder::check); off by default.
//!
//! # Source
//! Envoy, "Health checking" and "Panic threshold", whose words are used.

mod config;
mod tally;

use std::pin::Pin;

use kit_core::{Error, Instance};

pub use config::Config;
pub(crate) use tally::Tally;

/// Asks one instance whether it is well.
///
/// ```
/// use kit_core::{Error, Instance};
/// use kit_discovery::check::Check;
///
/// /// What a method's view on this channel answers.
/// struct Line(bool);
///
/// struct Ready;
///
/// impl Check<Line> for Ready {
///     async fn check(&self, instance: &Instance, channel: &Line) -> Result<(), Error> {
///         if channel.0 { Ok(()) } else { Err(Error::unavailable(format!("{} is not ready", instance.id))) }
///     }
/// }
/// ```
pub trait Check<C>: Send + Sync {
    /// Asks over the channel that calls take. It is cut off after [`Config::timeout`], and may be dropped at any await.
    ///
    /// # Errors
    /// The instance does not pass.
    fn check(&self, instance: &Instance, channel: &C) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A [`Check`] whose type nobody needs to know: one box for each time it asks.
pub(crate) trait Erased<C>: Send + Sync {
    fn ask<'a>(
        &'a self,
        instance: &'a Instance,
        channel: &'a C,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;
}

impl<C: Sync, T: Check<C>> Erased<C> for T {
    fn ask<'a>(
        &'a self,
        instance: &'a Instance,
        channel: &'a C,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>> {
        Box::pin(self.check(instance, channel))
    }
}
