use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

use kit_core::Instance;
use kit_core::health::Status;

use crate::address::Address;
use crate::answer::Found;
use crate::malformed::Malformed;

/// A complete set of instances, perhaps empty: in the order of their ids, each id once, each address in its one spelling.
///
/// A clone shares them. An instance that stays through a change stays the same allocation, so [`Arc::ptr_eq`] tells what a
/// change left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instances(Arc<[Arc<Instance>]>);

impl Instances {
    /// The instance of this id.
    pub fn get(&self, id: &str) -> Option<&Arc<Instance>> {
        self.0.binary_search_by(|instance| (*instance.id).cmp(id)).ok().map(|at| &self.0[at])
    }

    /// The set of `found`, sharing with `old` what did not change. What belongs to no set is moved to what was skipped.
    pub(crate) fn settle(found: &mut Found, old: Option<&Instances>) -> Self {
        let mut settled: Vec<Instance> = Vec::with_capacity(found.instances.len());
        for mut instance in std::mem::take(&mut found.instances) {
            match instance.address.parse::<Address>() {
                Ok(address) => {
                    let address = address.to_string();
                    if address != *instance.address {
                        // An instance without a name of its own is named by its address, however it was spelt.
                        if instance.id == instance.address {
                            instance.id = address.as_str().into();
                        }
                        instance.address = address.into();
                    }
                    if instance.id.is_empty() {
                        instance.id = Arc::clone(&instance.address);
                    }
                    settled.push(instance);
                }
                Err(malformed) => found.skip(&instance.id, malformed),
            }
        }
        // By everything, so that of two with one id the same one stays, in whatever order a source gives them.
        settled.sort_by(order);
        settled.dedup_by(|later, kept| {
            if later.id == kept.id && later != kept {
                found.skip(&later.id, Malformed::new(format!("the id is that of {} too", kept.address)));
            }
            later.id == kept.id
        });
        let shared = |instance: Instance| match old.and_then(|old| old.get(&instance.id)) {
            Some(known) if **known == instance => Arc::clone(known),
            _ => Arc::new(instance),
        };
        Self(settled.into_iter().map(shared).collect())
    }

    /// How many of these `other` has not, by id.
    pub(crate) fn missing_in(&self, other: &Instances) -> usize {
        self.0.iter().filter(|instance| other.get(&instance.id).is_none()).count()
    }
}

impl Deref for Instances {
    type Target = [Arc<Instance>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Instances {
    type Item = &'a Arc<Instance>;
    type IntoIter = std::slice::Iter<'a, Arc<Instance>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

fn order(a: &Instance, b: &Instance) -> Ordering {
    let key = |i: &Instance| (i.health == Status::Unhealthy, i.priority, i.weight);
    (a.id.cmp(&b.id))
        .then_with(|| a.address.cmp(&b.address))
        .then_with(|| key(a).cmp(&key(b)))
        .then_with(|| a.zone.cmp(&b.zone))
        .then_with(|| a.tags.cmp(&b.tags))
        .then_with(|| a.metadata.cmp(&b.metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(instances: &[Instance]) -> Found {
        Found { instances: instances.to_vec(), ..Found::default() }
    }

    fn named(id: &str, address: &str) -> Instance {
        let mut instance = Instance::new(address);
        instance.id = id.into();
        instance
    }

    fn ids(set: &Instances) -> Vec<&str> {
        set.iter().map(|instance| &*instance.id).collect()
    }

    #[test]
    fn a_set_is_sorted_and_holds_each_id_once_in_whatever_order_it_came() {
        let (a, b, other_b) = (named("a", "h:2"), named("b", "h:1"), named("b", "h:3"));
        for order in [[&b, &a, &other_b], [&other_b, &b, &a], [&a, &other_b, &b]] {
            let mut found = found(&order.map(Clone::clone));
            let set = Instances::settle(&mut found, None);
            assert_eq!(ids(&set), ["a", "b"]);
            assert_eq!(&*set.get("b").unwrap().address, "h:1");
            assert_eq!((found.count, found.skipped[0].to_string()), (1, "\"b\": the id is that of h:1 too".into()));
        }
    }

    #[test]
    fn the_same_instance_twice_is_one_and_no_trouble() {
        let mut found = found(&[Instance::new("h:1"), Instance::new("h:1")]);
        assert_eq!(Instances::settle(&mut found, None).len(), 1);
        assert_eq!(found.count, 0);
    }

    #[test]
    fn one_bad_address_hides_no_other_and_an_address_has_one_spelling() {
        let mut found = found(&[Instance::new("nowhere"), Instance::new("[::0:1]:80"), named("", "h:1")]);
        let set = Instances::settle(&mut found, None);
        assert_eq!(ids(&set), ["[::1]:80", "h:1"]);
        assert_eq!(found.skipped[0].to_string(), "\"nowhere\": no port in \"nowhere\"");
    }

    #[test]
    fn what_stays_through_a_change_is_the_same_allocation() {
        let old = Instances::settle(&mut found(&[named("a", "h:1"), named("b", "h:2")]), None);
        let new = Instances::settle(&mut found(&[named("a", "h:1"), named("b", "h:3")]), Some(&old));
        assert!(Arc::ptr_eq(&old[0], &new[0]));
        assert!(!Arc::ptr_eq(&old[1], &new[1]));
        assert_eq!((new.missing_in(&old), old.missing_in(&Instances::default())), (0, 2));
    }

    #[test]
    fn of_many_bad_ones_a_few_are_named_and_all_are_counted() {
        let mut found = Found::default();
        for n in 0..100 {
            found.skip(&format!("/services/strings/{n}\n"), Malformed::new("bad"));
        }
        assert_eq!((found.count, found.skipped.len()), (100, 8));
        assert_eq!(found.skipped[0].to_string(), "\"/services/strings/0\\n\": bad");
    }
}
