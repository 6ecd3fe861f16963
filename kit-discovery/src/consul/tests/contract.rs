use super::*;
use crate::testing::contract::{self, Fault, InstancerRig, RegistrarRig};

struct Rig {
    double: Double,
    set: Vec<String>,
}

impl Rig {
    fn new() -> Self {
        Self { double: Double::new(), set: Vec::new() }
    }

    fn fill(&self) {
        self.double.set(&self.set.iter().map(String::as_str).collect::<Vec<_>>());
    }

    async fn broken(&self, fault: Fault) -> bool {
        let nobody = serde_json::json!({ "Node": {}, "Service": { "ID": "who knows", "Port": 0 } });
        match fault {
            Fault::Fails => self.double.fault(Some(Play::answer("500 Oops", "", "No cluster leader"))),
            Fault::Hangs => self.double.fault(Some(Play::Hang)),
            Fault::Garbles => self.double.add(nobody),
            Fault::Unreadable => {
                self.double.set(&[]);
                self.double.add(nobody);
            }
            Fault::Forgets => self.double.forget(),
        }
        true
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        follow(&self.double, Query::default())
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.iter().map(|instance| instance.address.to_string()).collect();
        self.fill();
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.double.fault(None);
        self.fill();
    }

    fn patience(&self) -> Duration {
        20 * SECOND
    }

    fn period(&self) -> Duration {
        SECOND
    }
}

#[tokio::test(start_paused = true)]
async fn the_instancer_keeps_the_contract() {
    let report = contract::instancer(async || Rig::new()).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}

impl RegistrarRig for Rig {
    type Registrar = ConsulRegistrar;

    async fn start(&mut self) -> ConsulRegistrar {
        consul(&self.double).registrar(SERVICE, Announcement::default()).unwrap()
    }

    async fn registered(&mut self) -> Vec<Instance> {
        // As an operator reads it, whatever the fault.
        let services = self.double.services();
        let address = |service: &serde_json::Value| {
            let port = service["Port"].as_u64().unwrap().try_into().unwrap();
            Instance::new(Address::new(service["Address"].as_str().unwrap(), port).unwrap().to_string())
        };
        services.values().map(address).collect()
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.double.fault(None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_registrar_keeps_the_contract() {
    let report = contract::registrar(async || Rig::new()).await;
    assert_eq!((report.held.len(), report.not_shown), (8, vec![]));
}
