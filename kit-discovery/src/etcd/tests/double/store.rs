use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use etcd_client::proto::{PbEvent, PbKeyValue, PbRangeResponse, PbResponseHeader};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tonic::Status;

use super::service::Order;

/// What the members hold, and what they are told to do wrong.
#[derive(Clone)]
pub(crate) struct Store {
    content: Arc<Mutex<Content>>,
    /// The revision.
    pub(super) changes: Arc<watch::Sender<i64>>,
    /// What all watches are told.
    pub(super) orders: broadcast::Sender<Order>,
}

#[derive(Default)]
pub(super) struct Content {
    pub(super) revision: i64,
    pub(super) compacted: i64,
    keys: BTreeMap<Vec<u8>, PbKeyValue>,
    history: Vec<PbEvent>,
    leases: BTreeMap<i64, Lease>,
    /// What was asked, in order.
    pub(super) calls: Vec<&'static str>,
    /// Answers to lists in place of the true ones.
    pub(super) lists: Vec<PbRangeResponse>,
    /// What every call fails with.
    pub(super) refuses: Option<Status>,
    /// The next call of this name is not answered at all.
    pub(super) hangs: Option<&'static str>,
    /// Watches say nothing, though their connection lives.
    pub(super) mute: bool,
    /// Who may not ask which keys a lease has.
    pub(super) secretive: bool,
}

struct Lease {
    ttl: i64,
    until: Instant,
}

impl Store {
    pub(super) fn new() -> Self {
        let content = Content { revision: 1, ..Content::default() };
        Self {
            content: Arc::new(Mutex::new(content)),
            changes: Arc::new(watch::Sender::new(1)),
            orders: broadcast::Sender::new(16),
        }
    }

    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        let mut content = self.content.lock().unwrap();
        content.expire();
        self.changes.send_if_modified(|seen| std::mem::replace(seen, content.revision) != content.revision);
        content
    }

    /// Changes it, and tells the watches.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        let changed = change(&mut self.content());
        drop(self.content());
        changed
    }

    /// Makes these the keys below `prefix`, in one revision.
    pub(crate) fn set(&self, prefix: &str, entries: impl IntoIterator<Item = (String, String)>) {
        let wanted: BTreeMap<Vec<u8>, String> =
            entries.into_iter().map(|(id, value)| (format!("{prefix}/{id}").into_bytes(), value)).collect();
        self.change(|content| {
            content.revision += 1;
            let below = format!("{prefix}/");
            let gone: Vec<_> = content.keys.keys().filter(|key| key.starts_with(below.as_bytes())).cloned().collect();
            gone.iter().filter(|key| !wanted.contains_key(*key)).for_each(|key| content.remove(key));
            wanted.into_iter().for_each(|(key, value)| content.put(key, value.into_bytes(), 0));
        });
    }

    /// Puts a key, in a revision of its own.
    pub(crate) fn put(&self, key: impl Into<Vec<u8>>, value: &str) {
        self.change(|content| {
            content.revision += 1;
            content.put(key.into(), value.into(), 0);
        });
    }

    /// Deletes a key, in a revision of its own.
    pub(crate) fn delete(&self, key: &str) {
        self.change(|content| {
            content.revision += 1;
            content.remove(key.as_bytes());
        });
    }

    /// Forgets the history.
    pub(crate) fn compact(&self) {
        self.change(|content| {
            content.compacted = content.revision;
            content.history.clear();
        });
    }

    /// Loses everything, as a restart without data does: revisions begin again.
    pub(crate) fn forget(&self) {
        self.change(|content| {
            *content = Content { revision: 1, calls: std::mem::take(&mut content.calls), ..Content::default() };
        });
    }

    /// Takes all leases away, and the keys with them.
    pub(crate) fn revoke_all(&self) {
        self.change(|content| {
            let leases: Vec<_> = content.leases.keys().copied().collect();
            leases.into_iter().for_each(|lease| assert!(content.revoke(lease)));
        });
    }

    /// Tells all watches what to do.
    pub(crate) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// The next lists are answered with these, the last of them first.
    pub(crate) fn answer_lists_with(&self, lists: Vec<PbRangeResponse>) {
        self.content().lists = lists;
    }

    /// Every call is refused with `status`, or none.
    pub(crate) fn refuse(&self, status: Option<Status>) {
        self.content().refuses = status;
    }

    /// The next call of this name is not answered.
    pub(crate) fn hang(&self, call: &'static str) {
        self.content().hangs = Some(call);
    }

    /// Watches say nothing, not even when asked.
    pub(crate) fn mute(&self, mute: bool) {
        self.content().mute = mute;
    }

    /// Nobody may ask which keys a lease has.
    pub(crate) fn keep_secret(&self) {
        self.content().secretive = true;
    }

    /// What was asked since this was last taken.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.content().calls)
    }

    /// The keys below `prefix`, and their values.
    pub(crate) fn below(&self, prefix: &str) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let content = self.content();
        let entries = content.keys.values().map(|kv| (text(&kv.key), text(&kv.value)));
        entries.filter(|(key, _)| key.starts_with(&format!("{prefix}/"))).collect()
    }

    /// How many leases there are.
    pub(crate) fn leases(&self) -> usize {
        self.content().leases.len()
    }
}

impl Content {
    pub(super) fn header(&self) -> Option<PbResponseHeader> {
        Some(PbResponseHeader { revision: self.revision, ..PbResponseHeader::default() })
    }

    /// At the revision that was begun.
    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>, lease: i64) {
        let old = self.keys.get(&key);
        let kv = PbKeyValue {
            create_revision: old.map_or(self.revision, |old| old.create_revision),
            mod_revision: self.revision,
            version: old.map_or(1, |old| old.version + 1),
            key: key.clone(),
            value,
            lease,
        };
        self.history.push(PbEvent { r#type: 0, kv: Some(kv.clone()), prev_kv: None });
        self.keys.insert(key, kv);
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        if self.keys.remove(key).is_some() {
            let kv = PbKeyValue { key: key.to_vec(), mod_revision: self.revision, ..PbKeyValue::default() };
            self.history.push(PbEvent { r#type: 1, kv: Some(kv), prev_kv: None });
        }
    }

    /// As of now: the double keeps no older ones, and its pages are asked for at once.
    pub(super) fn range(&self, from: &[u8], end: &[u8], limit: i64) -> PbRangeResponse {
        let bounds = (Bound::Included(from.to_vec()), Bound::Excluded(end.to_vec()));
        let all: Vec<_> = self.keys.range::<Vec<u8>, _>(bounds).map(|(_, kv)| kv.clone()).collect();
        let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        PbRangeResponse {
            header: self.header(),
            more: all.len() > limit,
            count: all.len() as i64,
            kvs: all.into_iter().take(limit).collect(),
        }
    }

    /// What happened in the range from this revision on.
    pub(super) fn since(&self, revision: i64, from: &[u8], end: &[u8]) -> Vec<PbEvent> {
        let here = |kv: &PbKeyValue| kv.mod_revision >= revision && *from <= *kv.key && *kv.key < *end;
        self.history.iter().filter(|event| event.kv.as_ref().is_some_and(here)).cloned().collect()
    }

    pub(super) fn grant(&mut self, id: i64, ttl: i64) -> bool {
        let free = !self.leases.contains_key(&id);
        if free {
            self.leases.insert(id, Lease { ttl, until: Instant::now() + seconds(ttl) });
        }
        free
    }

    /// The time it has again, if it still has some.
    pub(super) fn renew(&mut self, id: i64) -> Option<i64> {
        let lease = self.leases.get_mut(&id)?;
        lease.until = Instant::now() + seconds(lease.ttl);
        Some(lease.ttl)
    }

    pub(super) fn granted(&self, id: i64) -> bool {
        self.leases.contains_key(&id)
    }

    pub(super) fn keys_of(&self, id: i64) -> Vec<Vec<u8>> {
        self.keys.values().filter(|kv| kv.lease == id).map(|kv| kv.key.clone()).collect()
    }

    /// The lease and its keys.
    pub(super) fn revoke(&mut self, id: i64) -> bool {
        if self.leases.remove(&id).is_none() {
            return false;
        }
        let keys = self.keys_of(id);
        if !keys.is_empty() {
            self.revision += 1;
            keys.iter().for_each(|key| self.remove(key));
        }
        true
    }

    fn expire(&mut self) {
        let now = Instant::now();
        let over: Vec<_> = self.leases.iter().filter(|(_, lease)| lease.until <= now).map(|(id, _)| *id).collect();
        over.into_iter().for_each(|id| assert!(self.revoke(id)));
    }
}

fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap())
}
