//! Instrumenting as a middleware of the service, written out the Go kit way: figures of the business, which no layer of a stack
//! could know. Logging is the same once more: stringsvc has it.

use futures_util::StreamExt as _;
use kit::metrics::{Counter, Registry};
use kit::{Code, Context, Error};

use crate::service::{AddService, Series, Sums};

/// Counts the numbers that are summed, and the characters that are joined.
#[derive(Clone, Debug)]
pub struct Instrumenting<S> {
    summed: Counter,
    concatenated: Counter,
    next: S,
}

impl<S> Instrumenting<S> {
    /// Registers the figures in `registry` and keeps their handles.
    ///
    /// # Errors
    /// `FailedPrecondition` if they are registered already with another shape.
    pub fn new(registry: &Registry, next: S) -> Result<Self, Error> {
        let summed = registry.counter("addsvc_integers_summed_total", "Integers that were summed.").unlabelled();
        let concatenated = registry
            .counter("addsvc_characters_concatenated_total", "Characters of the texts that were concatenated.")
            .unlabelled();
        let refused =
            |cause| Error::boundary(Code::FailedPrecondition, cause).with_message("a metric is registered twice");
        Ok(Self { summed: summed.map_err(refused)?, concatenated: concatenated.map_err(refused)?, next })
    }
}

impl<S: AddService> AddService for Instrumenting<S> {
    async fn sum(&self, cx: &mut Context, a: i64, b: i64) -> Result<i64, Error> {
        let sum = self.next.sum(cx, a, b).await?;
        self.summed.add(2);
        Ok(sum)
    }

    async fn concat(&self, cx: &mut Context, a: String, b: String) -> Result<String, Error> {
        let text = self.next.concat(cx, a, b).await?;
        self.concatenated.add(text.chars().count() as u64);
        Ok(text)
    }

    async fn series(&self, cx: &mut Context, from: Series) -> Result<Sums, Error> {
        let (sums, summed) = (self.next.series(cx, from).await?, self.summed.clone());
        // As they are read: a caller that leaves early has summed no more.
        Ok(sums.inspect(move |sum| sum.iter().for_each(|_| summed.add(2))).boxed())
    }
}
