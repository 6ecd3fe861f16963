use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use super::config::{plain, within};
use super::index::Index;
use super::url::Target;

/// Which instances of a service are followed, and how Consul is asked.
///
/// ```
/// use std::time::Duration;
///
/// use kit_discovery::consul::{Mode, Query};
///
/// let query: Query = toml::from_str(r#"
///     tags = ["blue"]
///     near = "_agent"
///     mode = "cached"
///     max_age = "1m"
/// "#)?;
/// assert_eq!((query.mode, query.max_age), (Mode::Cached, Some(Duration::from_secs(60))));
/// assert!(query.passing);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// Only instances whose checks all pass, those of their node included. Default yes. Otherwise all are in the set,
    /// and one with a critical check is [`Unhealthy`](kit_core::health::Status::Unhealthy).
    pub passing: bool,
    /// Only instances that have all these tags. Default none.
    pub tags: Vec<String>,
    /// The datacenter. Default the agent's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The node that an answer is sorted by distance to, `_agent` for the agent's own. Default none. A set of kit has
    /// no order: it is for an agent or a proxy in between that cuts answers short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// An expression of Consul's filter language: `Service.Meta.version == "2"`. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Who may answer. Default [`Mode::Leader`].
    pub mode: Mode,
    /// How old an answer may be in the modes that may give an old one, in whole seconds with [`Mode::Cached`]; an older
    /// one is a failure, which keeps the set and says so. Default none: any age. Not with the other modes.
    #[serde(with = "duration::option")]
    pub max_age: Option<Duration>,
    /// How long Consul waits for a change before it answers that there was none, `[1s, 10m]`. Default 10 s: an agent
    /// that hangs is noticed that soon, for one small request each time. Consul adds up to a sixteenth of it by chance.
    #[serde(with = "duration")]
    pub wait: Duration,
}

/// Which server answers a query, and so how fresh an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// The leader, without asking the others whether it still is: Consul's own default.
    #[default]
    Leader,
    /// The leader, after asking the others: never an old answer, and a round trip more.
    Consistent,
    /// Any server, also without a leader: as old as that server is behind.
    Stale,
    /// The agent, from a cache that it keeps fresh in the background: many programs on one machine cost the servers one
    /// query.
    Cached,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            passing: true,
            tags: Vec::new(),
            datacenter: None,
            near: None,
            filter: None,
            mode: Mode::default(),
            max_age: None,
            wait: Duration::from_secs(10),
        }
    }
}

impl Query {
    pub(super) fn check(self) -> Result<Self, Error> {
        within("wait", self.wait, &(Duration::from_secs(1)..=Duration::from_secs(600)))?;
        for tag in &self.tags {
            plain("a tag", tag)?;
        }
        for (name, text) in [("datacenter", &self.datacenter), ("near", &self.near), ("filter", &self.filter)] {
            if let Some(text) = text {
                plain(name, text)?;
            }
        }
        if self.max_age.is_some() && !matches!(self.mode, Mode::Stale | Mode::Cached) {
            return Err(Error::invalid_argument("max_age is set, and it does nothing unless mode is stale or cached"));
        }
        Ok(self)
    }

    /// What is asked of Consul.
    pub(super) fn target(&self, service: &str, index: Index) -> Target {
        let mut target = Target::new("/v1/health/service").segment(service);
        target = target.with("passing", self.passing.then_some("1"));
        for tag in &self.tags {
            target = target.with("tag", Some(tag));
        }
        target = target.with("dc", self.datacenter.as_deref()).with("near", self.near.as_deref());
        target = target.with("filter", self.filter.as_deref());
        target = match self.mode {
            Mode::Leader => target,
            Mode::Consistent => target.with("consistent", Some("")),
            Mode::Stale => target.with("stale", Some("")),
            Mode::Cached => target.with("cached", Some("")),
        };
        if index == Index(0) {
            return target;
        }
        let wait = format!("{}ms", self.wait.as_millis());
        target.with("index", Some(&index.0.to_string())).with("wait", Some(&wait))
    }

    /// How long the answer to that may take: what Consul may wait, a sixteenth more by its chance, and `answer` for the
    /// answer.
    pub(super) fn limit(&self, index: Index, answer: Duration) -> Duration {
        if index == Index(0) { answer } else { self.wait + self.wait / 16 + answer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_written_as_consul_reads_it() {
        let query = Query {
            tags: vec!["a".into(), "b c".into()],
            datacenter: Some("dc2".into()),
            near: Some("_agent".into()),
            filter: Some("Service.Port == 80".into()),
            mode: Mode::Stale,
            ..Query::default()
        };
        assert_eq!(
            query.target("strings", Index(0)).into_string(),
            "/v1/health/service/strings?passing=1&tag=a&tag=b%20c&dc=dc2&near=_agent&filter=Service.Port%20%3D%3D%2080&stale"
        );
        let every = Query { passing: false, ..Query::default() };
        assert_eq!(every.target("strings", Index(7)).into_string(), "/v1/health/service/strings?index=7&wait=10000ms");
    }

    #[test]
    fn the_limit_is_above_the_wait_with_all_that_consul_adds() {
        let query = Query { wait: Duration::from_secs(160), ..Query::default() };
        assert_eq!(query.limit(Index(1), Duration::from_secs(3)), Duration::from_secs(173));
        assert_eq!(query.limit(Index(0), Duration::from_secs(3)), Duration::from_secs(3));
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let message = |query: Query| query.check().unwrap_err().message().to_owned();
        let wait = Duration::from_millis(500);
        assert_eq!(message(Query { wait, ..Query::default() }), "wait is 500ms, it must be within [1s, 10m]");
        let max_age = Some(wait);
        let text = "max_age is set, and it does nothing unless mode is stale or cached";
        assert_eq!(message(Query { max_age, ..Query::default() }), text);
        let near = Some(String::new());
        let text = "near is empty, longer than 1024 bytes or not plain: \"\"";
        assert_eq!(message(Query { near, ..Query::default() }), text);
    }
}
