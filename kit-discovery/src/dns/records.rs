use std::net::IpAddr;
use std::sync::Arc;

use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use kit_core::Instance;

use crate::address::Address;
use crate::malformed::Malformed;

/// What is known of a name.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// These records, for so many seconds.
    Found { records: Vec<RData>, ttl: u32 },
    /// That there are none, for so many seconds if it was said.
    Nobody { ttl: Option<u32> },
}

/// Where the records of one answer lead.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Found {
        records: Vec<RData>,
        ttl: u32,
    },
    /// To another name, whose records are not there.
    Alias {
        name: Name,
        ttl: u32,
    },
    Nothing,
}

/// Follows `name` through the aliases of an answer to its records. What belongs to another name is passed over.
pub(super) fn walk(answers: &[Record], name: &Name, kind: RecordType) -> Step {
    let mut at = name;
    let mut ttl = u32::MAX;
    // No more steps than there are records: a circle ends.
    for _ in 0..=answers.len() {
        let here = || answers.iter().filter(|record| record.name == *at);
        let found: Vec<_> = here().filter(|record| record.record_type() == kind).collect();
        if !found.is_empty() {
            let ttl = found.iter().map(|record| record.ttl).fold(ttl, u32::min);
            return Step::Found { records: found.into_iter().map(|record| record.data.clone()).collect(), ttl };
        }
        let alias = here().find_map(|record| match &record.data {
            RData::CNAME(alias) => Some((&alias.0, record.ttl)),
            _ => None,
        });
        match alias {
            Some((next, limit)) => (at, ttl) = (next, ttl.min(limit)),
            None if at == name => return Step::Nothing,
            None => return Step::Alias { name: at.clone(), ttl },
        }
    }
    Step::Nothing
}

/// How an SRV record is called where it is skipped.
pub(super) fn called(record: &SRV) -> String {
    format!("{} {} {} {}", record.priority, record.weight, record.port, record.target)
}

/// Whether the records say that nobody answers: one, with the root for its target.
pub(super) fn nobody(records: &[SRV]) -> bool {
    matches!(records, [only] if only.target.is_root())
}

/// The record, if it can name an instance at all.
pub(super) fn usable(record: &SRV) -> Result<(), Malformed> {
    if record.target.is_root() {
        return Err(Malformed::new("the target is the root, beside other records"));
    }
    if record.port == 0 {
        return Err(Malformed::new("the port is 0"));
    }
    Ok(())
}

/// The instance at the target's own name.
pub(super) fn by_name(record: &SRV) -> Result<Instance, Malformed> {
    let address = Address::new(&record.target.to_ascii(), record.port)?;
    Ok(weighted(address, record, u32::from(record.weight)))
}

/// An instance for each of the target's addresses, which share its weight.
pub(super) fn by_address(record: &SRV, addresses: &[IpAddr]) -> Vec<Result<Instance, Malformed>> {
    let sharers = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let whole = u32::from(record.weight);
    // A weight of 0 has a meaning of its own, which a small share must not get.
    let share = whole.checked_div(sharers).unwrap_or(whole).max(whole.min(1));
    let target: Arc<str> = record.target.to_ascii().trim_end_matches('.').into();
    let instance = |ip: &IpAddr| {
        let mut instance = weighted(Address::new(&ip.to_string(), record.port)?, record, share);
        instance.metadata.insert("target".into(), Arc::clone(&target));
        Ok(instance)
    };
    addresses.iter().map(instance).collect()
}

fn weighted(address: Address, record: &SRV, weight: u32) -> Instance {
    let mut instance = Instance::new(address.to_string());
    instance.priority = record.priority;
    instance.weight = weight;
    instance
}
