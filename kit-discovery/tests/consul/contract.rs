use std::cell::RefCell;
use std::rc::Rc;

use kit_discovery::Address;
use kit_discovery::consul::ConsulRegistrar;
use kit_discovery::testing::contract::{self, Fault, InstancerRig, RegistrarRig};
use serde_json::Value;

use super::*;

/// One agent for all rules; a service of its own for each.
struct Rig {
    agent: Rc<RefCell<Option<Agent>>>,
    service: String,
    set: Vec<(String, u16)>,
    known: Vec<String>,
    broken: Option<Fault>,
}

struct Rigs {
    agent: Rc<RefCell<Option<Agent>>>,
    made: usize,
}

impl Rigs {
    async fn new() -> Self {
        Self { agent: Rc::new(RefCell::new(Some(Agent::start().await))), made: 0 }
    }

    async fn next(&mut self) -> Rig {
        let mut agent = self.agent.borrow_mut().take().expect("one rule at a time");
        // A rule may end with the agent down, or silent.
        if agent.is_running() {
            agent.pause(false);
        } else {
            agent.restart().await;
        }
        *self.agent.borrow_mut() = Some(agent);
        self.made += 1;
        let service = format!("strings-{}", self.made);
        Rig { agent: Rc::clone(&self.agent), service, set: Vec::new(), known: Vec::new(), broken: None }
    }
}

impl Rig {
    /// Taken out while it is used: a rule asks one thing at a time.
    fn take(&self) -> Agent {
        self.agent.borrow_mut().take().expect("one use at a time")
    }

    fn put(&self, agent: Agent) {
        *self.agent.borrow_mut() = Some(agent);
    }

    async fn fill(&mut self, set: &[(String, u16)]) {
        let agent = self.take();
        self.known = agent.set(&self.service, &self.known, set).await;
        self.put(agent);
    }

    async fn broken(&mut self, fault: Fault) -> bool {
        self.broken = Some(fault);
        match fault {
            Fault::Fails => {
                let mut agent = self.take();
                agent.kill();
                self.put(agent);
            }
            Fault::Hangs => {
                let agent = self.take();
                agent.pause(true);
                self.put(agent);
            }
            // Consul takes an instance without a port.
            Fault::Garbles => {
                let mut set = self.set.clone();
                set.push(("127.0.0.1".into(), 0));
                self.fill(&set).await;
            }
            Fault::Unreadable => self.fill(&[("127.0.0.1".into(), 0)]).await,
            Fault::Forgets => {
                let mut agent = self.take();
                agent.restart().await;
                self.put(agent);
            }
            _ => return false,
        }
        true
    }

    async fn mended(&mut self) {
        match self.broken.take() {
            Some(Fault::Fails) => {
                let mut agent = self.take();
                agent.restart().await;
                self.put(agent);
                self.known.clear();
            }
            Some(Fault::Hangs) => {
                let agent = self.take();
                agent.pause(false);
                self.put(agent);
            }
            _ => {}
        }
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        let agent = self.take();
        let discovery = follow(&agent, &self.service, query());
        self.put(agent);
        discovery
    }

    async fn set(&mut self, instances: &[Instance]) {
        let parted = |instance: &Instance| {
            let address: Address = instance.address.parse().unwrap();
            (address.host().to_owned(), address.port())
        };
        self.set = instances.iter().map(parted).collect();
        // One that is down is told when it is back.
        if self.broken.is_none() {
            let set = self.set.clone();
            self.fill(&set).await;
        }
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.mended().await;
        let set = self.set.clone();
        self.fill(&set).await;
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn period(&self) -> Duration {
        SECOND
    }
}

impl RegistrarRig for Rig {
    type Registrar = ConsulRegistrar;

    async fn start(&mut self) -> ConsulRegistrar {
        let agent = self.take();
        let registrar = consul(&agent).registrar(&self.service, ttl(4 * SECOND)).unwrap();
        self.put(agent);
        registrar
    }

    async fn registered(&mut self) -> Vec<Instance> {
        let agent = self.take();
        let target = format!("/v1/health/service/{}?passing=1", self.service);
        let answer = timeout(PATIENCE, agent.ask("GET", &target, &Value::Null)).await.unwrap().unwrap();
        self.put(agent);
        let body = answer.1;
        // It comes in chunks if it is long: what is between the brackets.
        let list = &body[body.find('[').unwrap()..=body.rfind(']').unwrap()];
        let text: String = list.lines().filter(|line| usize::from_str_radix(line.trim(), 16).is_err()).collect();
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {body}"));
        let address = |entry: &Value| {
            let (host, port) = (entry["Service"]["Address"].as_str().unwrap(), entry["Service"]["Port"].as_u64());
            Instance::new(Address::new(host, port.unwrap().try_into().unwrap()).unwrap().to_string())
        };
        entries.iter().map(address).collect()
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.mended().await;
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn the_instancer_keeps_the_contract() {
    let mut rigs = Rigs::new().await;
    let report = timeout(10 * PATIENCE, contract::instancer(async || rigs.next().await)).await.unwrap();
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn the_registrar_keeps_the_contract() {
    let mut rigs = Rigs::new().await;
    let report = timeout(10 * PATIENCE, contract::registrar(async || rigs.next().await)).await.unwrap();
    assert_eq!((report.held.len(), report.not_shown), (8, vec![]));
}
