use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context as Task, Poll};

use futures_core::Stream;
use kit_core::sources::{Random as _, SeededRandom};
use kit_core::{Cancel, Context, Endpoint, Error, StreamEnd, Streaming};
use tokio::sync::oneshot;

use super::rule::Rule;
use crate::testing::Message;

/// What follows the items of a source.
#[derive(Clone, Debug)]
pub(super) enum Then {
    End,
    Fail(Error),
    Panic,
    /// Nothing, for ever.
    Hang,
    /// Large items, for ever, as fast as they are asked for.
    More,
}

/// How large those are, in bytes.
const LARGE: usize = 16 * 1024;

/// A stream that a rule plays.
pub(super) struct Source {
    items: VecDeque<Message>,
    then: Then,
    large: Message,
    asked: Arc<AtomicUsize>,
    /// Where trailers are written, at the end.
    end: Arc<OnceLock<StreamEnd>>,
    _alive: oneshot::Sender<Infallible>,
}

/// What a rule sees of it.
pub(super) struct Watch {
    asked: Arc<AtomicUsize>,
    gone: oneshot::Receiver<Infallible>,
}

impl Source {
    /// So many items, which count from 0, and what follows them.
    pub(super) fn new(items: usize, then: Then) -> (Self, Watch) {
        let (alive, gone) = oneshot::channel();
        let asked = Arc::<AtomicUsize>::default();
        let items = (0..items).map(|number| Message::new(number.to_string())).collect();
        let large = if matches!(then, Then::More) { Message::new(noise(LARGE)) } else { Message::default() };
        let source = Self { items, then, large, asked: Arc::clone(&asked), end: Arc::default(), _alive: alive };
        (source, Watch { asked, gone })
    }

    fn write_trailers(&self) {
        let Some(end) = self.end.get() else { return };
        end.with_trailers(|trailers| {
            trailers.insert("x-sum", "6").expect("far below the limit");
            trailers.insert_bin("x-hash-bin", &[0, 255]).expect("far below the limit");
        });
    }
}

/// Text that a transport cannot make much smaller.
fn noise(bytes: usize) -> String {
    let random = SeededRandom::new(0x6b69_7421);
    (0..bytes).map(|_| char::from(b' ' + u8::try_from(random.below(95)).unwrap_or_default())).collect()
}

impl Stream for Source {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(item) = self.items.pop_front() {
            return Poll::Ready(Some(Ok(item)));
        }
        match &self.then {
            Then::Hang => Poll::Pending,
            Then::More => Poll::Ready(Some(Ok(self.large.clone()))),
            Then::Panic => panic!("the source of a stream, as it was told"),
            Then::End => {
                self.write_trailers();
                Poll::Ready(None)
            }
            Then::Fail(error) => {
                self.write_trailers();
                Poll::Ready(Some(Err(error.clone())))
            }
        }
    }
}

impl Watch {
    /// How often it was asked for an item.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) async fn gone(self, rule: &Rule) {
        // Nothing is ever sent.
        let _: Result<Infallible, _> = rule.within("the source is dropped", self.gone).await;
    }
}

/// Answers its one call with a source.
pub(super) struct Answering {
    source: Mutex<Option<Source>>,
    token: Arc<OnceLock<Cancel>>,
}

impl Answering {
    /// The endpoint, and where it leaves the token of its call.
    pub(super) fn with(source: Source) -> (Self, Arc<OnceLock<Cancel>>) {
        let token = Arc::<OnceLock<Cancel>>::default();
        (Self { source: Mutex::new(Some(source)), token: Arc::clone(&token) }, token)
    }
}

impl<Req: Send> Endpoint<Req> for Answering {
    type Response = Streaming<Message>;

    async fn call(&self, cx: &mut Context, _request: Req) -> Result<Streaming<Message>, Error> {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner).take();
        let source = source.ok_or_else(|| Error::unimplemented("there is one call, and it was made"))?;
        // The first call's, and there is no other.
        let _ = self.token.set(cx.cancel_token());
        cx.outbound_mut().insert("x-leading", "of the stream")?;
        let end = Arc::clone(&source.end);
        let streaming = Streaming::new(cx, source);
        let _ = end.set(streaming.end().clone());
        Ok(streaming)
    }
}
