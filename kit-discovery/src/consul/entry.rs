use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use kit_core::health::Status;
use kit_core::{Code, Error, Instance};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::address::Address;
use crate::answer::Answer;
use crate::malformed::Malformed;

/// The names in a service's metadata that say more than a pair; what Consul itself has no field for.
pub(super) const PRIORITY: &str = "priority";
pub(super) const ZONE: &str = "zone";

/// Most elements that an answer may have: what is not even an instance still costs the time to say so.
const MOST: usize = 65_536;

/// One element of what `/v1/health/service` answers, of which only what an instance needs is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(borrow)]
    node: Node<'a>,
    #[serde(borrow)]
    service: Service<'a>,
    /// Go writes an empty list as null.
    #[serde(borrow, default)]
    checks: Option<Vec<Checked<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node<'a> {
    #[serde(borrow, default)]
    node: Cow<'a, str>,
    #[serde(borrow, default)]
    address: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service<'a> {
    #[serde(borrow, default, rename = "ID")]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    address: Cow<'a, str>,
    #[serde(default)]
    port: i64,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    meta: Option<BTreeMap<String, String>>,
    #[serde(default)]
    weights: Option<Weights>,
    #[serde(borrow, default)]
    locality: Option<Locality<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Weights {
    passing: u32,
    warning: u32,
}

/// Since Consul 1.17.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Locality<'a> {
    #[serde(borrow, default)]
    zone: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Checked<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
}

/// The worst of an instance's checks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worst {
    Passing,
    Warning,
    Critical,
}

/// The set that `body` describes. With `passing`, what does not pass is left out even if Consul gave it.
///
/// # Errors
/// `DataLoss` for what is no list, `ResourceExhausted` for one of more than [`MOST`] elements. An element that is no
/// instance is skipped and named.
pub(super) fn read(body: &[u8], passing: bool) -> Result<Answer, Error> {
    let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(|cause| {
        Error::boundary(Code::DataLoss, cause).with_message("consul's answer is no list of instances")
    })?;
    if elements.len() > MOST {
        let message = format!("consul's answer has {} elements, more than {MOST}", elements.len());
        return Err(Error::resource_exhausted(message));
    }
    let mut answer = Answer::new([]);
    for (place, element) in elements.into_iter().enumerate() {
        match serde_json::from_str::<Entry<'_>>(element.get()) {
            Ok(entry) if passing && entry.worst() > Worst::Passing => {}
            Ok(entry) => {
                let id = entry.id();
                answer.add(&id, entry.instance(&id));
            }
            Err(error) => {
                answer.add(&format!("element {place}"), Err(Malformed::of("no instance:", &error.to_string())));
            }
        }
    }
    Ok(answer)
}

impl Entry<'_> {
    /// Ids are unique within an agent, and so within a service only with the name of its node.
    fn id(&self) -> String {
        match (&*self.node.node, &*self.service.id) {
            ("", id) => id.to_owned(),
            (node, "") => format!("{node}/{}:{}", self.host(), self.service.port),
            (node, id) => format!("{node}/{id}"),
        }
    }

    /// A service without an address of its own is where its node is.
    fn host(&self) -> &str {
        if self.service.address.is_empty() { &self.node.address } else { &self.service.address }
    }

    fn worst(&self) -> Worst {
        let checks = self.checks.iter().flatten().map(|check| match &*check.status {
            "passing" => Worst::Passing,
            "warning" => Worst::Warning,
            // A status that is not known yet is trusted as little as this one.
            _ => Worst::Critical,
        });
        checks.max().unwrap_or(Worst::Passing)
    }

    fn instance(self, id: &str) -> Result<Instance, Malformed> {
        let port = u16::try_from(self.service.port)
            .map_err(|_| Malformed::new(format!("the port is {}", self.service.port)))?;
        let worst = self.worst();
        let address = Address::new(self.host(), port)?;
        let mut instance = Instance::new(address.to_string());
        if !id.is_empty() {
            instance.id = id.into();
        }
        if let Some(weights) = self.service.weights {
            instance.weight = if worst == Worst::Passing { weights.passing } else { weights.warning };
        }
        instance.tags = self.service.tags.into_iter().flatten().map(Arc::from).collect();
        let mut meta = self.service.meta.unwrap_or_default();
        // Another program may mean something else by the word; then it stays what it was.
        if let Some(priority) = meta.get(PRIORITY).and_then(|text| text.parse().ok()) {
            instance.priority = priority;
            meta.remove(PRIORITY);
        }
        let locality = self.service.locality.filter(|locality| !locality.zone.is_empty());
        instance.zone = meta.remove(ZONE).or(locality.map(|locality| locality.zone.into_owned())).map(Arc::from);
        instance.metadata = meta.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        if worst == Worst::Critical {
            instance.health = Status::Unhealthy;
        }
        Ok(instance)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FULL: &str = r#"{
        "Node": { "ID": "x", "Node": "n1", "Address": "10.0.0.9", "Datacenter": "dc1", "Meta": null },
        "Service": { "ID": "s1", "Service": "strings", "Tags": ["blue"], "Address": "2001:db8::1", "Port": 80,
            "Meta": { "version": "2", "zone": "b", "priority": "1" }, "Weights": { "Passing": 5, "Warning": 2 },
            "EnableTagOverride": false, "Proxy": { "Mode": "" }, "ModifyIndex": 13 },
        "Checks": [{ "Node": "n1", "CheckID": "serfHealth", "Status": "passing" }, { "Status": "passing" }] }"#;

    fn one(element: &str, passing: bool) -> Result<Option<Instance>, String> {
        let found = read(format!("[{element}]").as_bytes(), passing).unwrap().0.unwrap();
        match found.skipped.first() {
            Some(skipped) => Err(skipped.to_string()),
            None => Ok(found.instances.into_iter().next()),
        }
    }

    fn some(element: &str) -> Instance {
        one(element, false).unwrap().expect("an instance")
    }

    #[test]
    fn an_instance_is_what_was_registered() {
        let instance = some(FULL);
        assert_eq!((&*instance.id, &*instance.address), ("n1/s1", "[2001:db8::1]:80"));
        assert_eq!((instance.priority, instance.weight, instance.zone.as_deref()), (1, 5, Some("b")));
        assert_eq!((&*instance.tags[0], &*instance.metadata["version"], instance.metadata.len()), ("blue", "2", 1));
        assert_eq!(instance.health, Status::Healthy);
    }

    #[test]
    fn a_service_without_an_address_is_where_its_node_is() {
        for (node, address) in
            [("10.0.0.9", "10.0.0.9:80"), ("2001:db8::9", "[2001:db8::9]:80"), ("n1.test", "n1.test:80")]
        {
            let element = format!(r#"{{"Node":{{"Address":"{node}"}},"Service":{{"Address":"","Port":80}}}}"#);
            let instance = some(&element);
            assert_eq!((&*instance.address, &*instance.id), (address, address));
        }
    }

    #[test]
    fn the_worst_check_decides_on_health_weight_and_whether_it_passes() {
        for (status, passes, health, weight) in [
            ("passing", true, Status::Healthy, 5),
            ("warning", false, Status::Healthy, 2),
            ("critical", false, Status::Unhealthy, 2),
            ("on fire", false, Status::Unhealthy, 2),
        ] {
            let element = FULL.replacen(r#""Status": "passing" }]"#, &format!(r#""Status": "{status}" }}]"#), 1);
            assert_eq!(one(&element, true).unwrap().is_some(), passes, "{status}");
            let instance = some(&element);
            assert_eq!((instance.health, instance.weight), (health, weight), "{status}");
        }
    }

    #[test]
    fn null_stands_for_empty_and_what_others_mean_by_a_word_stays_theirs() {
        let element = r#"{"Node":{"Node":"n1","Address":"10.0.0.9"},"Checks":null,"Service":{"ID":"","Port":80,"Tags":null,
            "Meta":{"priority":"high"},"Weights":null,"Locality":{"Region":"r","Zone":"z"}}}"#;
        let instance = some(element);
        assert_eq!((&*instance.id, instance.weight, instance.priority), ("n1/10.0.0.9:80", 1, 0));
        assert_eq!((&*instance.metadata["priority"], instance.zone.as_deref()), ("high", Some("z")));
    }

    #[test]
    fn one_bad_element_is_named_and_hides_no_other() {
        for (bad, reason) in [
            ("null", "\"element 0\": no instance: "),
            (r#"{"Node":{},"Service":"x"}"#, "\"element 0\": no instance: "),
            (r#"{"Node":{"Node":"n"},"Service":{"ID":"s","Address":"a"}}"#, "\"n/s\": the port is 0"),
            (r#"{"Node":{"Node":"n"},"Service":{"ID":"s","Address":"a","Port":70000}}"#, "\"n/s\": the port is 70000"),
            (r#"{"Node":{"Node":"n"},"Service":{"ID":"s","Address":"a","Port":-1}}"#, "\"n/s\": the port is -1"),
            (r#"{"Node":{"Node":"n"},"Service":{"ID":"s","Port":1}}"#, "\"n/s\": no host in \"\""),
            (r#"{"Node":{"Node":"n"},"Service":{"ID":"s","Address":"a b","Port":1}}"#, "\"n/s\": what no host name"),
        ] {
            let error = one(bad, true).unwrap_err();
            assert!(error.starts_with(reason), "{bad}: {error}");
            let both = read(format!("[{bad},{FULL}]").as_bytes(), true).unwrap().0.unwrap();
            assert_eq!((both.instances.len(), both.count), (1, 1));
        }
    }

    #[test]
    fn what_is_no_list_is_a_failure() {
        let deep = "[".repeat(100_000);
        for body in ["", "null", "{}", "[{}", "[] []", "<html>", "\u{0}", &deep] {
            let error = read(body.as_bytes(), true).expect_err(body);
            assert_eq!((error.code(), error.message()), (Code::DataLoss, "consul's answer is no list of instances"));
        }
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(deep.as_bytes(), true).map_or(true, |answer| answer.0.unwrap().count == 1));
    }

    #[test]
    fn a_list_of_more_than_anybody_runs_is_a_failure() {
        let list = |length: usize| format!("[0{}]", ",0".repeat(length - 1));
        assert_eq!(read(list(65_536).as_bytes(), true).unwrap().0.unwrap().count, 65_536);
        let error = read(list(65_537).as_bytes(), true).unwrap_err();
        assert_eq!(error.message(), "consul's answer has 65537 elements, more than 65536");
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>, cut in 0..FULL.len(), byte: u8) {
            let _ = read(&body, true);
            let mut spoilt = format!("[{FULL}]").into_bytes();
            spoilt[cut] = byte;
            let _ = read(&spoilt, true);
            prop_assert!(read(&spoilt[..cut], true).is_err());
        }
    }
}
