use std::time::Duration;

use kit_core::sources::ThreadRandom;
use kit_core::{Code, Error, Instance, Observer};
use tokio::time::{Instant, sleep};

use super::Registration;
use crate::backoff::{Backoff, Pauses};
use crate::registrar::Registrar;
use crate::trouble::Trouble;

/// An instance could not be registered yet: what [`insist`] tells its observer, at once and then at most once a minute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pending {
    /// Why not.
    pub error: Error,
    /// For how long it has been tried.
    pub lasting: Duration,
    /// Failed attempts since the last such event that were not told.
    pub untold: u64,
}

/// Registers `instance` however long it takes: a registry that is away when a program starts is no reason for the program to be
/// away when the registry returns. Failed attempts are told to `observer`; the pauses between them are [`Backoff`]'s defaults.
///
/// # Errors
/// What does not pass by itself: `InvalidArgument` and `Unimplemented`.
///
/// # Cancel safety
/// As [`Registrar::register`]: dropping the future withdraws what it may have announced, in the background.
///
/// # Examples
/// ```
/// use kit_core::Instance;
/// use kit_discovery::registration::{self, Pending};
/// use kit_discovery::testing::memory::Registry;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
/// let registrar = Registry::new().registrar("strings");
/// let told = |pending: &Pending| eprintln!("not registered for {:?}: {}", pending.lasting, pending.error);
/// let registration = registration::insist(&registrar, &Instance::new("10.0.0.1:80"), &told).await?;
/// assert!(registration.standing().is_registered());
/// # Ok(()) }
/// ```
pub async fn insist<R>(
    registrar: &R,
    instance: &Instance,
    observer: &(impl Observer<Pending> + ?Sized),
) -> Result<Registration, Error>
where
    R: Registrar + ?Sized,
{
    let (began, mut trouble) = (Instant::now(), Trouble::default());
    let mut pauses = Pauses::new(Backoff::default());
    loop {
        let error = match registrar.register(instance.clone()).await {
            Ok(registration) => return Ok(registration),
            Err(error) if matches!(error.code(), Code::InvalidArgument | Code::Unimplemented) => return Err(error),
            Err(error) => error,
        };
        let now = Instant::now();
        if let Some(untold) = trouble.tell(now) {
            observer.observe(&Pending { error, lasting: now.saturating_duration_since(began), untold });
        }
        sleep(pauses.pause(&ThreadRandom)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::testing::memory::Registry;

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_returns_after_five_minutes_has_the_instance_within_5_s_and_little_was_told() {
        let (registry, told) = (Registry::new(), Mutex::new(Vec::new()));
        registry.fail(Error::unavailable("it is away"));
        let tell = |pending: &Pending| told.lock().unwrap().push((pending.lasting, pending.untold));
        let (registrar, instance) = (registry.registrar("strings"), Instance::new("10.0.0.1:80"));
        let mut insisting = std::pin::pin!(insist(&registrar, &instance, &tell));
        let minutes = tokio::time::timeout(Duration::from_secs(300), insisting.as_mut()).await;
        assert!(minutes.is_err());
        registry.heal();
        let soon = tokio::time::timeout(Duration::from_secs(5), insisting).await.expect("within 5 s");
        let registration = soon.unwrap();
        assert_eq!(registry.registered("strings").len(), 1);
        {
            let told = told.lock().unwrap();
            assert_eq!(told[0], (Duration::ZERO, 0), "the first at once");
            assert!((4..=5).contains(&told.len()) && told[1].1 > 10, "{told:?}");
        }
        registration.withdraw().await.unwrap();
    }

    #[tokio::test]
    async fn what_does_not_pass_by_itself_is_an_error_at_once() {
        let registry = Registry::new();
        registry.fail(Error::invalid_argument("no such thing"));
        let told = |pending: &Pending| panic!("{pending:?}");
        let error = insist(&registry.registrar("strings"), &Instance::new("10.0.0.1:80"), &told).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }
}
