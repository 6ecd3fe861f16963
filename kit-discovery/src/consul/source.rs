use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_core::Error;
use tokio::time::{Instant, sleep_until};

use super::client::Consul;
use super::entry;
use super::index::Index;
use super::line::{Line, Said};
use super::pace::Pace;
use super::query::{Mode, Query};
use crate::answer::Answer;
use crate::malformed::Shown;
use crate::source::Source;

/// Follows a service by blocking queries of its health, on one connection of its own.
///
/// At most two queries are sent at once, then one a second, and one in 15 s when the answer has churned for a minute. A
/// failure of any kind - no answer in time, one that is no success, no list, cut short or too large - keeps the set;
/// the next query waits for nothing, so that a server that returns is known at once.
pub struct ConsulSource {
    line: Line,
    service: Arc<str>,
    query: Query,
    answer: Duration,
    index: Index,
    pace: Pace,
}

impl ConsulSource {
    pub(super) fn new(consul: &Consul, service: &str, query: Query) -> Result<Self, Error> {
        Ok(Self {
            line: Line::new(consul),
            service: service.into(),
            query: query.check()?,
            answer: consul.config().answer,
            index: Index::default(),
            pace: Pace::default(),
        })
    }

    async fn ask(&mut self, index: Index) -> Result<(Said, Answer), Error> {
        let limit = self.query.limit(index, self.answer);
        let said = self.line.get(self.query.target(&self.service, index), limit).await?;
        fresh(&self.query, &said)?;
        let answer = entry::read(&said.body, self.query.passing)?;
        Ok((said, answer))
    }
}

impl Source for ConsulSource {
    async fn next(&mut self) -> Result<Answer, Error> {
        if let Some(turn) = self.pace.next() {
            sleep_until(turn).await;
        }
        self.pace.sent(Instant::now());
        // However this ends but well, the next query waits for nothing.
        let asked = std::mem::take(&mut self.index);
        match self.ask(asked).await {
            Ok((said, answer)) => {
                self.pace.answered(Instant::now(), self.query.wait);
                self.index = asked.next(said.number("x-consul-index"));
                Ok(answer)
            }
            Err(error) => {
                self.pace.failed();
                Err(error.with_field("service", Shown(&self.service)))
            }
        }
    }
}

/// Refuses an answer that is older than may be.
fn fresh(query: &Query, said: &Said) -> Result<(), Error> {
    let age = match query.mode {
        // Time since the server that answered last heard of the leader.
        Mode::Stale => said.number("x-consul-lastcontact").map(Duration::from_millis),
        // Time since the agent last could refresh its cache.
        Mode::Cached => said.number("age").map(Duration::from_secs),
        Mode::Leader | Mode::Consistent => None,
    };
    let (Some(max), Some(age)) = (query.max_age, age) else { return Ok(()) };
    if age <= max {
        return Ok(());
    }
    let error = Error::unavailable(format!("consul's answer is older than {max:?}, which is max_age"));
    Err(error.with_reason("consul_age").with_field("age", format_args!("{age:?}")))
}

impl fmt::Debug for ConsulSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsulSource")
            .field("service", &self.service)
            .field("query", &self.query)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
