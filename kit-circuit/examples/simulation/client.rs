//! The stacks that are compared: each has what the one before it has, and one layer more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit_circuit::ConfigError;
use kit_circuit::breaker::{self, BreakerLayer, Handle, OpenTime, Slow};
use kit_circuit::budget::{self, Budget};
use kit_circuit::hedge::{self, Delay, HedgeLayer};
use kit_circuit::retry::{self, RetryLayer};
use kit_circuit::timeout::TimeoutLayer;
use kit_core::sources::SeededRandom;
use kit_core::{BoxEndpoint, ChildLayer, Context, Endpoint, Error, Gate as _, Method, endpoint_with};
use tokio::time::Instant;

use crate::backend::Backend;

static READ: Method = Method::new("simulated", "read").idempotent();

/// How long a caller waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// What is late, for a hedge and for a breaker.
const LATE: Duration = Duration::from_millis(50);

/// What a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stack {
    Bare,
    /// Three attempts of 250 ms, as many as it likes.
    Retry,
    /// The default budget.
    Budget,
    /// One for each instance.
    Breaker,
    /// The breakers open on slow calls too: half of them 50 ms or longer.
    SlowCalls,
    /// A second attempt after 50 ms, for one call in five at most. What loses is neither slow nor late to its breaker.
    Hedge,
}

impl Stack {
    pub(crate) const ALL: [Stack; 6] =
        [Stack::Bare, Stack::Retry, Stack::Budget, Stack::Breaker, Stack::SlowCalls, Stack::Hedge];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Stack::Bare => "bare, round robin",
            Stack::Retry => "timeout, retry without a budget",
            Stack::Budget => "timeout, retry, budget",
            Stack::Breaker => "the same and a breaker for each instance",
            Stack::SlowCalls => "the same, and the breakers count slow calls",
            Stack::Hedge => "the same and a hedge",
        }
    }

    fn has(self, layer: Stack) -> bool {
        self >= layer
    }

    /// A client of these instances.
    pub(crate) fn client(self, backends: &[Arc<Backend>]) -> Result<BoxEndpoint<(), ()>, ConfigError> {
        let instances = backends.iter().zip(0..).map(|(backend, seed)| self.instance(Arc::clone(backend), seed));
        let balanced = Balanced { instances: instances.collect::<Result<_, _>>()?, next: AtomicUsize::new(0) };
        let mut client = endpoint_with(balanced, Balanced::call).boxed();

        let budget = match self.has(Stack::Budget) {
            true => budget::Config::default(),
            false => budget::Config { ratio: 100.0, per_second: 10_000, ..budget::Config::default() },
        };
        let budget = Budget::new(budget)?;
        if self.has(Stack::Hedge) {
            let delay = Delay::Fixed(LATE);
            let hedge = HedgeLayer::new(hedge::Config { delay, ratio: 0.2, ..hedge::Config::default() })?;
            client = client.layer(hedge.budget(&budget)).boxed();
        }
        if self.has(Stack::Retry) {
            let retry = RetryLayer::new(retry::Config::default())?.random(SeededRandom::new(1)).budget(&budget);
            client = client.layer(retry).boxed();
        }
        Ok(client.layer(ChildLayer::new(&READ)).boxed())
    }

    /// One instance, and what stands in front of each.
    fn instance(self, backend: Arc<Backend>, seed: u64) -> Result<Instance, ConfigError> {
        let mut call = endpoint_with(backend, async |backend, cx, ()| backend.answer(cx, ()).await).boxed();
        let open = OpenTime::exponential(Duration::from_secs(1));
        let slow = self.has(Stack::SlowCalls).then(|| Slow::over(LATE));
        let breaker = BreakerLayer::new(breaker::Config { open, slow, ..breaker::Config::default() })?;
        let handle = self.has(Stack::Breaker).then(|| breaker.handle());
        if handle.is_some() {
            call = call.layer(breaker.random(SeededRandom::new(seed))).boxed();
        }
        if self.has(Stack::Retry) {
            call = call.layer(TimeoutLayer::new(PATIENCE / 4)?).boxed();
        }
        Ok(Instance { call, breaker: handle })
    }
}

struct Instance {
    call: BoxEndpoint<(), ()>,
    breaker: Option<Handle>,
}

impl Instance {
    fn admits(&self, now: Instant) -> bool {
        self.breaker.as_ref().is_none_or(|breaker| breaker.admits(now))
    }
}

/// The next instance whose breaker lets calls through; the next one if none does.
struct Balanced {
    instances: Vec<Instance>,
    next: AtomicUsize,
}

impl Balanced {
    async fn call(&self, cx: &mut Context, _: ()) -> Result<(), Error> {
        let (first, count) = (self.next.fetch_add(1, Ordering::Relaxed), self.instances.len());
        let mut turn = (0..count).map(|n| &self.instances[(first + n) % count]);
        let chosen = turn.find(|instance| instance.admits(cx.now())).unwrap_or(&self.instances[first % count]);
        chosen.call.call(cx, ()).await
    }
}
