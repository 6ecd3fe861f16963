//! Instrumenting as a middleware of the service, written out the Go kit way: a figure of the business, which no layer of a
//! stack could know.

use kit::metrics::{Counter, Histogram, Number, Registry};
use kit::{Code, Context, Error};

use crate::service::StringService;

/// Observes how long the texts are that are counted, and counts the letters that were made upper case.
#[derive(Clone, Debug)]
pub struct Instrumenting<S> {
    counted: Histogram<Number>,
    uppercased: Counter,
    next: S,
}

impl<S> Instrumenting<S> {
    /// Registers the figures in `registry` and keeps their handles.
    ///
    /// # Errors
    /// `FailedPrecondition` if they are registered already with another shape.
    pub fn new(registry: &Registry, next: S) -> Result<Self, Error> {
        let counted = registry
            .histogram_of::<Number>("stringsvc_count_result", "Characters of the texts that were counted.")
            .buckets(&[1.0, 10.0, 100.0, 1_000.0, 10_000.0])
            .unlabelled();
        let uppercased =
            registry.counter("stringsvc_uppercased_total", "Characters that were made upper case.").unlabelled();
        let refused =
            |cause| Error::boundary(Code::FailedPrecondition, cause).with_message("a metric is registered twice");
        Ok(Self { counted: counted.map_err(refused)?, uppercased: uppercased.map_err(refused)?, next })
    }
}

impl<S: StringService> StringService for Instrumenting<S> {
    async fn uppercase(&self, cx: &mut Context, text: String) -> Result<String, Error> {
        let output = self.next.uppercase(cx, text).await?;
        self.uppercased.add(output.chars().count() as u64);
        Ok(output)
    }

    async fn count(&self, cx: &mut Context, text: String) -> Result<usize, Error> {
        let count = self.next.count(cx, text).await?;
        self.counted.observe(count as f64);
        Ok(count)
    }
}
