use std::collections::BTreeMap;

use etcd_client::KeyValue;
use etcd_client::proto::PbEvent;
use kit_core::{Error, Instance};

use super::prefix::Prefix;
use crate::answer::Answer;
use crate::malformed::Malformed;
use crate::value;

/// The most keys that are held below one prefix: no service has so many instances, and a wrong prefix may.
const MOST: usize = 100_000;

/// The keys below a prefix as of one revision, each read once.
#[derive(Clone, Debug)]
pub(super) struct Entries {
    prefix: Prefix,
    read: BTreeMap<Vec<u8>, Result<Instance, Malformed>>,
    /// The revision up to which everything is known.
    revision: i64,
}

impl Entries {
    /// None yet, as of `revision`.
    pub(super) fn new(prefix: Prefix, revision: i64) -> Self {
        Self { prefix, read: BTreeMap::new(), revision }
    }

    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// One of the keys that were listed.
    pub(super) fn listed(&mut self, entry: KeyValue) -> Result<(), Error> {
        let (key, value) = entry.into_key_value();
        self.put(key, &value)
    }

    /// What a watch says happened. Events up to the known revision are known already. A watch that is told to split
    /// long revisions does so, and `more` says that this one goes on.
    ///
    /// # Errors
    /// It breaks the rules of the protocol: what is known cannot be trusted any more.
    pub(super) fn happened(&mut self, events: Vec<PbEvent>, more: bool) -> Result<(), Error> {
        let mut latest = self.revision;
        for event in events {
            let entry = event.kv.ok_or_else(|| broken("an event without a key"))?;
            if entry.mod_revision <= self.revision {
                continue;
            }
            latest = latest.max(entry.mod_revision);
            match event.r#type {
                0 => self.put(entry.key, &entry.value)?,
                1 => {
                    self.read.remove(&entry.key);
                }
                _ => return Err(broken("an event that is neither a put nor a deletion")),
            }
        }
        if !more {
            self.revision = latest;
        }
        Ok(())
    }

    fn put(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), Error> {
        let read = self.prefix.id(&key).and_then(|id| value::read(Some(id), value));
        self.read.insert(key, read);
        if self.read.len() > MOST {
            return Err(Error::resource_exhausted(format!("etcd holds more than {MOST} keys below the prefix")));
        }
        Ok(())
    }

    /// All of it.
    pub(super) fn answer(&self) -> Answer {
        let mut answer = Answer::new([]);
        for (key, read) in &self.read {
            answer.add(&String::from_utf8_lossy(key), read.clone());
        }
        answer
    }
}

/// The server broke a rule of its protocol.
pub(super) fn broken(what: &'static str) -> Error {
    Error::data_loss(format!("etcd gave {what}")).with_reason("malformed")
}

#[cfg(test)]
mod tests {
    use etcd_client::proto::PbKeyValue;
    use proptest::prelude::*;

    use super::*;

    fn event(kind: i32, key: &str, revision: i64, value: &str) -> PbEvent {
        let kv = PbKeyValue { key: key.into(), value: value.into(), mod_revision: revision, ..PbKeyValue::default() };
        PbEvent { r#type: kind, kv: Some(kv), prev_kv: None }
    }

    fn entries() -> Entries {
        Entries::new(Prefix::new("/s").unwrap(), 10)
    }

    fn ids(entries: &Entries) -> Vec<String> {
        entries.answer().0.unwrap().instances.iter().map(|instance| instance.id.to_string()).collect()
    }

    #[test]
    fn what_is_known_already_happens_once() {
        let mut entries = entries();
        entries.happened(vec![event(0, "/s/a", 11, "h:1"), event(0, "/s/b", 11, "h:2")], false).unwrap();
        entries.happened(vec![event(1, "/s/a", 11, ""), event(1, "/s/b", 12, "")], false).unwrap();
        assert_eq!((ids(&entries), entries.revision()), (vec!["a".to_owned()], 12));
    }

    #[test]
    fn a_revision_in_pieces_is_known_with_the_last() {
        let mut entries = entries();
        entries.happened(vec![event(0, "/s/a", 11, "h:1")], true).unwrap();
        assert_eq!(entries.revision(), 10);
        entries.happened(vec![event(0, "/s/b", 11, "h:2")], false).unwrap();
        assert_eq!((ids(&entries).len(), entries.revision()), (2, 11));
    }

    #[test]
    fn an_event_that_breaks_the_rules_is_an_error_and_no_panic() {
        let without = PbEvent { r#type: 0, kv: None, prev_kv: None };
        assert_eq!(entries().happened(vec![without], false).unwrap_err().message(), "etcd gave an event without a key");
        assert!(entries().happened(vec![event(7, "/s/a", 11, "h:1")], false).is_err());
    }

    #[test]
    fn what_names_no_instance_is_skipped_by_its_key() {
        let mut entries = entries();
        for (key, value) in [("/s/a", "h:1"), ("/s/b", "nowhere"), ("/s/", ""), ("/other/c", "h:1")] {
            entries.happened(vec![event(0, key, 11, value)], true).unwrap();
        }
        let found = entries.answer().0.unwrap();
        assert_eq!((found.instances.len(), found.count), (1, 3));
        assert_eq!(found.skipped[2].to_string(), "\"/s/b\": no port in \"nowhere\"");
    }

    proptest! {
        /// Against a map that is written at once.
        #[test]
        fn in_whatever_pieces_events_come_the_end_is_the_same(
            happened in proptest::collection::vec((any::<bool>(), 0u8..6, any::<bool>()), 0..40),
            again in 0usize..40,
        ) {
            let (mut entries, mut truth) = (entries(), BTreeMap::new());
            let mut events = Vec::new();
            for (at, (put, key, _)) in happened.iter().enumerate() {
                let key = format!("/s/{key}");
                let revision = 11 + i64::try_from(at).unwrap();
                events.push(event(i32::from(!put), &key, revision, &format!("h:{}", at + 1)));
                if *put { truth.insert(key, at + 1); } else { truth.remove(&key); }
            }
            let mut batch = Vec::new();
            for (event, (.., cut)) in events.iter().zip(&happened) {
                batch.push(event.clone());
                if *cut {
                    entries.happened(std::mem::take(&mut batch), false).unwrap();
                }
            }
            entries.happened(batch, false).unwrap();
            // A part of the history once more changes nothing.
            entries.happened(events.iter().take(again).cloned().collect(), false).unwrap();
            let known: Vec<_> = entries.answer().0.unwrap().instances.iter().map(|i| i.address.to_string()).collect();
            let wanted: Vec<_> = truth.values().map(|port| format!("h:{port}")).collect();
            prop_assert_eq!(known, wanted);
        }

        #[test]
        fn no_event_panics(kind: i32, key: Vec<u8>, value: Vec<u8>, revision: i64, more: bool, bare: bool) {
            let kv = PbKeyValue { key, value, mod_revision: revision, ..PbKeyValue::default() };
            let event = PbEvent { r#type: kind, kv: (!bare).then_some(kv), prev_kv: None };
            let mut entries = entries();
            let _ = entries.happened(vec![event], more);
            let _ = entries.answer();
        }
    }
}
