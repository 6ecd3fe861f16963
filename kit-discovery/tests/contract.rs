//! The contract, as somebody outside the crate runs it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::{Context, Error, Instance};
use kit_discovery::balance::{Balancer, Candidates};
use kit_discovery::testing::contract::{self, BalancerRig, Fault, InstancerRig, RegistrarRig};
use kit_discovery::testing::memory::{MemoryRegistrar, Registry};
use kit_discovery::{Answer, Discovery, Instancer, Mapped, Publisher, Registrar, Subscription};

const SERVICE: &str = "strings";

#[derive(Default)]
struct Memory {
    registry: Registry,
    set: Vec<Instance>,
}

impl Memory {
    async fn broken(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::Fails => self.registry.fail(Error::unavailable("the registry is down")),
            Fault::Hangs => self.registry.hang(),
            Fault::Garbles => self.registry.garble(SERVICE, "who knows"),
            Fault::Unreadable => self.registry.change_to_garbage(),
            Fault::Forgets => self.registry.forget(),
            _ => return false,
        }
        true
    }
}

trait Garbage {
    fn change_to_garbage(&self);
}

impl Garbage for Registry {
    fn change_to_garbage(&self) {
        self.garble(SERVICE, "who knows");
        self.set(SERVICE, [Instance::new("nowhere")]);
    }
}

impl InstancerRig for Memory {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        self.registry.instancer(SERVICE).start().expect("the default back-off is in its range")
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.to_vec();
        self.registry.set(SERVICE, self.set.clone());
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.registry.mend(SERVICE);
        self.registry.set(SERVICE, self.set.clone());
        self.registry.heal();
    }
}

impl RegistrarRig for Memory {
    type Registrar = MemoryRegistrar;

    async fn start(&mut self) -> MemoryRegistrar {
        self.registry.registrar(SERVICE)
    }

    async fn registered(&mut self) -> Vec<Instance> {
        self.registry.registered(SERVICE)
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.registry.heal();
    }
}

#[tokio::test(start_paused = true)]
async fn an_instancer_of_the_registry_in_memory_keeps_the_contract() {
    let report = contract::instancer(async || Memory::default()).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}

/// The same, through a function that changes nothing.
struct Passed(Memory);

impl InstancerRig for Passed {
    type Instancer = Mapped;

    async fn start(&mut self) -> Mapped {
        Mapped::new(InstancerRig::start(&mut self.0).await, Some)
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.0.set(instances).await;
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.0.broken(fault).await
    }

    async fn heal(&mut self) {
        InstancerRig::heal(&mut self.0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_instancer_of_anothers_instances_keeps_the_contract() {
    let report = contract::instancer(async || Passed(Memory::default())).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_registrar_of_the_registry_in_memory_keeps_the_contract() {
    let report = contract::registrar(async || Memory::default()).await;
    assert_eq!((report.held.len(), report.not_shown), (8, vec![]));
}

/// An instancer with a flaw, which only the rule for it may find.
struct Flawed {
    subscription: Subscription,
    publisher: Arc<Mutex<Option<Publisher>>>,
    flaw: Flaw,
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    None,
    DoesNotStop,
    EmptiesOnFailure,
    NumbersTheSame,
}

impl Instancer for Flawed {
    fn subscribe(&self) -> Subscription {
        self.subscription.clone()
    }

    fn stop(&self) {
        if self.flaw != Flaw::DoesNotStop {
            drop(self.publisher.lock().expect("not poisoned").take());
        }
    }
}

impl Drop for Flawed {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Pushes what is set to all that were started.
struct Pushed {
    flaw: Flaw,
    set: Vec<Instance>,
    fails: bool,
    started: Vec<Arc<Mutex<Option<Publisher>>>>,
}

impl Pushed {
    fn new(flaw: Flaw) -> Self {
        Self { flaw, set: Vec::new(), fails: false, started: Vec::new() }
    }

    fn push(&self) {
        for publisher in &self.started {
            let mut publisher = publisher.lock().expect("not poisoned");
            let Some(publisher) = publisher.as_mut() else { continue };
            if self.fails {
                if self.flaw == Flaw::EmptiesOnFailure {
                    publisher.publish(Answer::new([]));
                }
                publisher.fail(Error::unavailable("down"));
                continue;
            }
            if self.flaw == Flaw::NumbersTheSame {
                publisher.publish(Answer::new([Instance::new("10.0.0.1:1")]));
            }
            publisher.publish(Answer::new(self.set.iter().cloned()));
        }
    }
}

impl InstancerRig for Pushed {
    type Instancer = Flawed;

    async fn start(&mut self) -> Flawed {
        let publisher = Publisher::new(SERVICE);
        let subscription = publisher.subscribe();
        let publisher = Arc::new(Mutex::new(Some(publisher)));
        self.started.push(publisher.clone());
        self.push();
        Flawed { subscription, publisher, flaw: self.flaw }
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.to_vec();
        if !self.fails {
            self.push();
        }
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.fails = fault == Fault::Fails;
        self.push();
        self.fails
    }

    async fn heal(&mut self) {
        self.fails = false;
        self.push();
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// What the contract says of an instancer with this flaw.
async fn verdict(flaw: Flaw) -> String {
    let set = tokio::task::LocalSet::new();
    let played = set.spawn_local(async move {
        let report = contract::instancer(async || Pushed::new(flaw)).await;
        format!("{} hold", report.held.len())
    });
    set.await;
    match played.await {
        Ok(report) => report,
        Err(error) => *error.into_panic().downcast::<String>().expect("a formatted message"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_instancer_with_a_flaw_is_found_by_the_rule_for_it() {
    assert_eq!(verdict(Flaw::None).await, "11 hold");
    for (flaw, found) in [
        (Flaw::DoesNotStop, "rule \"stops while it waits\" is broken: a stop takes at most 100 ms"),
        (Flaw::EmptiesOnFailure, "rule \"keeps the set while the source fails\" is broken: the set is the same"),
        (Flaw::NumbersTheSame, "rule \"gives the state at once\" is broken: the first set has the number 1"),
    ] {
        let verdict = verdict(flaw).await;
        assert!(verdict.starts_with(found), "{verdict}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_registrar_is_chosen_at_run_time() {
    let registry = Registry::new();
    let registrar: Box<dyn Registrar> = Box::new(registry.registrar(SERVICE));
    let registration = registrar.register(Instance::new("10.0.0.1:80")).await.unwrap();
    let instancer: Box<dyn Instancer> = Box::new(registry.instancer(SERVICE).start().unwrap());
    let state = instancer.subscribe().ready().await.unwrap();
    assert_eq!(state.instances().unwrap().len(), 1);
    registration.withdraw().await.unwrap();
}

/// Always the first that may be picked: whoever stands behind it is a spare.
struct First;

impl Balancer for First {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        set.choice(cx)?.places().next()
    }
}

struct Firsts;

impl BalancerRig for Firsts {
    type Balancer = First;

    fn balancer(&self) -> First {
        First
    }
}

#[tokio::test(start_paused = true)]
async fn a_balancer_of_somebody_else_keeps_the_contract() {
    let report = contract::balancer(&Firsts);
    assert_eq!((report.held.len(), report.not_shown), (10, vec![]));
}
