//! The client: a stack of layers round one call, and a switch for each.
//!
//! A program of one's own has no switches: it adds the layers to [`ordered`](kit::order::ordered), which does not compile if they
//! stand in a wrong order.

use std::time::Duration;

use kit::circuit::ConfigError;
use kit::circuit::breaker::{self, BreakerLayer, OpenTime};
use kit::circuit::budget::{self, Budget};
use kit::circuit::bulkhead::{self, BulkheadLayer};
use kit::circuit::fallback::{Failure, FallbackLayer, FellBack};
use kit::circuit::hedge::{self, Delay, HedgeLayer};
use kit::circuit::retry::{self, RetryLayer};
use kit::circuit::timeout::TimeoutLayer;
use kit::sources::SeededRandom;
use kit::{BoxEndpoint, ChildLayer, Context, Endpoint, request_fn};

use crate::upstream::{PRICE, Price};
use crate::wire::Wire;

/// A part of the stack. Outermost first, but for the budget, which retry and hedge spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The list price where there is no other.
    Fallback,
    /// Up to three attempts.
    Retry,
    /// How many attempts there may be besides the first of each call.
    Budget,
    /// A second attempt where the first is late.
    Hedge,
    /// How long an attempt may take.
    Timeout,
    /// No attempts while all of them fail.
    Breaker,
    /// So many attempts at once.
    Bulkhead,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 7] =
        [Part::Fallback, Part::Retry, Part::Budget, Part::Hedge, Part::Timeout, Part::Breaker, Part::Bulkhead];

    /// The name after `--without`.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Fallback => "fallback",
            Part::Retry => "retry",
            Part::Budget => "budget",
            Part::Hedge => "hedge",
            Part::Timeout => "timeout",
            Part::Breaker => "breaker",
            Part::Bulkhead => "bulkhead",
        }
    }
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// A price from the service.
    New,
    /// The list price.
    Old,
    /// An error.
    Nothing,
}

/// The most attempts that may be out at once.
pub const AT_ONCE: usize = 10;

/// Asks for prices. Clones are one client.
#[derive(Clone, Debug)]
pub struct Client {
    price: BoxEndpoint<u64, Price>,
    wire: Wire,
    breaker: breaker::Handle,
    budget: Budget,
}

impl Client {
    /// A client of `service` with these parts.
    ///
    /// # Errors
    /// If a setting is out of its range.
    pub fn new(service: impl Endpoint<u64, Response = Price> + 'static, parts: &[Part]) -> Result<Self, ConfigError> {
        let has = |part| parts.contains(&part);
        let wire = Wire::default();
        let mut price = service.layer(wire.clone()).boxed();

        if has(Part::Bulkhead) {
            let config = bulkhead::Config { max: AT_ONCE, queue: AT_ONCE, max_wait: Some(Duration::from_millis(100)) };
            price = price.layer(BulkheadLayer::new(config)?).boxed();
        }

        // It looks again every half second: a service that comes back is found soon.
        let open = OpenTime::fixed(Duration::from_millis(500));
        let breaker = BreakerLayer::new(breaker::Config { open, ..breaker::Config::default() })?;
        let handle = breaker.handle();
        if has(Part::Breaker) {
            price = price.layer(breaker).boxed();
        }

        if has(Part::Timeout) {
            price = price.layer(TimeoutLayer::new(Duration::from_millis(500))?).boxed();
        }

        // Over two seconds, so that a phase of four shows what it does. What nobody limits is a hundred attempts a call.
        let budget = match has(Part::Budget) {
            true => budget::Config { ratio: 0.2, per_second: 6, window: Duration::from_secs(2) },
            false => budget::Config { ratio: 100.0, ..budget::Config::default() },
        };
        let budget = Budget::new(budget)?;
        if has(Part::Hedge) {
            let delay = Delay::Fixed(Duration::from_millis(100));
            let hedge = HedgeLayer::new(hedge::Config { delay, ratio: 0.2, ..hedge::Config::default() })?;
            price = price.layer(hedge.budget(&budget)).boxed();
        }
        if has(Part::Retry) {
            let retry = RetryLayer::new(retry::Config::default())?.random(SeededRandom::new(1)).budget(&budget);
            price = price.layer(retry).boxed();
        }

        // Retry and hedge ask the method whether it may run twice.
        price = price.layer(ChildLayer::new(&PRICE)).boxed();

        if has(Part::Fallback) {
            let list = request_fn(async |_: Failure<u64>| Ok(Price { cents: 500 }));
            price = price.layer(FallbackLayer::new(Default::default(), list)?).boxed();
        }
        Ok(Self { price, wire, breaker: handle, budget })
    }

    /// Asks for a price.
    pub async fn ask(&self, article: u64) -> Got {
        let mut cx = Context::new();
        match self.price.call(&mut cx, article).await {
            Ok(_) if cx.extensions().get::<FellBack>().is_some() => Got::Old,
            Ok(_) => Got::New,
            Err(_) => Got::Nothing,
        }
    }

    /// What it sends.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// How its breaker stands; closed if it has none.
    pub fn breaker(&self) -> breaker::State {
        self.breaker.state()
    }

    /// What may still be sent besides the calls.
    pub fn budget_left(&self) -> u64 {
        self.budget.stats(tokio::time::Instant::now()).left
    }
}
