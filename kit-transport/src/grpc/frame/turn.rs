//! A turn of a task: what it does before others have theirs. Measured in tokio's budget, as what its sockets and channels do.

use std::task::{Context as Task, Poll};

use tokio::task::coop;

/// So much is deflated or inflated for a unit of the budget, in bytes: a turn has 128 of them, which makes about a millisecond.
const UNIT: usize = 2 * 1024;

/// Whether this turn is over.
pub(super) fn is_over() -> bool {
    !coop::has_budget_remaining()
}

/// Waits for another turn, if this one is over.
pub(super) fn poll_next(task: &mut Task<'_>) -> Poll<()> {
    if is_over() { coop::poll_proceed(task).map(drop) } else { Poll::Ready(()) }
}

/// Takes a unit for a message, and those of the bytes that were deflated or inflated for it, as far as there are any.
pub(super) fn charge(task: &mut Task<'_>, bytes: usize) {
    for _ in 0..=bytes / UNIT {
        if is_over() {
            return;
        }
        if let Poll::Ready(unit) = coop::poll_proceed(task) {
            unit.made_progress();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;
    use kit_core::Error;

    use crate::codec::{Messages, Protobuf};
    use crate::grpc::frame::{Coding, Form, Frames, read, write};
    use crate::http::Body;

    #[derive(Clone, PartialEq, prost::Message)]
    struct Raw {
        #[prost(bytes = "bytes", tag = "1")]
        raw: Bytes,
    }

    fn form(coding: Coding) -> Form<Protobuf> {
        Form { codec: Protobuf, coding, limit: u32::MAX }
    }

    /// The most that a task does between two turns of another, by its own count.
    async fn most_in_a_turn(done: Arc<AtomicUsize>, work: impl Future<Output = ()> + Send + 'static) -> usize {
        let work = tokio::spawn(work);
        let (mut before, mut most) = (0, 0);
        while !work.is_finished() {
            tokio::task::yield_now().await;
            let now = done.load(Ordering::Relaxed);
            most = most.max(now - before);
            before = now;
        }
        work.await.unwrap();
        most
    }

    /// Writes so many messages of so many bytes, all of them ready, and says how many are made in a turn.
    async fn written(coding: Coding, count: usize, size: usize) -> usize {
        let done = Arc::new(AtomicUsize::new(0));
        let (counts, raw) = (Arc::clone(&done), Bytes::from(vec![0; size]));
        let messages = stream::repeat_with(move || {
            counts.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Error>(Raw { raw: raw.clone() })
        });
        let mut body = write(form(coding), messages.take(count));
        most_in_a_turn(done, async move { while body.frame().await.is_some() {} }).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_is_always_ready_leaves_others_their_turn() {
        // Next to nothing each: what bounds them is their number.
        let most = written(Coding::Identity, 5_000, 0).await;
        assert!((64..=128).contains(&most), "{most} messages");
        // 64 KiB each before they are deflated, and some hundred bytes after: what bounds them is the work.
        let most = written(Coding::Gzip, 40, 64 * 1024).await;
        assert!((1..=4).contains(&most), "{most} messages");
        // One alone may be more than a turn has.
        let most = written(Coding::Gzip, 4, 1024 * 1024).await;
        assert_eq!(most, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn messages_that_are_inflated_leave_others_their_turn() {
        let message = form(Coding::Gzip).message(&Raw { raw: Bytes::from(vec![0; 64 * 1024]) }).unwrap();
        let frames = Frames::of_request(Body::full(message.repeat(40)), Coding::Gzip, u32::MAX);
        let mut messages: Messages<Raw> = read(Protobuf, frames);
        let done = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&done);
        let most = most_in_a_turn(done, async move {
            while let Some(message) = messages.next().await {
                assert_eq!(message.unwrap().raw.len(), 64 * 1024);
                counts.fetch_add(1, Ordering::Relaxed);
            }
        });
        let most = most.await;
        assert!((1..=4).contains(&most), "{most} messages");
    }
}
