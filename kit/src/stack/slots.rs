/// The slots of a stack, outermost first: the struct `Slots` that holds their layers, the module `slot` of their names, and `Stack`
/// round them. Written out, it would be a list of all slots for each slot.
macro_rules! slots {
    (
        $(#[$stack_doc:meta])* struct Stack;
        $(#[$slots_doc:meta])* struct Slots;
        $(#[$mod_doc:meta])* mod slot;
        $($(#[$doc:meta])* $Slot:ident $field:ident,)*
    ) => {
        $(#[$stack_doc])*
        #[derive(Clone)]
        pub struct Stack<S = DefaultSlots> {
            slots: S,
            /// The type of the layer in each slot; `None` where there is none.
            filled: [Option<&'static str>; slot::NAMES.len()],
        }

        $(#[$slots_doc])*
        #[derive(Clone, Debug)]
        pub struct Slots<$($Slot),*> {
            $($field: $Slot,)*
        }

        $(#[$mod_doc])*
        pub mod slot {
            /// The names, outermost first.
            pub(super) const NAMES: [&str; [$(stringify!($field)),*].len()] = [$(stringify!($field)),*];

            $(
                $(#[$doc])*
                #[derive(Clone, Copy, Debug)]
                pub struct $Slot;
            )*
        }

        impl Stack {
            /// The slots, all empty.
            #[allow(clippy::type_complexity, reason = "as many parameters as slots, here and nowhere else")]
            pub fn empty() -> Stack<Slots<$(slots!(@empty $Slot)),*>> {
                Stack { slots: Slots { $($field: Empty,)* }, filled: [None; slot::NAMES.len()] }
            }
        }

        impl<S> Stack<S> {
            /// The same stack with `layer` in a slot, in the place of what was there.
            pub fn replace<L, N: Replace<S, L>>(mut self, slot: N, layer: L) -> Stack<N::Slots> {
                self.filled[N::INDEX] = Some(std::any::type_name::<L>());
                Stack { slots: slot.replace(self.slots, layer), filled: self.filled }
            }

            /// The same stack with a slot left empty.
            pub fn remove<N: Replace<S, Empty>>(mut self, slot: N) -> Stack<N::Slots> {
                self.filled[N::INDEX] = None;
                Stack { slots: slot.replace(self.slots, Empty), filled: self.filled }
            }

            /// The layer in a slot; [`Empty`] where there is none.
            pub fn get<N: Slot<S>>(&self, slot: N) -> &N::Layer {
                slot.get(&self.slots)
            }

            /// The slots, outermost first, each with the type of the layer in it.
            pub fn slots(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> + Clone {
                slot::NAMES.into_iter().zip(self.filled)
            }
        }

        impl<S: kit_core::Layer<E>, E> kit_core::Layer<E> for Stack<S> {
            type Service = S::Service;

            fn layer(&self, inner: E) -> S::Service {
                self.slots.layer(inner)
            }
        }

        /// One line per slot, outermost first.
        impl<S> std::fmt::Display for Stack<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::stack::display(self.slots(), f)
            }
        }

        impl<S> std::fmt::Debug for Stack<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_map().entries(self.slots()).finish()
            }
        }

        slots!(@each [] $($Slot $field,)*);
        slots!(@layer [$($Slot $field,)*] [] $($Slot $field,)*);
    };

    (@empty $Slot:ident) => { Empty };

    // Each slot: what is before it, itself, what is after it.
    (@each [$($Before:ident $before:ident,)*]) => {};
    (@each [$($Before:ident $before:ident,)*] $Slot:ident $field:ident, $($After:ident $after:ident,)*) => {
        const _: () = {
            const BEFORE: &[&str] = &[$(stringify!($before)),*];

            impl<$($Before,)* Old, $($After,)*> Slot<Slots<$($Before,)* Old, $($After,)*>> for slot::$Slot {
                const INDEX: usize = BEFORE.len();

                type Layer = Old;

                fn get(self, slots: &Slots<$($Before,)* Old, $($After,)*>) -> &Old {
                    &slots.$field
                }
            }

            impl<$($Before,)* Old, $($After,)* New> Replace<Slots<$($Before,)* Old, $($After,)*>, New> for slot::$Slot {
                type Slots = Slots<$($Before,)* New, $($After,)*>;

                fn replace(self, slots: Slots<$($Before,)* Old, $($After,)*>, layer: New) -> Self::Slots {
                    Slots { $($before: slots.$before,)* $field: layer, $($after: slots.$after,)* }
                }
            }
        };
        slots!(@each [$($Before $before,)* $Slot $field,] $($After $after,)*);
    };

    // The slots turned round: each layer takes what the one inside it made.
    (@layer [$($all:tt)*] [$($Turned:ident $turned:ident,)*] $Slot:ident $field:ident, $($rest:tt)*) => {
        slots!(@layer [$($all)*] [$Slot $field, $($Turned $turned,)*] $($rest)*);
    };
    (@layer [$($All:ident $all:ident,)*] [$Innermost:ident $innermost:ident, $($Outer:ident $outer:ident,)*]) => {
        slots!(@bounds [$($All)*] [$innermost $($outer)*] [$Innermost: kit_core::Layer<Inner>,] $Innermost $($Outer)*);
    };
    (@bounds [$($All:ident)*] $turned:tt [$($bounds:tt)*] $Inside:ident $Outside:ident $($rest:ident)*) => {
        slots!(@bounds [$($All)*] $turned [$($bounds)* $Outside: kit_core::Layer<$Inside::Service>,] $Outside $($rest)*);
    };
    (@bounds [$($All:ident)*] [$($turned:ident)*] [$($bounds:tt)*] $Outermost:ident) => {
        impl<Inner, $($All),*> kit_core::Layer<Inner> for Slots<$($All),*>
        where
            $($bounds)*
        {
            type Service = $Outermost::Service;

            fn layer(&self, inner: Inner) -> Self::Service {
                $(let inner = self.$turned.layer(inner);)*
                inner
            }
        }
    };
}

pub(crate) use slots;
