mod context;
mod deadline;
mod errors;
mod streams;

use std::sync::{Arc, Mutex, PoisonError};

use kit_core::{Cancel, Context, Method};

static COUNT: Method = Method::new("stringsvc", "count").idempotent();

/// Where a callee leaves its token for the test.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Option<Cancel>>>);

impl Left {
    fn leave(&self, cx: &mut Context) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.cancel_token());
    }

    fn token(&self) -> Cancel {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("the callee ran")
    }
}
