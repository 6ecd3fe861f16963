use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kit_core::health::{Probe, READY, Report, STARTED};
use kit_core::{Code, Error, Health, Instance};
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};

use super::announcement::{Announcement, Check, Grade};
use super::client::Consul;
use super::entry::{PRIORITY, ZONE};
use super::line::Line;
use super::registrar::{Maintained, maintenance};
use super::url::Target;
use crate::address::Address;
use crate::registration::Keeper;

/// Longest text that a heartbeat carries, in characters.
const OUTPUT: usize = 200;
/// Between two attempts to withdraw.
const BREATH: Duration = Duration::from_millis(100);

/// What is said of one instance to its agent.
pub(super) struct ConsulKeeper {
    line: Line,
    named: Named,
    instance: Instance,
    announcement: Arc<Announcement>,
    /// How long a request may take that is no heartbeat.
    answer: Duration,
    pub(super) health: Option<Health>,
    pub(super) maintained: Maintained,
}

/// What the agent calls an instance, and where it is.
pub(super) struct Named {
    pub(super) service: Arc<str>,
    pub(super) id: Arc<str>,
    pub(super) address: Address,
}

impl ConsulKeeper {
    pub(super) fn new(consul: &Consul, named: Named, instance: Instance, announcement: Arc<Announcement>) -> Self {
        let (line, answer) = (Line::new(consul), consul.config().answer);
        Self { line, named, instance, announcement, answer, health: None, maintained: Maintained::default() }
    }

    /// How long it rests between two heartbeats, and how long each step of one may take: a check that runs out in the
    /// end is found to do so, and is made again, within half of its time.
    fn rhythm(&self) -> (Duration, Duration) {
        match &self.announcement.check {
            Check::Ttl(ttl) => (*ttl / 4, *ttl / 8),
            Check::Http(http) => (http.interval, self.answer),
        }
    }

    /// How the instance stands, and why: a word for operators, which names checks and no errors.
    async fn grade(&self, limit: Duration) -> (Grade, String) {
        let Some(health) = &self.health else { return (Grade::Passing, "announced".into()) };
        let probes = async { tokio::join!(health.report(Probe::Liveness), health.report(Probe::Readiness)) };
        match timeout(limit, probes).await {
            Ok((alive, ready)) => judge(&alive, &ready, self.announcement.unready),
            Err(_elapsed) => (Grade::Critical, "the health checks did not answer in time".into()),
        }
    }

    /// What the agent is told of the instance.
    fn body(&self, grade: Grade) -> Value {
        let Named { service, id, address } = &self.named;
        let (instance, announcement) = (&self.instance, &self.announcement);
        let mut meta: Map<String, Value> =
            instance.metadata.iter().map(|(key, value)| (key.to_string(), json!(**value))).collect();
        if let Some(zone) = &instance.zone {
            meta.insert(ZONE.into(), json!(**zone));
        }
        if instance.priority != 0 {
            meta.insert(PRIORITY.into(), json!(instance.priority.to_string()));
        }
        let mut check = json!({
            "CheckID": check_id(id),
            "Name": format!("{service} says how it is"),
            "Status": grade.as_str(),
        });
        match &announcement.check {
            Check::Ttl(ttl) => check["TTL"] = millis(*ttl),
            Check::Http(http) => {
                let at = Address::new(address.host(), http.port.unwrap_or(address.port())).expect("it was an address");
                check["Name"] = json!(format!("{service} is asked how it is"));
                check["HTTP"] = json!(format!("http://{at}{}", http.path));
                check["Interval"] = millis(http.interval);
                check["Timeout"] = millis(http.timeout);
            }
        }
        if let Some(after) = announcement.deregister_after {
            check["DeregisterCriticalServiceAfter"] = millis(after);
        }
        json!({
            "ID": **id,
            "Name": **service,
            "Address": address.host(),
            "Port": address.port(),
            "Tags": instance.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(),
            "Meta": meta,
            "Weights": { "Passing": instance.weight.clamp(1, 65_535), "Warning": 1 },
            "Check": check,
        })
    }

    /// Says how it is, or finds out whether the agent still knows it.
    async fn beat(&mut self, limit: Duration) -> Result<(), Error> {
        if let Check::Http(_) = self.announcement.check {
            let target = Target::new("/v1/agent/service").segment(&self.named.id);
            return self.line.get(target, limit).await.map(drop);
        }
        let (grade, output) = self.grade(limit).await;
        let target = Target::new("/v1/agent/check/update").segment(&check_id(&self.named.id));
        let body = json!({ "Status": grade.as_str(), "Output": output }).to_string();
        self.line.put(target, body.into(), limit).await.map(drop)
    }

    async fn deregister(&mut self) -> Result<(), Error> {
        let target = Target::new("/v1/agent/service/deregister").segment(&self.named.id);
        match self.line.put(target, Bytes::new(), self.answer).await {
            Ok(_) => Ok(()),
            // It is not there: what newer agents say, where older ones say nothing.
            Err(error) if error.code() == Code::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Keeper for ConsulKeeper {
    async fn announce(&mut self) -> Result<(), Error> {
        let (_, limit) = self.rhythm();
        let (mut grade, _) = self.grade(limit).await;
        let reason = self.maintained.reason(&self.named.id);
        if reason.is_some() {
            // Nobody is to be sent to it before the agent has heard the rest; the next heartbeat says how it is.
            grade = Grade::Critical;
        }
        // Without `replace-existing-checks`: that would end the maintenance that an operator has begun.
        let target = Target::new("/v1/agent/service/register");
        let body = self.body(grade).to_string();
        self.line.put(target, body.into(), self.answer).await?;
        if let Some(reason) = reason {
            let target = maintenance(&self.named.id, Some(&reason));
            self.line.put(target, Bytes::new(), self.answer).await?;
        }
        Ok(())
    }

    async fn keep(&mut self) -> Error {
        let (rest, limit) = self.rhythm();
        loop {
            sleep(rest).await;
            // Whatever it fails with, nobody knows whether the agent still has the instance, and to announce it again
            // does no harm.
            if let Err(error) = self.beat(limit).await {
                return error;
            }
        }
    }

    async fn withdraw(&mut self) -> Result<(), Error> {
        let mut withdrawn = self.deregister().await;
        if withdrawn.is_err() {
            sleep(BREATH).await;
            withdrawn = self.deregister().await;
        }
        if withdrawn.is_ok() {
            self.maintained.end(&self.named.id);
        }
        withdrawn
    }
}

/// What two probes mean to Consul: what is not alive, not started or draining is critical; a readiness check that fails
/// is `unready`.
fn judge(alive: &Report, ready: &Report, unready: Grade) -> (Grade, String) {
    let gates = [STARTED, READY];
    let grade = match () {
        () if !alive.is_healthy() || ready.failing().any(|name| gates.contains(&name)) => Grade::Critical,
        () if !ready.is_healthy() => unready,
        () => return (Grade::Passing, "ready".into()),
    };
    let failing: Vec<_> = alive.failing().chain(ready.failing()).collect();
    (grade, format!("failing: {}", failing.join(", ")).chars().take(OUTPUT).collect())
}

fn check_id(service_id: &str) -> String {
    format!("service:{service_id}")
}

/// A duration as Go reads it.
fn millis(duration: Duration) -> Value {
    json!(format!("{}ms", duration.as_millis()))
}
