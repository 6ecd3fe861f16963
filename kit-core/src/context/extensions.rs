use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

/// Typed values that layers and handlers leave for one another: at most one of each type.
///
/// Copied on write: a fork shares them until one side adds to them.
#[derive(Clone, Default)]
pub struct Extensions {
    /// A list, not a map: a call carries a handful, and an empty one costs nothing.
    entries: Option<Arc<Vec<Entry>>>,
}

#[derive(Clone)]
struct Entry {
    id: TypeId,
    name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl Extensions {
    /// The value of this type.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        let entry = self.entries.as_ref()?.iter().find(|entry| entry.id == TypeId::of::<T>())?;
        entry.value.downcast_ref()
    }

    /// Sets the value of this type, in the place of an earlier one.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) {
        let entry = Entry { id: TypeId::of::<T>(), name: type_name::<T>(), value: Arc::new(value) };
        let entries = Arc::make_mut(self.entries.get_or_insert_default());
        match entries.iter_mut().find(|old| old.id == entry.id) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    }

    /// Takes the value of this type away. A fork that shares it keeps it.
    pub fn remove<T: Any + Send + Sync>(&mut self) {
        if self.get::<T>().is_some()
            && let Some(entries) = &mut self.entries
        {
            Arc::make_mut(entries).retain(|entry| entry.id != TypeId::of::<T>());
        }
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.iter().flat_map(|entries| entries.iter()).map(|entry| entry.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_one_value_of_each_type() {
        let mut extensions = Extensions::default();
        extensions.insert(1u8);
        extensions.insert("text");
        extensions.insert(2u8);
        assert_eq!(extensions.get::<u8>(), Some(&2));
        assert_eq!(extensions.get::<&str>(), Some(&"text"));
        assert_eq!(extensions.get::<u16>(), None);
        extensions.remove::<u8>();
        assert_eq!(extensions.get::<u8>(), None);
    }

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut one = Extensions::default();
        one.insert(1u8);
        let mut two = one.clone();
        two.insert(2u8);
        one.remove::<u8>();
        assert_eq!((one.get::<u8>(), two.get::<u8>()), (None, Some(&2)));
    }
}
