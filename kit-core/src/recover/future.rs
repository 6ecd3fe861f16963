use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use pin_project_lite::pin_project;

use super::hook::Catching;

/// What a panic carries.
pub(super) type Payload = Box<dyn Any + Send>;

pin_project! {
    /// A future that ends with its own output, or with the payload of its panic. Named, and no `async fn`: one of those
    /// would keep the inner future twice, and every layer outside would keep that.
    #[project = State]
    pub(super) enum Caught<F> {
        Running { #[pin] future: F },
        // Making the future panicked: a call need not be an `async fn`.
        Made { payload: Option<Payload> },
    }
}

impl<F: Future> Caught<F> {
    pub(super) fn making(make: impl FnOnce() -> F) -> Self {
        let _catching = Catching::begin();
        match catch_unwind(AssertUnwindSafe(make)) {
            Ok(future) => Self::Running { future },
            Err(payload) => Self::Made { payload: Some(payload) },
        }
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Payload>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let polled = match self.as_mut().project() {
            State::Made { payload } => return Poll::Ready(Err(payload.take().expect("polled again after its end"))),
            State::Running { future } => {
                let _catching = Catching::begin();
                catch_unwind(AssertUnwindSafe(|| future.poll(task)))
            }
        };
        match polled {
            Ok(polled) => Poll::Ready(Ok(ready!(polled))),
            Err(payload) => {
                // What the call still holds is given up now, not when its caller gets to it.
                self.set(Self::Made { payload: None });
                Poll::Ready(Err(payload))
            }
        }
    }
}

pin_project! {
    /// [`Caught`], answered: a panic by what `answer` makes of it.
    pub(super) struct Answered<F, A> {
        #[pin]
        pub(super) caught: Caught<F>,
        pub(super) answer: A,
    }
}

impl<F, A> Future for Answered<F, A>
where
    F: Future,
    A: Fn(&(dyn Any + Send)) -> F::Output,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<F::Output> {
        let this = self.project();
        match ready!(this.caught.poll(task)) {
            Ok(output) => Poll::Ready(output),
            Err(payload) => Poll::Ready((this.answer)(&*payload)),
        }
    }
}
