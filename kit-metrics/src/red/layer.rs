use std::sync::Arc;

use kit_core::Layer;
use kit_core::order::{Placed, place};

use super::Red;
use super::handles::Families;
use super::methods::Methods;
use crate::error::RegisterError;
use crate::registry::Registry;

/// Counts and times the calls of every endpoint it wraps; see [the module](super) for what and how.
///
/// Layers of one kind on one registry feed the same numbers. Two layers of one kind *in one stack* count each call twice.
#[derive(Clone, Debug)]
pub struct RedLayer(Arc<Methods>);

impl RedLayer {
    /// For calls that are answered here: `kit_server_…`.
    ///
    /// # Errors
    /// One of the names is registered with another shape.
    pub fn server(registry: &Registry) -> Result<Self, RegisterError> {
        let families = Families {
            requests: registry
                .counter("kit_server_requests_total", "Calls that have ended")
                .labels(["service", "method", "outcome", "code"])?,
            duration: registry
                .histogram("kit_server_request_duration_seconds", "Time from the arrival of a call to its end")
                .labels(["service", "method"])?,
            in_flight: registry
                .gauge("kit_server_requests_in_flight", "Calls that have not ended")
                .labels(["service", "method"])?,
            fallbacks: registry
                .counter("kit_server_fallback_answers_total", "Calls that a fallback answered, by how they had ended")
                .labels(["service", "method", "outcome"])?,
        };
        Ok(Self(Arc::new(Methods::new(families))))
    }

    /// For calls that are made from here: `kit_client_…`.
    ///
    /// # Errors
    /// One of the names is registered with another shape.
    pub fn client(registry: &Registry) -> Result<Self, RegisterError> {
        let families = Families {
            requests: registry
                .counter("kit_client_requests_total", "Calls made that have ended")
                .labels(["service", "method", "outcome", "code"])?,
            duration: registry
                .histogram("kit_client_request_duration_seconds", "Time from making a call to its end")
                .labels(["service", "method"])?,
            in_flight: registry
                .gauge("kit_client_requests_in_flight", "Calls made that have not ended")
                .labels(["service", "method"])?,
            fallbacks: registry
                .counter(
                    "kit_client_fallback_answers_total",
                    "Calls made that a fallback answered, by how they had ended",
                )
                .labels(["service", "method", "outcome"])?,
        };
        Ok(Self(Arc::new(Methods::new(families))))
    }
}

impl<E> Layer<E> for RedLayer {
    type Service = Red<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Red::new(inner, Arc::clone(&self.0))
    }
}

impl Placed for RedLayer {
    type Place = place::Any;
}
