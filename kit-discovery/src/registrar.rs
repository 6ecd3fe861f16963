use std::pin::Pin;
use std::sync::Arc;

use kit_core::{Error, Instance};

use crate::registration::Registration;

/// Announces instances of one service.
///
/// `testing::contract` (feature `testing`) checks an implementation; [`Registration::of`] does what is the same for all of
/// them, for any [`Keeper`](crate::registration::Keeper).
pub trait Registrar: Send + Sync {
    /// Announces `instance` and keeps it announced, until the registration is withdrawn or dropped. It is boxed, so that a
    /// program can choose its registrar at run time.
    ///
    /// # Errors
    /// It could not be announced; nothing is left behind that outlives the registry's own time limit, and nothing tries again.
    ///
    /// # Cancel safety
    /// Dropping the future withdraws what it may have announced, in the background.
    fn register(&self, instance: Instance) -> Pin<Box<dyn Future<Output = Result<Registration, Error>> + Send + '_>>;
}

impl<R: Registrar + ?Sized> Registrar for Arc<R> {
    fn register(&self, instance: Instance) -> Pin<Box<dyn Future<Output = Result<Registration, Error>> + Send + '_>> {
        (**self).register(instance)
    }
}

impl<R: Registrar + ?Sized> Registrar for Box<R> {
    fn register(&self, instance: Instance) -> Pin<Box<dyn Future<Output = Result<Registration, Error>> + Send + '_>> {
        (**self).register(instance)
    }
}
