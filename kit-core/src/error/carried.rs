//! The failure that an error carries beside its cause.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::Error;
use crate::failure::{Details, Failure};

/// A [`Failure`] or what is known of one. Beside the cause and not in its place: layers set causes of their own (what a retry gave up
/// on), and a service may have one for its log.
#[derive(Clone)]
pub(super) struct Carried {
    value: Arc<dyn StdError + Send + Sync>,
    /// What leaves of it; nothing of one that was received.
    details: Option<fn(&(dyn StdError + 'static)) -> Option<Details>>,
}

impl Carried {
    /// One of this service's own.
    fn own<F: Failure>(failure: F) -> Self {
        Self { value: Arc::new(failure), details: Some(|value| value.downcast_ref::<F>()?.details()) }
    }

    /// One that came from another process.
    fn received(value: impl StdError + Send + Sync + 'static) -> Self {
        Self { value: Arc::new(value), details: None }
    }

    fn get<T: StdError + 'static>(&self) -> Option<&T> {
        let value: &(dyn StdError + 'static) = &*self.value;
        value.downcast_ref()
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl Error {
    /// The error that this failure is: with its code, line, reason and hint, and itself for [`cause`](Self::cause) to find, here and,
    /// by its [details](Details), at the other end of a wire. The derive's `From` is this.
    #[track_caller]
    pub fn from_failure<F: Failure>(failure: F) -> Error {
        let mut error = Error::new(failure.code(), failure.message()).with_reason(failure.reason());
        let inner = error.inner();
        inner.retry = failure.retry();
        inner.failure = Some(Carried::own(failure));
        error
    }

    /// The same error with what another process said of the failure that it was there: for the bindings of clients.
    /// [`cause`](Self::cause) finds it, and [`recognize`](Self::recognize) makes the failure of it again.
    pub fn with_details(mut self, details: Details) -> Error {
        self.inner().failure = Some(Carried::received(details));
        self
    }

    /// The same error with the `F` that its details speak of, for [`cause`](Self::cause) to find. As it was, if they speak of
    /// another type, of a variant that this `F` has not, or of contents that do not fit.
    ///
    /// [`RecognizeLayer`](crate::failure::RecognizeLayer) does this to the errors of an endpoint.
    pub fn recognize<F: Failure>(mut self) -> Error {
        if let Some(failure) = self.received::<F>() {
            self.inner().failure = Some(Carried::received(failure));
        }
        self
    }

    /// The failure that is told of here or in an error below. A failure of this service's own stays: what it wraps is nobody's else.
    fn received<F: Failure>(&self) -> Option<F> {
        let is_own = |carried: &Carried| carried.details.is_some();
        if self.0.failure.as_ref().is_some_and(is_own) {
            return None;
        }
        let mut details = self.wrapped().filter_map(Error::carried::<Details>);
        details.find_map(|details| if details.name() == F::NAME { F::from_details(details) } else { None })
    }

    /// What leaves of the failure: that of this error alone, since those it wraps are behind the boundary.
    pub(crate) fn details(&self) -> Option<Details> {
        let carried = self.0.failure.as_ref()?;
        carried.details?(&*carried.value)
    }

    /// The failure, if it is a `T`.
    pub(super) fn carried<T: StdError + 'static>(&self) -> Option<&T> {
        self.0.failure.as_ref()?.get()
    }
}
