use std::sync::Arc;
use std::time::Duration;

use kit_circuit::breaker::BreakerLayer;
use kit_circuit::breaker::registry::{ByInstance, KeyedLayer};
use kit_circuit::retry::RetryLayer;
use kit_circuit::timeout::{DeadlineLayer, TimeoutLayer};
use kit_core::error::Error as KitError;
use kit_core::{ChildLayer, Method};
use kit_discovery::balance::PeakEwma;
use kit_discovery::endpointer::BalanceLayer;
use kit_log::Logger;
use kit_log::request::RequestLogLayer;
use kit_metrics::Registry;
use kit_metrics::red::RedLayer;

use super::picks::Picks;
use crate::stack::{Empty, Replace, Slot, slots, unregistered};

/// A third of the longest call that a deadline layer allows by default: three attempts fit.
const ATTEMPT: Duration = Duration::from_secs(10);

slots! {
    /// The layers round an endpoint that calls another service, in named slots whose order is fixed, outermost first:
    ///
    /// child · trace · metrics · log · deadline · fallback · cache · single flight · retry · hedge · balance · attempt timeout · limit ·
    /// shed · breaker · bulkhead
    ///
    /// That is the order that [`kit_core::order`] refuses nothing of. It is a layer itself: of one method, since what it counts,
    /// logs and repeats is a method's; [`of`](Self::of) makes it another method's of the same callee. Its layers are static: it adds
    /// no allocation to a call that succeeds at once, besides those that its parts state.
    ///
    /// ```
    /// use kit::client::{Stack, slot};
    /// use kit::circuit::bulkhead::BulkheadLayer;
    /// use kit::{Context, Endpoint as _, Method, request_fn};
    ///
    /// static GET: Method = Method::new("profiles", "get").idempotent();
    /// static PUT: Method = Method::new("profiles", "put");
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit::Error> {
    /// # let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
    /// // What a client's endpoint would be: it sends the request, and answers.
    /// let get = request_fn(async |id: u32| Ok(format!("profile {id}")));
    /// let put = request_fn(async |_: (u32, String)| Ok(()));
    ///
    /// let profiles = Stack::new(&GET, &log, &metrics)?.replace(slot::Bulkhead, BulkheadLayer::default());
    /// // One breaker, one budget, one bulkhead for the two.
    /// let put = put.layer(profiles.clone().of(&PUT));
    /// let get = get.layer(profiles);
    ///
    /// assert_eq!(get.call(&mut Context::new(), 7).await?, "profile 7");
    /// put.call(&mut Context::new(), (7, "new".into())).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # The default
    /// Each call has a context of its own, is counted, logged once, and ended at its deadline, or after 30 s. What fails and may be
    /// repeated is repeated, twice at most and within the budget, each attempt for 10 s at most. After five failures in a row, or
    /// half of twenty and more in 10 s, calls are refused for a while ([`breaker::Config`](kit_circuit::breaker::Config)).
    ///
    /// Requests are cloned for repeats: one that cannot be, or is dear to clone, is sent without
    /// ([`remove(slot::Retry)`](Self::remove)), or in an `Arc`.
    ///
    /// An endpoint that chooses among instances has a breaker for each of them, inside, as a [`Client`](super::Client) gives it; this
    /// one would refuse all for the failures of one ([`remove(slot::Breaker)`](Self::remove)).
    ///
    /// # Source
    /// The order of a client's stack in DESIGN.md.
    struct Stack;

    /// The layers of a [`Stack`], outermost first. Nobody names its parameters: `replace` and `remove` change them.
    struct Slots;

    /// The names of a client stack's slots, outermost first.
    ///
    /// Each is a value that [`Stack::replace`](super::Stack::replace), [`Stack::remove`](super::Stack::remove) and
    /// [`Stack::get`](super::Stack::get) take.
    mod slot;

    /// Gives the call a context of its own, which names the method.
    Child child,
    /// Spans.
    Trace trace,
    /// Counts, times, and shows what is in flight.
    Metrics metrics,
    /// One line per call, however many attempts it took.
    Log log,
    /// Ends the call when its time is up.
    Deadline deadline,
    /// Answers what failed in spite of everything inside.
    Fallback fallback,
    /// Answers from memory.
    Cache cache,
    /// Answers equal calls by one.
    SingleFlight single_flight,
    /// Calls again what failed.
    Retry retry,
    /// Calls again what is slow.
    Hedge hedge,
    /// Chooses an instance.
    Balance balance,
    /// Ends one attempt when it has taken too long.
    AttemptTimeout attempt_timeout,
    /// Refuses or delays attempts by rate. Outside the breaker: a refusal here is nobody's failure.
    Limit limit,
    /// Refuses attempts by the state of a resource.
    Shed shed,
    /// Refuses attempts while the callee fails.
    Breaker breaker,
    /// Bounds how many attempts run at once.
    Bulkhead bulkhead,
}

/// What [`Stack::new`] fills in.
pub type DefaultSlots = Slots<
    ChildLayer,
    Empty,
    RedLayer,
    RequestLogLayer,
    DeadlineLayer,
    Empty,
    Empty,
    Empty,
    RetryLayer,
    Empty,
    Empty,
    TimeoutLayer,
    Empty,
    Empty,
    BreakerLayer,
    Empty,
>;

/// What a [`Client`](super::Client) begins with: the default stack over a balancer, its breaker one for each instance. The slot of
/// the child is for [`Client::endpoint`](super::Client::endpoint) to fill.
pub type BalancedSlots<C, B = PeakEwma> = Slots<
    Empty,
    Empty,
    RedLayer,
    RequestLogLayer,
    DeadlineLayer,
    Empty,
    Empty,
    Empty,
    RetryLayer,
    Empty,
    BalanceLayer<C, Picks<B>>,
    TimeoutLayer,
    Empty,
    Empty,
    KeyedLayer<Arc<str>, ByInstance>,
    Empty,
>;

impl Stack {
    /// The default stack for calls of `method`, counted in `metrics` and logged to `log`, with a breaker and a budget for retries
    /// that are its own. Its clones share them, and so do those for other methods ([`of`](Self::of)).
    ///
    /// # Errors
    /// `FailedPrecondition` if `metrics` has a metric of these names with other labels.
    pub fn new(method: &'static Method, log: &Logger, metrics: &Registry) -> Result<Self, KitError> {
        let red = RedLayer::client(metrics).map_err(|cause| unregistered("client", cause))?;
        Ok(Stack::empty()
            .replace(slot::Child, ChildLayer::new(method))
            .replace(slot::Metrics, red)
            .replace(slot::Log, RequestLogLayer::client(log))
            .replace(slot::Deadline, DeadlineLayer::default())
            .replace(slot::Retry, RetryLayer::default())
            .replace(slot::AttemptTimeout, TimeoutLayer::new(ATTEMPT)?)
            .replace(slot::Breaker, BreakerLayer::default()))
    }
}

impl<S> Stack<S> {
    /// The same stack for another method of the same callee: everything but the child's context is shared with the clones it was
    /// made from. What was said of [`ChildLayer::returning`] is to be said anew.
    #[must_use]
    pub fn of<N>(self, method: &'static Method) -> Stack<N>
    where
        slot::Child: Replace<S, ChildLayer, Slots = N>,
    {
        self.replace(slot::Child, ChildLayer::new(method))
    }
}
