use std::any::type_name;
use std::fmt;

use kit_circuit::timeout::DeadlineLayer;
use kit_core::error::Error as KitError;
use kit_core::recover::RecoverLayer;
use kit_core::request_id::RequestIdLayer;
use kit_core::{Code, Layer};
use kit_log::Logger;
use kit_log::request::{RequestLogLayer, reported};
use kit_metrics::Registry;
use kit_metrics::red::RedLayer;

use super::slot;
use super::slots::{DefaultSlots, Empty, Slots};

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
#[derive(Clone)]
pub struct Stack<S = DefaultSlots> {
    slots: S,
    /// The type of the layer in each slot; `None` where there is none.
    filled: [Option<&'static str>; slot::COUNT],
}

/// A slot of the stack `S`, that the layer `L` can be put in. Implemented by the [names of the slots](super::slot).
pub trait Replace<S, L> {
    /// The slot's place, from the outside.
    const INDEX: usize;

    /// The stack with `L` in this slot.
    type Slots;

    /// Puts `layer` in this slot.
    fn replace(self, slots: S, layer: L) -> Self::Slots;
}

impl Stack {
    /// The default stack: panics caught, calls named, counted in `metrics`, logged to `log`, and ended at their deadline.
    ///
    /// # Errors
    /// `FailedPrecondition` if `metrics` has a metric of these names with other labels.
    pub fn new(log: &Logger, metrics: &Registry) -> Result<Self, KitError> {
        let red = RedLayer::server(metrics).map_err(|cause| {
            let message = format!("the metrics of the server stack cannot be registered: {cause}");
            KitError::boundary(Code::FailedPrecondition, cause).with_message(message)
        })?;
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

    /// The slots, all empty.
    #[allow(clippy::type_complexity, reason = "twelve slots are twelve parameters, here and nowhere else")]
    pub fn empty() -> Stack<Slots<Empty, Empty, Empty, Empty, Empty, Empty, Empty, Empty, Empty, Empty, Empty, Empty>> {
        let slots = Slots {
            net: Empty,
            request_id: Empty,
            trace: Empty,
            metrics: Empty,
            log: Empty,
            deadline: Empty,
            classify: Empty,
            shed: Empty,
            limit: Empty,
            auth: Empty,
            cache: Empty,
            recover: Empty,
        };
        Stack { slots, filled: [None; slot::COUNT] }
    }
}

impl<S> Stack<S> {
    /// The same stack with `layer` in a slot, in the place of what was there.
    pub fn replace<L, N: Replace<S, L>>(mut self, slot: N, layer: L) -> Stack<N::Slots> {
        self.filled[N::INDEX] = Some(type_name::<L>());
        Stack { slots: slot.replace(self.slots, layer), filled: self.filled }
    }

    /// The same stack with a slot left empty.
    pub fn remove<N: Replace<S, Empty>>(mut self, slot: N) -> Stack<N::Slots> {
        self.filled[N::INDEX] = None;
        Stack { slots: slot.replace(self.slots, Empty), filled: self.filled }
    }

    /// The slots, outermost first, each with the type of the layer in it.
    pub fn slots(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        slot::NAMES.into_iter().zip(self.filled)
    }
}

impl<S, E> Layer<E> for Stack<S>
where
    S: Layer<E>,
{
    type Service = S::Service;

    fn layer(&self, inner: E) -> S::Service {
        self.slots.layer(inner)
    }
}

/// One line per slot, outermost first.
impl<S> fmt::Display for Stack<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, layer) in self.slots() {
            writeln!(f, "{name:<12} {}", layer.map_or("-", short))?;
        }
        Ok(())
    }
}

impl<S> fmt::Debug for Stack<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.slots()).finish()
    }
}

/// The name of a type without the path before it.
fn short(name: &'static str) -> &'static str {
    let end = name.find('<').unwrap_or(name.len());
    name[..end].rfind("::").map_or(name, |at| &name[at + 2..])
}
