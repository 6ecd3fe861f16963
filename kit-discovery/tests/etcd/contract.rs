use etcd_client::{DeleteOptions, GetOptions, Txn, TxnOp};
use kit_discovery::testing::contract::{self, Fault, InstancerRig, RegistrarRig};
use kit_discovery::value;

use super::*;

struct Rig {
    member: Member,
    set: Vec<Instance>,
}

impl Rig {
    async fn new() -> Self {
        Self { member: Member::start().await, set: Vec::new() }
    }

    /// Makes these the keys below the prefix, in one revision.
    async fn write(&self, entries: Vec<(String, String)>) {
        let mut admin = self.member.admin().await;
        let mut changes = Vec::new();
        let keys = GetOptions::new().with_prefix().with_keys_only();
        let listed = timeout(PATIENCE, admin.get(format!("{SERVICE}/"), Some(keys))).await.expect("an answer").unwrap();
        for entry in listed.kvs() {
            if !entries.iter().any(|(key, _)| key.as_bytes() == entry.key()) {
                changes.push(TxnOp::delete(entry.key(), None));
            }
        }
        let mut put: Vec<&str> = Vec::new();
        for (key, value) in &entries {
            // One transaction writes a key once.
            if !put.contains(&key.as_str()) {
                put.push(key);
                changes.push(TxnOp::put(key.as_str(), value.as_str(), None));
            }
        }
        timeout(PATIENCE, admin.txn(Txn::new().and_then(changes))).await.expect("an answer").unwrap();
    }

    fn entries(&self) -> Vec<(String, String)> {
        self.set.iter().map(|instance| (format!("{SERVICE}/{}", instance.id), value::write(instance))).collect()
    }

    async fn broken(&mut self, fault: Fault) -> bool {
        let garbage = (format!("{SERVICE}/who-knows"), "nowhere".to_owned());
        match fault {
            Fault::Fails => self.member.kill(),
            Fault::Hangs => self.member.pause(true),
            Fault::Garbles => self.write([self.entries(), vec![garbage]].concat()).await,
            Fault::Unreadable => self.write(vec![garbage]).await,
            Fault::Forgets => {
                self.member.revoke_all().await;
                let mut admin = self.member.admin().await;
                let all = DeleteOptions::new().with_prefix();
                timeout(PATIENCE, admin.delete(SERVICE, Some(all))).await.expect("an answer").unwrap();
            }
            _ => return false,
        }
        true
    }

    async fn heal(&mut self) {
        self.member.pause(false);
        if !self.member.is_running() {
            self.member.restart();
        }
        self.member.ready().await;
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        follow(&self.member.address())
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.to_vec();
        if self.member.is_running() {
            self.write(self.entries()).await;
        }
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.heal().await;
        self.write(self.entries()).await;
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

impl RegistrarRig for Rig {
    type Registrar = EtcdRegistrar;

    async fn start(&mut self) -> EtcdRegistrar {
        registrar(&Etcd::with(config(&[&self.member.address()])).unwrap())
    }

    async fn registered(&mut self) -> Vec<Instance> {
        let mut admin = self.member.admin().await;
        let below = GetOptions::new().with_prefix();
        let listed =
            timeout(PATIENCE, admin.get(format!("{SERVICE}/"), Some(below))).await.expect("an answer").unwrap();
        listed.kvs().iter().map(|entry| value::read(None, entry.value()).unwrap()).collect()
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        self.broken(fault).await
    }

    async fn heal(&mut self) {
        self.heal().await;
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn an_instancer_of_a_real_etcd_keeps_the_contract() {
    let report = contract::instancer(Rig::new).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}

#[tokio::test]
#[ignore = "wants an etcd: tests/real/etcd"]
async fn a_registrar_of_a_real_etcd_keeps_the_contract() {
    let report = contract::registrar(Rig::new).await;
    assert_eq!((report.held.len(), report.not_shown), (8, vec![]));
}
