//! How registries and files write an instance: its address, or a few fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use kit_core::Instance;
use kit_core::health::Status;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::malformed::Malformed;

/// Longest value that is read, in bytes: a set of many instances stays small.
const LONGEST: usize = 64 * 1024;

/// An instance as registries and files hold it: JSON or TOML with a field for each of [`Instance`]'s.
///
/// The address is one text, `address = "10.0.0.1:80"`, or `host` and `port` apart. The rest may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Its name. Default: what the registry calls it, or else its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The host alone, an IPv6 address with or without brackets; with `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The port alone; with `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Instances of the lowest number are called first. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Its share among those of one priority. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Words that describe it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Pairs that describe it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// `true` unless it should not be called. Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// Fields that are none of these.
    #[serde(flatten, skip_serializing)]
    pub(crate) unknown: BTreeMap<String, IgnoredAny>,
}

impl Entry {
    /// The instance it describes, called `id` unless it says otherwise.
    ///
    /// # Errors
    /// [`Malformed`] without an address, with two, and with one that is none.
    pub fn instance(self, id: Option<&str>) -> Result<Instance, Malformed> {
        let address = match (&self.address, &self.host, self.port) {
            (Some(address), None, None) => address.parse()?,
            (None, Some(host), Some(port)) => Address::new(host, port)?,
            (None, None, None) => return Err(Malformed::new("no address")),
            (Some(_), ..) => return Err(Malformed::new("an address, and a host or a port beside it")),
            (None, ..) => return Err(Malformed::new("a host without a port, or a port without a host")),
        };
        let mut instance = Instance::new(address.to_string());
        if let Some(id) = self.id.as_deref().or(id).filter(|id| !id.is_empty()) {
            instance.id = id.into();
        }
        instance.priority = self.priority.unwrap_or(instance.priority);
        instance.weight = self.weight.unwrap_or(instance.weight);
        instance.zone = self.zone.map(Arc::from);
        instance.tags = self.tags.into_iter().map(Arc::from).collect();
        instance.metadata = self.metadata.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        if self.healthy == Some(false) {
            instance.health = Status::Unhealthy;
        }
        Ok(instance)
    }
}

impl Entry {
    /// As [`instance`](Self::instance), for what a person wrote here: a field that is not known is a mistake.
    pub(crate) fn strict(self) -> Result<Instance, Malformed> {
        match self.unknown.keys().next() {
            Some(field) => Err(Malformed::of("no such field:", field)),
            None => self.instance(None),
        }
    }
}

/// What a registrar writes: everything but what is a default.
impl From<&Instance> for Entry {
    fn from(instance: &Instance) -> Self {
        let text = |text: &Arc<str>| text.to_string();
        Self {
            id: (instance.id != instance.address).then(|| text(&instance.id)),
            address: Some(text(&instance.address)),
            host: None,
            port: None,
            priority: (instance.priority != 0).then_some(instance.priority),
            weight: (instance.weight != 1).then_some(instance.weight),
            zone: instance.zone.as_ref().map(text),
            tags: instance.tags.iter().map(text).collect(),
            metadata: instance.metadata.iter().map(|(key, value)| (text(key), text(value))).collect(),
            healthy: (instance.health == Status::Unhealthy).then_some(false),
            unknown: BTreeMap::new(),
        }
    }
}

/// The instance that a registry's value describes: an address, or an [`Entry`] in JSON. It is called `id` unless the value
/// says otherwise. Fields that are not known are passed over: other programs register too.
///
/// ```
/// use kit_discovery::value;
///
/// let plain = value::read(Some("strings-1"), b"10.0.0.1:80")?;
/// let json = value::read(Some("strings-1"), br#"{ "address": "10.0.0.1:80", "color": "blue" }"#)?;
/// assert_eq!((&*plain.id, &*plain.address), ("strings-1", "10.0.0.1:80"));
/// assert_eq!(plain, json);
/// # Ok::<(), kit_discovery::Malformed>(())
/// ```
///
/// # Errors
/// [`Malformed`] for anything else, and for more than 64 KiB.
pub fn read(id: Option<&str>, value: &[u8]) -> Result<Instance, Malformed> {
    if value.len() > LONGEST {
        return Err(Malformed::new(format!("a value of {} bytes, more than {LONGEST}", value.len())));
    }
    let text = std::str::from_utf8(value).map_err(|_| Malformed::new("the value is no UTF-8"))?.trim();
    if !text.starts_with('{') {
        return Entry { address: Some(text.to_owned()), ..Entry::default() }.instance(id);
    }
    let entry: Entry =
        serde_json::from_str(text).map_err(|error| Malformed::of("no JSON entry:", &error.to_string()))?;
    entry.instance(id)
}

/// What [`read`] makes `instance` of again: its address alone if that says everything, else JSON.
pub fn write(instance: &Instance) -> String {
    if *instance == Instance::new(Arc::clone(&instance.address)) {
        return instance.address.to_string();
    }
    serde_json::to_string(&Entry::from(instance)).expect("texts and numbers are JSON")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(value: &str) -> String {
        read(None, value.as_bytes()).expect_err(value).to_string()
    }

    #[test]
    fn a_value_is_an_address_or_json_with_one() {
        let full = r#"{ "id": "s1", "host": "2001:db8::1", "port": 80, "priority": 1, "weight": 5, "zone": "b",
            "tags": ["blue"], "metadata": { "version": "2" }, "healthy": false, "other": [{}] }"#;
        let instance = read(Some("key"), full.as_bytes()).unwrap();
        assert_eq!((&*instance.id, &*instance.address), ("s1", "[2001:db8::1]:80"));
        assert_eq!((instance.priority, instance.weight, instance.zone.as_deref()), (1, 5, Some("b")));
        assert_eq!((&*instance.tags[0], &*instance.metadata["version"]), ("blue", "2"));
        assert_eq!(instance.health, Status::Unhealthy);
        let plain = read(Some("key"), b" [::1]:80\n").unwrap();
        assert_eq!((&*plain.id, &*plain.address), ("key", "[::1]:80"));
    }

    #[test]
    fn what_describes_no_instance_is_refused_with_its_reason() {
        assert_eq!(refused(""), "no port in \"\"");
        assert_eq!(refused("{}"), "no address");
        assert_eq!(refused(r#"{"host":"a"}"#), "a host without a port, or a port without a host");
        assert_eq!(refused(r#"{"address":"a:1","port":1}"#), "an address, and a host or a port beside it");
        assert_eq!(refused(r#"{"host":"a","port":0}"#), "the port is 0");
        assert!(refused(r#"{"address":"a:1","address":"b:1"}"#).contains("duplicate field"));
        assert!(refused(r#"{"address":"a:1","weight":-1}"#).contains("invalid value"));
        assert!(refused("{\"address\":").starts_with("no JSON entry: "));
        assert_eq!(read(None, b"\xff:1").unwrap_err().to_string(), "the value is no UTF-8");
        assert_eq!(read(None, &[b'a'; 70_000]).unwrap_err().to_string(), "a value of 70000 bytes, more than 65536");
        let deep = format!("{{\"address\":\"a:1\",\"x\":{}", "[".repeat(50_000));
        assert!(refused(&deep).len() < 200);
    }

    #[test]
    fn an_instance_that_is_its_address_is_written_as_one() {
        assert_eq!(write(&Instance::new("a:1")), "a:1");
        let mut named = Instance::new("a:1");
        named.id = "s".into();
        assert_eq!(write(&named), r#"{"id":"s","address":"a:1"}"#);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            id in "[a-z]{0,3}", port in 1u16.., priority: u16, weight: u32, zone in proptest::option::of("\\PC*"),
            tags in proptest::collection::vec("\\PC*", 0..3),
            metadata in proptest::collection::btree_map("\\PC*", "\\PC*", 0..3), healthy: bool,
        ) {
            let mut instance = Instance::new(format!("[::1]:{port}"));
            if !id.is_empty() {
                instance.id = id.into();
            }
            instance.priority = priority;
            instance.weight = weight;
            instance.zone = zone.map(Arc::from);
            instance.tags = tags.into_iter().map(Arc::from).collect();
            instance.metadata = metadata.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
            if !healthy {
                instance.health = Status::Unhealthy;
            }
            prop_assert_eq!(read(None, write(&instance).as_bytes()).unwrap(), instance);
        }

        #[test]
        fn no_value_panics(value: Vec<u8>) {
            let _ = read(None, &value);
        }
    }
}
