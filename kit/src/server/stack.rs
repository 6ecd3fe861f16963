use kit_circuit::timeout::DeadlineLayer;
use kit_core::error::Error as KitError;
use kit_core::recover::RecoverLayer;
use kit_core::request_id::RequestIdLayer;
use kit_log::Logger;
use kit_log::request::{RequestLogLayer, reported};
use kit_metrics::Registry;
use kit_metrics::red::RedLayer;

use crate::stack::{Empty, Replace, Slot, slots, unregistered};

slots! {
    /// The layers round every endpoint of a server, in named slots whose order is fixed, outermost first:
    ///
    /// net · request id · trace · metrics · log · deadline · classify · shed · limit · auth · cache · recover
    ///
    /// It is a layer itself, for a router (`Router::with(stack)`), for one endpoint, or in any tower stack. Its layers are static: it
    /// adds no allocation to a call.
    ///
    /// ```
    /// use kit::server::{Stack, slot};
    ///
    /// let stack = Stack::new(&kit::log::Logger::discard(), &kit::metrics::Registry::new())?;
    /// let stack = stack.remove(slot::Log);
    /// assert!(stack.to_string().contains("log          -"));
    /// # Ok::<(), kit::Error>(())
    /// ```
    struct Stack;

    /// The layers of a [`Stack`], outermost first. Nobody names its parameters: `replace` and `remove` change them.
    struct Slots;

    /// The names of a server stack's slots, outermost first.
    ///
    /// Each is a value that [`Stack::replace`](super::Stack::replace) and [`Stack::remove`](super::Stack::remove) take.
    mod slot;

    /// Catches panics of the layers themselves, and logs them: nobody outside would.
    Net net,
    /// Gives the call its name.
    RequestId request_id,
    /// Spans.
    Trace trace,
    /// Counts, times, and shows what is in flight.
    Metrics metrics,
    /// One line per call.
    Log log,
    /// Ends the call when its time is up.
    Deadline deadline,
    /// Says what kind of call it is, for those who shed and limit.
    Classify classify,
    /// Refuses calls by the state of a resource.
    Shed shed,
    /// Refuses or delays calls by rate. Outside any breaker: a refusal here is nobody's failure.
    Limit limit,
    /// Knows the caller, and says whether it may.
    Auth auth,
    /// Answers from memory, or from a call that is under way.
    Cache cache,
    /// Catches panics of the handler, so that they have their line, their count and their answer.
    Recover recover,
}

/// What [`Stack::new`] fills in.
pub type DefaultSlots = Slots<
    RecoverLayer,
    RequestIdLayer,
    Empty,
    RedLayer,
    RequestLogLayer,
    DeadlineLayer,
    Empty,
    Empty,
    Empty,
    Empty,
    Empty,
    RecoverLayer,
>;

impl Stack {
    /// The default stack: panics caught, calls named, counted in `metrics`, logged to `log`, and ended at their deadline.
    ///
    /// # Errors
    /// `FailedPrecondition` if `metrics` has a metric of these names with other labels.
    pub fn new(log: &Logger, metrics: &Registry) -> Result<Self, KitError> {
        let red = RedLayer::server(metrics).map_err(|cause| unregistered("server", cause))?;
        let net = log.clone();
        Ok(Stack::empty()
            .replace(
                slot::Net,
                RecoverLayer::observed(move |error: &KitError| kit_log::error!(net, "panic"; reported(error))),
            )
            .replace(slot::RequestId, RequestIdLayer::default())
            .replace(slot::Metrics, red)
            .replace(slot::Log, RequestLogLayer::server(log))
            .replace(slot::Deadline, DeadlineLayer::default())
            .replace(slot::Recover, RecoverLayer::new()))
    }
}
