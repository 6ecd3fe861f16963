use std::fmt;
use std::marker::PhantomData;

use tower_layer::Layer;

use super::{AllInside, Placed};

/// A stack over `endpoint` whose order is checked: layers are added from the inside out.
pub fn ordered<E>(endpoint: E) -> Ordered<E, ()> {
    Ordered { endpoint, places: PhantomData }
}

/// An endpoint, and the places of the layers round it. Made by [`ordered`].
#[must_use = "`endpoint` takes what was built"]
pub struct Ordered<E, Places> {
    endpoint: E,
    places: PhantomData<fn() -> Places>,
}

impl<E, Places> Ordered<E, Places> {
    /// The same with `layer` round it. It does not compile where one of the layers inside may not stand there.
    pub fn layer<L>(self, layer: L) -> Ordered<L::Service, (L::Place, Places)>
    where
        L: Layer<E> + Placed,
        Places: AllInside<L::Place>,
    {
        ordered(layer.layer(self.endpoint)).with_places()
    }

    /// The same with a layer round it of which no place is known: it is not checked.
    pub fn foreign<L: Layer<E>>(self, layer: L) -> Ordered<L::Service, Places> {
        ordered(layer.layer(self.endpoint)).with_places()
    }

    /// The whole stack.
    pub fn endpoint(self) -> E {
        self.endpoint
    }
}

impl<E> Ordered<E, ()> {
    fn with_places<Places>(self) -> Ordered<E, Places> {
        Ordered { endpoint: self.endpoint, places: PhantomData }
    }
}

impl<E: fmt::Debug, Places> fmt::Debug for Ordered<E, Places> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ordered").field(&self.endpoint).finish()
    }
}
