use super::*;
use crate::testing::contract::{self, Fault, InstancerRig, RegistrarRig};

struct Rig {
    cluster: Cluster,
    set: Vec<Instance>,
}

impl Rig {
    fn new() -> Self {
        Self { cluster: Cluster::of(1), set: Vec::new() }
    }

    fn write(&self, garbled: bool) {
        let entries = self.set.iter().map(|instance| (instance.id.to_string(), value::write(instance)));
        let garbage = garbled.then(|| ("who-knows".to_owned(), "nowhere".to_owned()));
        self.cluster.store.set(SERVICE, entries.chain(garbage));
    }

    fn broken(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::Fails => self.cluster.lines(Line::Cut),
            Fault::Hangs => self.cluster.lines(Line::Frozen),
            Fault::Garbles => self.write(true),
            Fault::Unreadable => self.cluster.store.set(SERVICE, [("who-knows".into(), "nowhere".into())]),
            Fault::Forgets => self.cluster.store.forget(),
        }
        true
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        self.cluster.etcd().instancer(SERVICE).unwrap().start().unwrap()
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.to_vec();
        self.write(false);
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault)
    }

    async fn heal(&mut self) {
        self.write(false);
        self.cluster.lines(Line::Open);
    }
}

impl RegistrarRig for Rig {
    type Registrar = EtcdRegistrar;

    async fn start(&mut self) -> EtcdRegistrar {
        self.cluster.etcd().registrar(SERVICE).unwrap()
    }

    async fn registered(&mut self) -> Vec<Instance> {
        let entries = self.cluster.store.below(SERVICE).into_iter();
        entries.map(|(_, value)| value::read(None, value.as_bytes()).unwrap()).collect()
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault)
    }

    async fn heal(&mut self) {
        self.cluster.lines(Line::Open);
    }
}

#[tokio::test(start_paused = true)]
async fn an_instancer_of_etcd_keeps_the_contract() {
    let report = contract::instancer(async || Rig::new()).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_registrar_of_etcd_keeps_the_contract() {
    let report = contract::registrar(async || Rig::new()).await;
    assert_eq!((report.held.len(), report.not_shown), (8, vec![]));
}
