//! A registry in memory, with the faults of a real one.
//!
//! ```
//! use kit_core::Instance;
//! use kit_discovery::testing::memory::Registry;
//! use kit_discovery::{Instancer as _, Registrar as _};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
//! let registry = Registry::new();
//! let strings = registry.instancer("strings").start()?;
//! let registration = registry.registrar("strings").register(Instance::new("10.0.0.1:80")).await?;
//!
//! let mut subscription = strings.subscribe();
//! while subscription.changed().await?.instances().is_none_or(|set| set.is_empty()) {}
//!
//! registration.withdraw().await?;
//! assert!(registry.registered("strings").is_empty());
//! # Ok(()) }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit_core::{Error, Instance, Observer};
use tokio::sync::watch;

use crate::answer::Answer;
use crate::backoff::Backoff;
use crate::discovery::{Builder, Discovery};
use crate::malformed::Malformed;
use crate::registrar::Registrar;
use crate::registration::{Config, Event, Keeper, Registration};
use crate::source::Source;

/// Services and who is registered for them. A clone is the same registry.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    content: Mutex<Content>,
    /// Counts changes, of content and of faults.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Content {
    services: BTreeMap<Arc<str>, Vec<Instance>>,
    malformed: BTreeMap<Arc<str>, Vec<String>>,
    fault: Fault,
}

#[derive(Clone, Default)]
enum Fault {
    #[default]
    None,
    Fails(Error),
    Hangs,
}

impl Registry {
    /// An empty one, without faults.
    pub fn new() -> Self {
        Self(Arc::new(Inner { content: Mutex::default(), changes: watch::Sender::new(0) }))
    }

    /// Follows `service` here.
    pub fn instancer(&self, service: &str) -> Builder<MemorySource> {
        let source = MemorySource {
            registry: self.clone(),
            service: service.into(),
            changes: self.0.changes.subscribe(),
            first: true,
        };
        Discovery::of(service, source)
    }

    /// Announces instances of `service` here.
    pub fn registrar(&self, service: &str) -> MemoryRegistrar {
        MemoryRegistrar { registry: self.clone(), service: service.into(), observer: Arc::new(()) }
    }

    /// Makes these the instances of `service`, whoever was registered.
    pub fn set(&self, service: &str, instances: impl IntoIterator<Item = Instance>) {
        self.change(|content| content.services.insert(service.into(), instances.into_iter().collect()));
    }

    /// Puts an entry beside them that names no instance.
    pub fn garble(&self, service: &str, entry: &str) {
        self.change(|content| content.malformed.entry(service.into()).or_default().push(entry.to_owned()));
    }

    /// Takes away what [`garble`](Self::garble) put there.
    pub fn mend(&self, service: &str) {
        self.change(|content| content.malformed.remove(service));
    }

    /// Who is registered for `service`.
    pub fn registered(&self, service: &str) -> Vec<Instance> {
        self.content().services.get(service).cloned().unwrap_or_default()
    }

    /// Every request fails with `error`, and every watch ends with it, until [`heal`](Self::heal).
    pub fn fail(&self, error: Error) {
        self.change(|content| content.fault = Fault::Fails(error));
    }

    /// No request is answered, and no watch sees anything, until [`heal`](Self::heal).
    pub fn hang(&self) {
        self.change(|content| content.fault = Fault::Hangs);
    }

    /// Requests are answered again.
    pub fn heal(&self) {
        self.change(|content| content.fault = Fault::None);
    }

    /// Loses everything that was registered, as a restart without data does.
    pub fn forget(&self) {
        self.change(|content| content.services.clear());
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Content) -> T) {
        change(&mut self.content());
        self.0.changes.send_modify(|changes| *changes += 1);
    }

    /// Waits while requests hang.
    async fn request(&self) -> Result<(), Error> {
        let mut changes = self.0.changes.subscribe();
        loop {
            changes.mark_unchanged();
            match self.content().fault.clone() {
                Fault::None => return Ok(()),
                Fault::Fails(error) => return Err(error),
                Fault::Hangs => {}
            }
            if changes.changed().await.is_err() {
                pending::<()>().await;
            }
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

/// Follows a service of a [`Registry`].
pub struct MemorySource {
    registry: Registry,
    service: Arc<str>,
    changes: watch::Receiver<u64>,
    first: bool,
}

impl Source for MemorySource {
    async fn next(&mut self) -> Result<Answer, Error> {
        if !std::mem::take(&mut self.first) && self.changes.changed().await.is_err() {
            pending::<()>().await;
        }
        // Marked before it is read: what changes in between is seen the next time.
        self.changes.mark_unchanged();
        if let Err(error) = self.registry.request().await {
            self.first = true;
            return Err(error);
        }
        let content = self.registry.content();
        let mut answer = Answer::new(content.services.get(&self.service).into_iter().flatten().cloned());
        for entry in content.malformed.get(&self.service).into_iter().flatten() {
            answer.add(entry, Err(Malformed::new("garbled")));
        }
        Ok(answer)
    }
}

/// Announces instances in a [`Registry`].
pub struct MemoryRegistrar {
    registry: Registry,
    service: Arc<str>,
    observer: Arc<dyn Observer<Event>>,
}

impl MemoryRegistrar {
    /// Tells `observer` what becomes of registrations made after this.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }
}

impl Registrar for MemoryRegistrar {
    fn register(&self, instance: Instance) -> Pin<Box<dyn Future<Output = Result<Registration, Error>> + Send + '_>> {
        let keeper =
            MemoryKeeper { registry: self.registry.clone(), service: self.service.clone(), instance: instance.clone() };
        // As often as a test may want: nobody is spared by a pause here.
        let backoff = Backoff { first: Duration::from_millis(10), max: Duration::from_millis(100) };
        let second = Duration::from_secs(1);
        let config = Config { announce: second, withdraw: second, backoff };
        let builder = Registration::of(self.service.clone(), instance, keeper).config(config);
        Box::pin(builder.observer(Arc::clone(&self.observer)).start())
    }
}

struct MemoryKeeper {
    registry: Registry,
    service: Arc<str>,
    instance: Instance,
}

impl MemoryKeeper {
    fn is_there(&self) -> bool {
        self.registry.content().services.get(&self.service).is_some_and(|all| all.contains(&self.instance))
    }
}

impl Keeper for MemoryKeeper {
    async fn announce(&mut self) -> Result<(), Error> {
        self.registry.request().await?;
        self.registry.change(|content| {
            let all = content.services.entry(self.service.clone()).or_default();
            all.retain(|other| other.id != self.instance.id);
            all.push(self.instance.clone());
        });
        Ok(())
    }

    async fn keep(&mut self) -> Error {
        let mut changes = self.registry.0.changes.subscribe();
        loop {
            changes.mark_unchanged();
            let fault = self.registry.content().fault.clone();
            match fault {
                Fault::Fails(error) => return error,
                Fault::None if !self.is_there() => return Error::not_found("the registry has lost the instance"),
                Fault::None | Fault::Hangs => {}
            }
            if changes.changed().await.is_err() {
                pending::<()>().await;
            }
        }
    }

    async fn withdraw(&mut self) -> Result<(), Error> {
        self.registry.request().await?;
        self.registry.change(|content| {
            if let Some(all) = content.services.get_mut(&self.service) {
                all.retain(|other| other.id != self.instance.id);
            }
        });
        Ok(())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("services", &self.content().services).finish_non_exhaustive()
    }
}

impl fmt::Debug for MemorySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemorySource").field(&self.service).finish()
    }
}

impl fmt::Debug for MemoryRegistrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryRegistrar").field(&self.service).finish()
    }
}
