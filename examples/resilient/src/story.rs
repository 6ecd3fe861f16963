//! The load: fifty calls a second to each client, for as long as the script has something to tell, and what is noted of it.

use std::time::Duration;

use kit::circuit::breaker::State;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use crate::client::{Client, Got};
use crate::upstream::{Fault, SCRIPT};

/// Calls a second. They come whether or not those before them have ended, as users do.
pub const RATE: u64 = 50;

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When it was made, from the beginning.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub got: Got,
}

/// What a second left behind.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    /// Which one, from 0.
    pub number: u64,
    /// Attempts sent to the service.
    pub sent: u64,
    /// The most attempts that were out at once.
    pub at_once: u64,
    /// How the breaker stood at its end.
    pub breaker: State,
    /// What the budget had left.
    pub budget: u64,
}

/// All that happened to one client.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The calls, in the order of their ends.
    pub calls: Vec<Call>,
    /// The seconds.
    pub seconds: Vec<Second>,
    /// By how much the latest call was late: far more than a few milliseconds, and the machine had no time for this.
    pub late: Duration,
}

impl Record {
    /// The calls that were made while this was wrong.
    pub fn calls_in(&self, fault: Fault) -> Vec<Call> {
        self.calls.iter().filter(|call| Fault::at(call.at) == fault).copied().collect()
    }

    /// The seconds in which this was wrong.
    pub fn seconds_in(&self, fault: Fault) -> impl Iterator<Item = &Second> {
        self.seconds.iter().filter(move |second| Fault::at(Duration::from_secs(second.number)) == fault)
    }
}

/// The time within which so many in a hundred of the calls ended; nothing for no calls.
pub fn percentile(calls: &[Call], percent: usize) -> Duration {
    let mut times: Vec<_> = calls.iter().map(|call| call.took).collect();
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// So many in a hundred of the calls came to this; 0 for no calls.
pub fn share(calls: &[Call], got: Got) -> f64 {
    let count = calls.iter().filter(|call| call.got == got).count();
    if calls.is_empty() { 0.0 } else { 100.0 * count as f64 / calls.len() as f64 }
}

/// Calls `clients` from `began` to the end of the script, shows each second as it ends (the calls that ended in it), and answers
/// when the last call has.
pub async fn tell<const N: usize>(
    began: Instant,
    clients: [Client; N],
    mut show: impl FnMut([(Second, &[Call]); N]),
) -> [Record; N] {
    let mut records = [(); N].map(|()| Record::default());
    let (mut running, mut shown, mut sent) = (JoinSet::new(), [0; N], [0; N]);
    let mut ticks = interval_at(began, Duration::from_secs(1) / RATE as u32);
    for number in 0..SCRIPT.iter().map(|(_, seconds)| seconds).sum() {
        for tick in 0..RATE {
            let late = ticks.tick().await.elapsed();
            records.iter_mut().for_each(|record| record.late = record.late.max(late));
            for (client, index) in clients.iter().zip(0..) {
                running.spawn(one(client.clone(), index, began, tick));
            }
            while let Some(ended) = running.try_join_next() {
                note(&mut records, ended);
            }
        }
        for (record, (client, sent)) in records.iter_mut().zip(clients.iter().zip(&mut sent)) {
            let all = client.wire().sent();
            let at_once = client.wire().most_at_once();
            let (breaker, budget) = (client.breaker(), client.budget_left());
            record.seconds.push(Second { number, sent: all - *sent, at_once, breaker, budget });
            *sent = all;
        }
        show(std::array::from_fn(|n| {
            let Record { calls, seconds, .. } = &records[n];
            let ended = &calls[std::mem::replace(&mut shown[n], calls.len())..];
            (*seconds.last().expect("one for each second"), ended)
        }));
    }
    while let Some(ended) = running.join_next().await {
        note(&mut records, ended);
    }
    records
}

/// One call of the client at this place.
async fn one(client: Client, index: usize, began: Instant, article: u64) -> (usize, Call) {
    let at = Instant::now();
    let got = client.ask(article).await;
    (index, Call { at: at - began, took: at.elapsed(), got })
}

fn note(records: &mut [Record], ended: Result<(usize, Call), tokio::task::JoinError>) {
    let (index, call) = ended.expect("no call panics, and none is aborted");
    records[index].calls.push(call);
}
