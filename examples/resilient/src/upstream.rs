//! The service that is called, and what is wrong with it when.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit::{Context, Error, Method};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

/// `price`, on every wire.
pub static PRICE: Method = Method::new("prices", "price").path("/price").idempotent();

/// What `price` answers, in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The price.
    pub cents: u64,
}

/// How long an answer takes.
const WORK: Duration = Duration::from_millis(10);

/// How long one takes that hangs: longer than anybody waits.
const HANGS: Duration = Duration::from_secs(3);

/// What is wrong with the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Well,
    /// One answer in ten hangs.
    Uneven,
    /// One answer in six is an error.
    Failing,
    /// It is up and down by turns, too fast for anybody to follow: two answers in five are errors.
    Flapping,
    /// Every answer hangs.
    Slow,
    /// Every answer is an error.
    Dead,
    /// Nothing any more.
    Back,
}

/// What is wrong, and for how many seconds.
pub const SCRIPT: [(Fault, u64); 7] = [
    (Fault::Well, 3),
    (Fault::Uneven, 4),
    (Fault::Failing, 4),
    (Fault::Flapping, 4),
    (Fault::Slow, 4),
    (Fault::Dead, 4),
    (Fault::Back, 4),
];

impl Fault {
    /// What is wrong so long after the beginning.
    pub fn at(time: Duration) -> Self {
        let mut end = Duration::ZERO;
        let current = SCRIPT.iter().find(|(_, seconds)| {
            end += Duration::from_secs(*seconds);
            time < end
        });
        current.map_or(Fault::Back, |(fault, _)| *fault)
    }

    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Well => "well",
            Fault::Uneven => "uneven",
            Fault::Failing => "failing",
            Fault::Flapping => "flapping",
            Fault::Slow => "slow",
            Fault::Dead => "dead",
            Fault::Back => "back",
        }
    }

    /// Whether the call of this number hangs. By count and not by chance, so that every run is the same.
    fn hangs(self, number: u64) -> bool {
        match self {
            Fault::Slow => true,
            Fault::Uneven => number.is_multiple_of(10),
            _ => false,
        }
    }

    fn fails(self, number: u64) -> bool {
        match self {
            Fault::Dead => true,
            Fault::Failing => number.is_multiple_of(6),
            Fault::Flapping => number % 5 < 2,
            _ => false,
        }
    }
}

/// The price service.
#[derive(Debug)]
pub struct Upstream {
    began: Instant,
    calls: AtomicU64,
}

impl Upstream {
    /// A service whose script begins at `began`; until then it is well.
    pub fn new(began: Instant) -> Self {
        Self { began, calls: AtomicU64::new(0) }
    }

    /// The price of `article`.
    ///
    /// # Errors
    /// `Unavailable`, as the script has it.
    pub async fn price(&self, _cx: &mut Context, article: u64) -> Result<Price, Error> {
        let (fault, number) = (Fault::at(self.began.elapsed()), self.calls.fetch_add(1, Ordering::Relaxed));
        sleep(if fault.hangs(number) { HANGS } else { WORK }).await;
        match fault.fails(number) {
            true => Err(Error::unavailable("the prices cannot be read")),
            false => Ok(Price { cents: 100 + article % 900 }),
        }
    }
}
