use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Error, Instance};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Config;
use super::client::{Client, Resolve};
use super::records::{Reply, by_address, by_name, called, nobody, usable};
use crate::address::Address;
use crate::answer::Answer;
use crate::malformed::Malformed;
use crate::source::Source;

/// Targets that are resolved at a time.
const AT_ONCE: usize = 16;
/// When a target is asked for again that could not be resolved, in seconds.
const AGAIN: u32 = 5;
/// The longest that an absence is believed without asking again: what comes back is to be called soon.
const ABSENCE: Duration = Duration::from_secs(5);

/// Follows SRV records, or the addresses of a name.
///
/// ```no_run
/// use kit_discovery::Discovery;
/// use kit_discovery::dns::{Config, DnsSource};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
/// let source = DnsSource::new(Config::srv("_http._tcp.strings.example"))?;
/// let strings = Discovery::of("strings", source).start()?;
/// strings.ready().await?;
/// # Ok(()) }
/// ```
pub struct DnsSource(Follow<Client>);

impl DnsSource {
    /// Of the records of `config`.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is none and for a setting out of its range; `FailedPrecondition` if the name servers
    /// of the system are wanted and cannot be read.
    pub fn new(config: Config) -> Result<Self, Error> {
        let name = config.check()?;
        Ok(Self(Follow::new(Client::new(&config)?, name, config, Box::new(ThreadRandom))))
    }
}

impl Source for DnsSource {
    async fn next(&mut self) -> Result<Answer, Error> {
        self.0.next().await
    }
}

impl fmt::Debug for DnsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DnsSource").field(&self.0.config).finish()
    }
}

/// The rules, whoever is asked.
pub(super) struct Follow<R> {
    resolve: R,
    name: Name,
    config: Config,
    random: Box<dyn Random>,
    /// When to ask again; none at the start and after a failure.
    due: Option<Instant>,
    /// Addresses of the targets, for when they cannot be resolved.
    known: BTreeMap<Name, Vec<IpAddr>>,
}

/// What became of one target.
enum Resolved {
    To(Vec<IpAddr>, u32),
    /// It has no address.
    Nobody(Option<u32>),
    Failed(Error),
}

impl<R: Resolve> Follow<R> {
    pub(super) fn new(resolve: R, name: Name, config: Config, random: Box<dyn Random>) -> Self {
        Self { resolve, name, config, random, due: None, known: BTreeMap::new() }
    }

    /// An answer holds for so long.
    fn rest(&mut self, ttl: Duration) {
        let ttl = ttl.clamp(self.config.min_ttl, self.config.max_ttl);
        self.due = Some(Instant::now() + ttl + self.random.jitter(ttl / 10));
    }

    fn rest_from_absence(&mut self, ttl: Option<u32>) {
        self.rest(seconds(ttl.unwrap_or(u32::MAX)).min(ABSENCE));
    }

    async fn hosts(&mut self, port: u16) -> Result<Answer, Error> {
        let by = Instant::now() + self.config.timeout;
        match self.addresses(&self.name, by).await {
            Resolved::Failed(error) => Err(error),
            Resolved::Nobody(ttl) => {
                self.rest_from_absence(ttl);
                Ok(Answer::new([]))
            }
            Resolved::To(addresses, ttl) => {
                self.rest(seconds(ttl));
                let mut answer = Answer::new([]);
                for ip in addresses {
                    let ip = ip.to_string();
                    answer.add(&ip, Address::new(&ip, port).map(|address| Instance::new(address.to_string())));
                }
                Ok(answer)
            }
        }
    }

    async fn services(&mut self) -> Result<Answer, Error> {
        let asked = timeout_at(Instant::now() + self.config.timeout, self.resolve.ask(&self.name, RecordType::SRV));
        let reply = asked.await.unwrap_or_else(|_| Err(self.silent()))?;
        let (records, ttl) = match reply {
            Reply::Nobody { ttl } => {
                self.rest_from_absence(ttl);
                return Ok(Answer::new([]));
            }
            Reply::Found { records, ttl } => (records.into_iter().filter_map(srv).collect::<Vec<_>>(), ttl),
        };
        if nobody(&records) {
            self.rest_from_absence(Some(ttl));
            return Ok(Answer::new([]));
        }
        if !self.config.resolve {
            self.rest(seconds(ttl));
            let answer = Answer::new([]);
            let read = |record: &SRV| usable(record).and_then(|()| by_name(record));
            return Ok(records.iter().fold(answer, |answer, record| answer.with(&called(record), read(record))));
        }
        Ok(self.targets(records, ttl).await)
    }

    /// The answer of these records, with their targets resolved.
    async fn targets(&mut self, records: Vec<SRV>, mut ttl: u32) -> Answer {
        let targets = records.iter().filter(|record| usable(record).is_ok()).map(|record| record.target.clone());
        let targets: BTreeSet<Name> = targets.collect();
        let by = Instant::now() + self.config.timeout;
        let this = &*self;
        let resolved: BTreeMap<Name, Resolved> = stream::iter(targets)
            .map(|target| async move {
                let resolved = this.addresses(&target, by).await;
                (target, resolved)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut known = BTreeMap::new();
        let mut missing = BTreeMap::new();
        for (target, resolved) in resolved {
            let before = self.known.remove(&target);
            match (resolved, before) {
                (Resolved::To(addresses, limit), _) => {
                    ttl = ttl.min(limit);
                    known.insert(target, addresses);
                }
                (Resolved::Nobody(limit), _) => {
                    ttl = ttl.min(limit.unwrap_or(u32::MAX));
                    missing.insert(target, Malformed::new("the target has no address"));
                }
                // What cannot be told for the moment is asked again soon, and meanwhile what it was.
                (Resolved::Failed(_), Some(before)) => {
                    ttl = ttl.min(AGAIN);
                    known.insert(target, before);
                }
                (Resolved::Failed(error), None) => {
                    ttl = ttl.min(AGAIN);
                    let reason = format!("the target cannot be resolved: {}", error.message());
                    missing.insert(target, Malformed::new(reason));
                }
            }
        }
        let mut answer = Answer::new([]);
        for record in &records {
            let item = called(record);
            match (usable(record), known.get(&record.target), missing.get(&record.target)) {
                (Err(malformed), ..) => answer.add(&item, Err(malformed)),
                (Ok(()), Some(addresses), _) => {
                    by_address(record, addresses).into_iter().for_each(|read| answer.add(&item, read));
                }
                (Ok(()), None, Some(malformed)) => answer.add(&item, Err(malformed.clone())),
                (Ok(()), None, None) => unreachable!("every usable target was resolved or is missing"),
            }
        }
        self.known = known;
        self.rest(seconds(ttl));
        answer
    }

    /// The addresses of a host that are wanted, in their order.
    async fn addresses(&self, host: &Name, by: Instant) -> Resolved {
        let (kinds, all) = self.config.family.kinds();
        let (mut addresses, mut found, mut absent) = (Vec::new(), u32::MAX, None);
        for kind in kinds {
            let asked = timeout_at(by, self.resolve.ask(host, *kind)).await.unwrap_or_else(|_| Err(self.silent()));
            match asked {
                Ok(Reply::Found { records, ttl }) => {
                    found = found.min(ttl);
                    addresses.extend(records.iter().filter_map(RData::ip_addr));
                }
                Ok(Reply::Nobody { ttl }) => absent = ttl.min(absent).or(ttl),
                Err(error) => return Resolved::Failed(error),
            }
            if !all && !addresses.is_empty() {
                break;
            }
        }
        if addresses.is_empty() { Resolved::Nobody(absent) } else { Resolved::To(addresses, found) }
    }

    fn silent(&self) -> Error {
        Error::unavailable(format!("the name servers did not answer within {:?}", self.config.timeout))
    }
}

impl<R: Resolve> Source for Follow<R> {
    async fn next(&mut self) -> Result<Answer, Error> {
        if let Some(due) = self.due.take() {
            sleep_until(due).await;
        }
        match self.config.port {
            Some(port) => self.hosts(port).await,
            None => self.services().await,
        }
    }
}

fn seconds(ttl: u32) -> Duration {
    Duration::from_secs(ttl.into())
}

fn srv(data: RData) -> Option<SRV> {
    match data {
        RData::SRV(srv) => Some(srv),
        _ => None,
    }
}
