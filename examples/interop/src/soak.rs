//! `rpc_soak` and `channel_soak`: large calls, one after the other, over one channel or each over its own, for as long as they are told.
//!
//! Each call is noted, and what was noted is judged when all is over: whether all were made in the time there was, and how many
//! failed or took too long.

use std::time::Duration;

use kit::{Context, Endpoint as _, Error};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::cases::{Failed, zeros};
use crate::client::TestClient;
use crate::messages::{Payload, SimpleRequest};

/// How much.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// How many calls, all workers together.
    pub iterations: u32,
    /// How many may fail or take too long.
    pub max_failures: u32,
    /// How long a call may take.
    pub max_latency: Duration,
    /// How far apart the starts of a worker's calls are at least.
    pub min_interval: Duration,
    /// How long all may take.
    pub overall: Duration,
    /// The request's payload, in bytes.
    pub request_size: usize,
    /// The answer's payload, in bytes; at most `i32::MAX`.
    pub response_size: usize,
    /// How many call at the same time, each its share. At least 1.
    pub workers: u32,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How long each call took that was answered as it has to be, the shortest first.
    pub latencies: Vec<Duration>,
    /// What each other said.
    pub failures: Vec<String>,
}

/// Calls by `connect`, which gives each call its client: the same again, or a new one.
///
/// # Errors
/// [`Failed`] if not all calls were made, or too many failed.
pub async fn run<F>(soak: Soak, connect: F) -> Result<Report, Failed>
where
    F: Fn() -> Result<TestClient, Error> + Clone + Send + 'static,
{
    let end = Instant::now() + soak.overall;
    let mut working = JoinSet::new();
    let workers = soak.workers.max(1);
    for worker in 0..workers {
        let share = soak.iterations / workers + u32::from(worker < soak.iterations % workers);
        working.spawn(work(soak, share, end, connect.clone()));
    }
    let mut report = Report::default();
    while let Some(done) = working.join_next().await {
        let one = done.map_err(Error::bug)?;
        report.latencies.extend(one.latencies);
        report.failures.extend(one.failures);
    }
    report.latencies.sort_unstable();
    judge(&soak, report)
}

/// One worker's share, as far as time goes.
async fn work<F>(soak: Soak, share: u32, end: Instant, connect: F) -> Report
where
    F: Fn() -> Result<TestClient, Error>,
{
    let mut report = Report::default();
    for _ in 0..share {
        let start = Instant::now();
        if start >= end {
            break;
        }
        match one(&soak, end, connect()).await {
            Ok(()) if start.elapsed() <= soak.max_latency => report.latencies.push(start.elapsed()),
            Ok(()) => report.failures.push(format!("a call took {:?}", start.elapsed())),
            Err(failed) => report.failures.push(failed.to_string()),
        }
        sleep_until((start + soak.min_interval).min(end)).await;
    }
    report
}

async fn one(soak: &Soak, end: Instant, client: Result<TestClient, Error>) -> Result<(), Failed> {
    let request = SimpleRequest {
        response_size: i32::try_from(soak.response_size).unwrap_or(i32::MAX),
        payload: Some(Payload::zeros(soak.request_size)),
        ..SimpleRequest::default()
    };
    let mut cx = Context::new().with_deadline(Some(end));
    let response = client?.unary_call.call(&mut cx, request).await?;
    zeros(response.payload, soak.response_size)
}

fn judge(soak: &Soak, report: Report) -> Result<Report, Failed> {
    let (done, failures) = (report.latencies.len() + report.failures.len(), report.failures.len());
    if done < soak.iterations as usize {
        let line = format!("only {done} of {} calls were made within {:?}", soak.iterations, soak.overall);
        return Err(Failed::Otherwise(line));
    }
    if failures > soak.max_failures as usize {
        let first = report.failures.first().map_or("", String::as_str);
        let line = format!("{failures} calls failed, where {} may; the first: {first}", soak.max_failures);
        return Err(Failed::Otherwise(line));
    }
    Ok(report)
}

impl Report {
    /// The latency that this share of the good calls did not exceed, `[0.0, 1.0]`; zero if none was good.
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOAK: Soak = Soak {
        iterations: 3,
        max_failures: 1,
        max_latency: Duration::from_secs(1),
        min_interval: Duration::ZERO,
        overall: Duration::from_secs(10),
        request_size: 1,
        response_size: 1,
        workers: 1,
    };

    fn report(good: usize, bad: usize) -> Report {
        let latencies = (1..=good).map(|n| Duration::from_millis(n as u64)).collect();
        Report { latencies, failures: vec!["bad".into(); bad] }
    }

    #[test]
    fn all_calls_have_to_be_made_and_only_so_many_may_fail() {
        judge(&SOAK, report(3, 0)).unwrap();
        judge(&SOAK, report(2, 1)).unwrap();
        let failed = judge(&SOAK, report(1, 2)).unwrap_err().to_string();
        assert_eq!(failed, "2 calls failed, where 1 may; the first: bad");
        let failed = judge(&SOAK, report(2, 0)).unwrap_err().to_string();
        assert_eq!(failed, "only 2 of 3 calls were made within 10s");
    }

    #[test]
    fn quantiles_are_those_of_the_good_calls() {
        let report = report(11, 3);
        assert_eq!([0.0, 0.5, 1.0].map(|share| report.quantile(share).as_millis()), [1, 6, 11]);
        assert_eq!(Report::default().quantile(0.5), Duration::ZERO);
    }
}
