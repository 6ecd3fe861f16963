//! What the stacks of servers and clients have in common: named slots, in an order that is fixed.

mod slots;

use std::fmt;

use kit_core::{Code, Error, Layer};
use kit_metrics::RegisterError;

pub(crate) use slots::slots;

/// A slot that holds no layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl<E> Layer<E> for Empty {
    type Service = E;

    fn layer(&self, inner: E) -> E {
        inner
    }
}

/// A slot of a stack's `Slots`: implemented by the names of the slots.
pub trait Slot<Slots> {
    /// The slot's place, from the outside.
    const INDEX: usize;

    /// The layer in it.
    type Layer;

    /// The layer in it.
    fn get(self, slots: &Slots) -> &Self::Layer;
}

/// A slot of a stack's `Slots`, that the layer `L` can be put in. Implemented by the names of the slots.
pub trait Replace<Slots, L>: Slot<Slots> {
    /// The slots with `L` in this one.
    type Slots;

    /// Puts `layer` in this slot.
    fn replace(self, slots: Slots, layer: L) -> Self::Slots;
}

/// One line per slot, outermost first.
pub(crate) fn display(
    slots: impl Iterator<Item = (&'static str, Option<&'static str>)> + Clone,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let width = slots.clone().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    for (name, layer) in slots {
        writeln!(f, "{name:<width$} {}", layer.map_or("-", short))?;
    }
    Ok(())
}

/// The name of a type without the path before it.
pub(crate) fn short(name: &'static str) -> &'static str {
    let end = name.find('<').unwrap_or(name.len());
    name[..end].rfind("::").map_or(name, |at| &name[at + 2..])
}

/// A stack's metrics cannot be registered.
pub(crate) fn unregistered(side: &str, cause: RegisterError) -> Error {
    let message = format!("the metrics of the {side} stack cannot be registered: {cause}");
    Error::boundary(Code::FailedPrecondition, cause).with_message(message)
}
