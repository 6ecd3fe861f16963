use std::fmt;
use std::marker::PhantomData;

use tower_layer::Layer;

use super::{Failure, Recognize, RecognizeStream};
use crate::order::{Placed, place};

/// Finds the `F` in the errors of an endpoint, by what was sent of it, for [`cause`](crate::Error::cause) to give back.
///
/// It stands round a client, outside all that repeats a call. A client of a service with several enums has several, in any order.
pub struct RecognizeLayer<F>(PhantomData<fn() -> F>);

impl<F: Failure> RecognizeLayer<F> {
    /// Recognizes an `F`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E, F> Layer<E> for RecognizeLayer<F> {
    type Service = Recognize<E, F>;

    fn layer(&self, inner: E) -> Self::Service {
        Recognize::new(inner)
    }
}

impl<F> Placed for RecognizeLayer<F> {
    type Place = place::Any;
}

/// As [`RecognizeLayer`], for an endpoint that answers with a [`Streaming`](crate::Streaming): also in the error that ends it.
pub struct RecognizeStreamLayer<F>(PhantomData<fn() -> F>);

impl<F: Failure> RecognizeStreamLayer<F> {
    /// Recognizes an `F`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E, F> Layer<E> for RecognizeStreamLayer<F> {
    type Service = RecognizeStream<E, F>;

    fn layer(&self, inner: E) -> Self::Service {
        RecognizeStream::new(inner)
    }
}

impl<F> Placed for RecognizeStreamLayer<F> {
    type Place = place::Any;
}

/// Derived ones would ask of the failure what only its layer needs.
macro_rules! plain {
    ($($layer:ident)*) => {
        $(
            impl<F> Clone for $layer<F> {
                fn clone(&self) -> Self {
                    *self
                }
            }

            impl<F> Copy for $layer<F> {}

            impl<F: Failure> Default for $layer<F> {
                fn default() -> Self {
                    Self::new()
                }
            }

            impl<F: Failure> fmt::Debug for $layer<F> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_tuple(stringify!($layer)).field(&F::NAME).finish()
                }
            }
        )*
    };
}

plain! { RecognizeLayer RecognizeStreamLayer }
