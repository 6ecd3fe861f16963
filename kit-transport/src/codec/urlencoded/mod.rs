//! What queries, paths and forms are made of: texts with names, their escapes undone, read by serde.

mod de;
mod text;

pub(crate) use de::{Fault, Field, Fields};
pub(crate) use text::{COMPLAINT, NAME, Plus, unescaped};

use serde::de::DeserializeOwned;

/// A value of the pairs of a query or a form. `None` if an escape is broken, or if what they spell is not UTF-8.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Option<Result<T, Fault>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some(Field { name: unescaped(name, Plus::Space)?, text: unescaped(value, Plus::Space)? })
    });
    let mut fields = pairs.collect::<Option<Vec<_>>>()?;
    // Stable: the values of one name keep their order.
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    Some(T::deserialize(Fields::of_query(&fields)))
}
