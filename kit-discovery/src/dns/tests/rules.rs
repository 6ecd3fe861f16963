//! When it asks, and what it makes of the answers. Time stands still until nothing is left to do.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::rr::RecordType;
use kit_core::sources::SeededRandom;
use kit_core::{Error, Instance};
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::dns::client::Resolve;
use crate::dns::records::Reply;
use crate::dns::source::Follow;
use crate::testing::contract::{self, Fault, InstancerRig};
use crate::{Address, Discovery, Instancer as _, NoInstances, Policy, State};

const SECOND: Duration = Duration::from_secs(1);
const SERVICE: &str = "_http._tcp.strings.test.";

/// Answers as it is told.
#[derive(Clone, Default)]
struct Zone(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    records: BTreeMap<Name, (u32, Vec<RData>)>,
    /// Names that cannot be asked for.
    broken: Vec<Name>,
    fails: bool,
    hangs: bool,
    asked: Vec<(RecordType, Instant)>,
}

impl Zone {
    fn put(&self, owner: &str, ttl: u32, data: impl IntoIterator<Item = RData>) {
        self.0.lock().unwrap().records.insert(name(owner), (ttl, data.into_iter().collect()));
    }

    fn take(&self, owner: &str) {
        self.0.lock().unwrap().records.remove(&name(owner));
    }

    fn fails(&self, fails: bool) {
        self.0.lock().unwrap().fails = fails;
    }

    /// How long it was between questions of this kind, since the last time.
    fn pauses(&self, kind: RecordType) -> Vec<Duration> {
        let asked = std::mem::take(&mut self.0.lock().unwrap().asked);
        let at: Vec<_> = asked.iter().filter(|asked| asked.0 == kind).map(|asked| asked.1).collect();
        at.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn follow(&self, config: Config) -> Discovery {
        let name = config.check().unwrap();
        let source = Follow::new(self.clone(), name, config, Box::new(SeededRandom::new(1)));
        Discovery::of("strings", source).random(SeededRandom::new(2)).start().unwrap()
    }

    /// One instance, for so long.
    fn one(&self, ttl: u32) {
        self.put(SERVICE, ttl, [srv(0, 1, 80, "h.test.")]);
        self.put("h.test.", 3_600, [ip("10.0.0.1")]);
    }
}

impl Resolve for Zone {
    async fn ask(&self, name: &Name, kind: RecordType) -> Result<Reply, Error> {
        let hangs = {
            let mut inner = self.0.lock().unwrap();
            inner.asked.push((kind, Instant::now()));
            if inner.fails || inner.broken.contains(name) {
                return Err(Error::unavailable("a name server answers SERVFAIL"));
            }
            inner.hangs
        };
        if hangs {
            pending::<()>().await;
        }
        let inner = self.0.lock().unwrap();
        let (ttl, records) = inner.records.get(name).cloned().unwrap_or_default();
        let records: Vec<_> = records.into_iter().filter(|data| data.record_type() == kind).collect();
        Ok(if records.is_empty() { Reply::Nobody { ttl: Some(60) } } else { Reply::Found { records, ttl } })
    }
}

fn known(state: &State) -> Vec<String> {
    state.instances().into_iter().flatten().map(|instance| instance.address.to_string()).collect()
}

async fn ready(discovery: &Discovery) -> State {
    timeout(60 * SECOND, discovery.ready()).await.expect("ready in time").unwrap()
}

#[tokio::test(start_paused = true)]
async fn records_are_asked_for_again_when_the_first_has_outlived_its_time() {
    for (ttl, target_ttl, least) in [(0, 3_600, 1), (20, 3_600, 20), (20, 8, 8), (86_400, 86_400, 60)] {
        let zone = Zone::default();
        zone.one(ttl);
        zone.put("h.test.", target_ttl, [ip("10.0.0.1")]);
        let discovery = zone.follow(Config::srv(SERVICE));
        ready(&discovery).await;
        sleep(600 * SECOND).await;
        let least = least * SECOND;
        for pause in zone.pauses(RecordType::SRV) {
            assert!(pause >= least && pause <= least * 11 / 10 + SECOND / 100, "{pause:?} for a time of {ttl} s");
        }
        assert_eq!(discovery.subscribe().state().generation(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_for_ten_minutes_takes_nothing_from_the_set() {
    let zone = Zone::default();
    zone.one(30);
    let discovery = zone.follow(Config::srv(SERVICE));
    ready(&discovery).await;
    zone.fails(true);
    sleep(600 * SECOND).await;
    let state = discovery.subscribe().state();
    assert_eq!((known(&state), state.generation()), (vec!["10.0.0.1:80".to_owned()], 1));
    assert!(state.age(Instant::now()) > 500 * SECOND && state.totals().empty == 0);
    let pauses = zone.pauses(RecordType::SRV);
    assert!(pauses.len() < 250 && *pauses.last().unwrap() >= 2 * SECOND, "{pauses:?}");
    zone.fails(false);
    sleep(5 * SECOND).await;
    assert!(discovery.subscribe().state().error().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_believed_after_its_grace_and_ends_within_5_s() {
    let zone = Zone::default();
    zone.one(1);
    let discovery = zone.follow(Config::srv(SERVICE));
    ready(&discovery).await;
    let mut view = discovery.subscribe().view(Policy::default()).unwrap();
    view.changed().await.unwrap().unwrap();
    zone.take(SERVICE);
    let gone = Instant::now();
    assert!(matches!(view.changed().await.unwrap(), Err(NoInstances::Empty)));
    assert!(gone.elapsed() >= 30 * SECOND && gone.elapsed() < 32 * SECOND, "{:?}", gone.elapsed());
    let state = view.state();
    assert!(state.error().is_none() && state.totals().empty > 1 && state.totals().failures == 0);
    zone.one(1);
    let back = Instant::now();
    view.changed().await.unwrap().unwrap();
    assert!(back.elapsed() <= 6 * SECOND, "{:?}", back.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_root_alone_is_nobody_and_beside_others_is_skipped() {
    let zone = Zone::default();
    zone.put(SERVICE, 60, [srv(0, 0, 0, ".")]);
    let state = ready(&zone.follow(Config::srv(SERVICE))).await;
    assert_eq!((state.instances().unwrap().len(), state.skipped_count()), (0, 0));
    zone.one(60);
    zone.put(SERVICE, 60, [srv(0, 0, 80, "."), srv(0, 1, 80, "h.test.")]);
    let state = ready(&zone.follow(Config::srv(SERVICE))).await;
    assert_eq!((known(&state).len(), state.skipped_count()), (1, 1));
    assert_eq!(state.skipped()[0].reason, "the target is the root, beside other records");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_resolved_for_the_moment_keeps_its_addresses() {
    let zone = Zone::default();
    zone.put(SERVICE, 10, [srv(0, 1, 80, "a.test."), srv(0, 1, 80, "b.test.")]);
    zone.put("a.test.", 10, [ip("10.0.0.1")]);
    zone.put("b.test.", 10, [ip("10.0.0.2")]);
    let discovery = zone.follow(Config::srv(SERVICE));
    let both = vec!["10.0.0.1:80".to_owned(), "10.0.0.2:80".to_owned()];
    assert_eq!(known(&ready(&discovery).await), both);
    zone.0.lock().unwrap().broken = vec![name("b.test.")];
    sleep(60 * SECOND).await;
    let state = discovery.subscribe().state();
    assert_eq!((known(&state), state.generation(), state.skipped_count()), (both, 1, 0));
    // One that was never resolved is skipped by itself.
    let state = ready(&zone.follow(Config::srv(SERVICE))).await;
    assert_eq!((known(&state), state.skipped_count()), (vec!["10.0.0.1:80".to_owned()], 1));
    let reason = "the target cannot be resolved: a name server answers SERVFAIL";
    assert_eq!(state.skipped()[0].reason, reason);
    // Of all its addresses, none: that is an answer.
    zone.0.lock().unwrap().broken.clear();
    zone.take("b.test.");
    sleep(60 * SECOND).await;
    let state = discovery.subscribe().state();
    assert_eq!((known(&state).len(), &*state.skipped()[0].reason), (1, "the target has no address"));
}

#[tokio::test(start_paused = true)]
async fn a_host_with_addresses_of_both_kinds_is_one_instance_unless_both_are_wanted() {
    let zone = Zone::default();
    zone.put("h.test.", 60, [ip("10.0.0.1"), ip("2001:db8::1")]);
    zone.put("six.test.", 60, [ip("2001:db8::6")]);
    for (host, family, wanted) in [
        ("h.test", Family::V4ThenV6, &["10.0.0.1:80"][..]),
        ("h.test", Family::V6ThenV4, &["[2001:db8::1]:80"]),
        ("h.test", Family::Both, &["10.0.0.1:80", "[2001:db8::1]:80"]),
        ("six.test", Family::V4ThenV6, &["[2001:db8::6]:80"]),
        ("six.test", Family::V4, &[]),
        ("six.test", Family::V6, &["[2001:db8::6]:80"]),
    ] {
        let mut config = Config::host(host, 80);
        config.family = family;
        assert_eq!(known(&ready(&zone.follow(config)).await), wanted, "{host} {family:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn targets_may_keep_their_names() {
    let zone = Zone::default();
    let odd = Name::from_labels([&b"no name"[..], b"test"]).unwrap();
    zone.put(SERVICE, 60, [srv(0, 1, 80, "h.test."), RData::SRV(SRV::new(0, 1, 80, odd))]);
    let mut config = Config::srv(SERVICE);
    config.resolve = false;
    let state = ready(&zone.follow(config)).await;
    assert_eq!((known(&state), state.skipped_count()), (vec!["h.test:80".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_a_failure_within_the_timeout() {
    let zone = Zone::default();
    zone.0.lock().unwrap().hangs = true;
    let discovery = zone.follow(Config::srv(SERVICE));
    let mut subscription = discovery.subscribe();
    let state = timeout(6 * SECOND, subscription.changed()).await.expect("known to fail").unwrap();
    assert_eq!(state.error().unwrap().message(), "the name servers did not answer within 5s");
}

/// The instances of a test are targets with a name each.
#[derive(Default)]
struct Rig {
    zone: Zone,
    set: Vec<Instance>,
}

impl Rig {
    fn put(&self, more: &[RData], with_set: bool) {
        let set = self.set.iter().filter(|_| with_set).map(|instance| {
            let address: Address = instance.address.parse().unwrap();
            let target = format!("h{}.test.", address.port());
            self.zone.put(&target, 1, [ip(address.host())]);
            srv(0, 1, address.port(), &target)
        });
        let set: Vec<_> = set.chain(more.iter().cloned()).collect();
        self.zone.put(SERVICE, 1, set);
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        self.zone.follow(Config::srv(SERVICE))
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.to_vec();
        self.put(&[], true);
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        let bad = [srv(0, 1, 0, "h.test.")];
        match fault {
            Fault::Fails => self.zone.fails(true),
            Fault::Hangs => self.zone.0.lock().unwrap().hangs = true,
            Fault::Garbles => self.put(&bad, true),
            Fault::Unreadable => self.put(&bad, false),
            _ => return false,
        }
        true
    }

    async fn heal(&mut self) {
        self.zone.fails(false);
        self.put(&[], true);
    }

    fn period(&self) -> Duration {
        SECOND * 11 / 10
    }
}

#[tokio::test(start_paused = true)]
async fn dns_keeps_the_contract() {
    let report = contract::instancer(async || Rig::default()).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}
