use crate::error::{LabelError, RegisterError};
use crate::registry::Registry;

/// Registers what kit-core counts itself: `kit_bugs_total`, the raw errors and panics that this process has turned into bugs
/// since it started ([`kit_core::error::bugs`]). Any number of registries may show it; the same one again changes nothing.
///
/// # Errors
/// The name is registered with another shape.
pub fn register_core(registry: &Registry) -> Result<(), RegisterError> {
    let read = || kit_core::error::bugs() as f64;
    match registry.counter_fn("kit_bugs_total", "Raw errors and panics turned into bugs", read) {
        Err(RegisterError::Series(LabelError::Taken { .. })) => Ok(()),
        registered => registered,
    }
}
