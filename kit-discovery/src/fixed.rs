use std::sync::{Arc, Mutex, PoisonError};

use kit_core::{Error, Instance};

use crate::answer::Answer;
use crate::instancer::Instancer;
use crate::instances::Instances;
use crate::malformed::Malformed;
use crate::publisher::Publisher;
use crate::subscription::Subscription;
use crate::value::Entry;

/// A set that never changes: for a service whose addresses are settings, and for tests. It has no task.
///
/// ```
/// use kit_discovery::{Fixed, Instancer as _};
///
/// let strings = Fixed::parse("strings", "10.0.0.1:80, [::1]:80")?;
/// assert_eq!(strings.subscribe().state().instances().map(|set| set.len()), Some(2));
/// # Ok::<(), kit_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Fixed {
    subscription: Subscription,
    publisher: Mutex<Option<Publisher>>,
}

impl Fixed {
    /// These answer for `service`.
    ///
    /// # Errors
    /// `InvalidArgument` for no instance at all, an address that is none, and two instances of one id: nobody could mean it.
    pub fn new(service: impl Into<Arc<str>>, instances: impl IntoIterator<Item = Instance>) -> Result<Self, Error> {
        let answer = Answer::new(instances);
        let mut found = answer.0.clone().unwrap_or_default();
        let set = Instances::settle(&mut found, None);
        if let Some(skipped) = found.skipped.first() {
            return Err(Malformed::new(skipped.to_string()).into());
        }
        if set.is_empty() {
            return Err(Error::invalid_argument("no instances are given"));
        }
        let mut publisher = Publisher::new(service);
        publisher.publish(answer);
        Ok(Self { subscription: publisher.subscribe(), publisher: Mutex::new(Some(publisher)) })
    }

    /// Addresses, separated by commas.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn parse(service: impl Into<Arc<str>>, text: &str) -> Result<Self, Error> {
        Self::new(service, text.split(',').map(str::trim).filter(|address| !address.is_empty()).map(Instance::new))
    }

    /// Entries, as a file of settings holds them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and for a field that no entry has.
    pub fn entries(service: impl Into<Arc<str>>, entries: impl IntoIterator<Item = Entry>) -> Result<Self, Error> {
        let instances: Result<Vec<_>, _> = entries.into_iter().map(Entry::strict).collect();
        Self::new(service, instances?)
    }
}

impl Instancer for Fixed {
    fn subscribe(&self) -> Subscription {
        self.subscription.renewed()
    }

    fn stop(&self) {
        drop(self.publisher.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        Fixed::parse("strings", text).expect_err(text).message().to_owned()
    }

    #[test]
    fn a_list_with_a_mistake_is_refused_whole() {
        assert_eq!(refused(""), "no instances are given");
        assert_eq!(refused("a:1, b"), "\"b\": no port in \"b\"");
        let twice = [
            Entry { id: Some("s".into()), address: Some("a:1".into()), ..Entry::default() },
            Entry { id: Some("s".into()), address: Some("a:2".into()), ..Entry::default() },
        ];
        let error = Fixed::entries("strings", twice).unwrap_err();
        assert_eq!(error.message(), "\"s\": the id is that of a:1 too");
    }

    #[test]
    fn a_field_that_no_entry_has_is_refused_by_name() {
        let entry = toml::from_str("address = \"a:1\"\nwieght = 1").unwrap();
        let error = Fixed::entries("strings", [entry]).unwrap_err();
        assert_eq!(error.message(), "no such field: \"wieght\"");
    }

    #[tokio::test]
    async fn the_set_is_there_at_once_and_outlives_a_stop() {
        let fixed = Fixed::parse("strings", "a:1,b:2,").unwrap();
        fixed.stop();
        fixed.stop();
        let mut subscription = fixed.subscribe();
        assert_eq!(subscription.ready().await.unwrap().instances().unwrap().len(), 2);
        assert!(subscription.is_stopped() && subscription.changed().await.is_ok());
        assert!(subscription.changed().await.is_err());
    }
}
