use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kit_core::{Context, Endpoint, Error, Outcome, Retry};
use tokio::time::Instant;

use super::layer::{Fingerprint, State};
use super::{Event, Refused};
use crate::single_flight::{Landed, fly};
use crate::tell::Tell;
use crate::timeout::wait_until;

/// Runs a call, or answers it with what another message of its key got.
///
/// # Errors
/// Those of the run, which may have been another message's; [`Refused`] because of the key; `DeadlineExceeded` with the
/// cause [`Elapsed`](crate::timeout::Elapsed) when the run's limit or the caller's own deadline has passed.
///
/// # Panics
/// Outside a tokio runtime, for a call with a key.
///
/// # Cancel safety
/// Dropping the call leaves its run alone: it goes on to its end, and its answer is kept.
pub struct Idempotency<E, Req, K, R: Clone, F> {
    inner: Arc<E>,
    state: Arc<State<K, R>>,
    key: Arc<F>,
    fingerprint: Option<Fingerprint<Req>>,
    tell: Tell<Event>,
}

impl<E, Req, K, R: Clone, F> Idempotency<E, Req, K, R, F> {
    pub(super) fn new(
        inner: E,
        state: Arc<State<K, R>>,
        key: Arc<F>,
        fingerprint: Option<Fingerprint<Req>>,
        tell: Tell<Event>,
    ) -> Self {
        Self { inner: Arc::new(inner), state, key, fingerprint, tell }
    }

    fn refuse(&self, refused: Refused) -> Error {
        self.tell.tell(|| Event::Refused(refused));
        refused.into_error()
    }
}

impl<E, Req, K, R, F> Idempotency<E, Req, K, R, F>
where
    E: Endpoint<Req, Response = R> + 'static,
    Req: Send + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    /// The answer for a key, and whether it is another message's.
    async fn run(&self, cx: &mut Context, key: K, print: u64, request: Req) -> Result<(Ran<R>, bool), Error> {
        if let Some(ran) = self.state.done.find(&key, cx.now()) {
            return Ok((ran, true));
        }
        let (flight, joined) = self.state.running.join(key.clone(), || {
            let config = **self.state.config.load();
            let flight = fly(&self.inner, cx, request, config.limit, &self.state.runs, &Tell::default());
            let (done, unknown) = (Arc::clone(&self.state.done), Arc::clone(&self.state.unknown));
            let tell = self.tell.clone();
            async move {
                // One that was running a moment ago has kept its answer by now.
                if let Some(ran) = done.find(&key, Instant::now()) {
                    return ran;
                }
                let ran = Ran { print, landed: flight.await };
                if let Some(error) = ran.unknown() {
                    unknown.fetch_add(1, Ordering::Relaxed);
                    tell.tell(|| Event::Unknown(error.clone()));
                }
                if ran.is_kept(config.rerun_unknown) {
                    done.keep(key, ran.clone(), Instant::now(), &config);
                }
                ran
            }
        });
        if !joined {
            self.state.see_to_its_end(flight.clone());
        }
        Ok((wait_until(cx, flight).await?, joined))
    }
}

impl<E, Req, K, R, F> Endpoint<Req> for Idempotency<E, Req, K, R, F>
where
    E: Endpoint<Req, Response = R> + 'static,
    Req: Send + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync,
{
    type Response = R;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<R, Error> {
        let key = (self.key)(cx, &request);
        if key.is_none() && self.state.config.load().required {
            self.state.calls.refuse();
            return Err(self.refuse(Refused::Missing));
        }
        let call = self.state.calls.admit();
        let result = match key {
            None => self.inner.call(cx, request).await,
            Some(key) => {
                let print = self.fingerprint.as_ref().map_or(0, |print| print(&request));
                match self.run(cx, key, print, request).await {
                    Ok((ran, _)) if ran.print != print => {
                        self.state.reused.fetch_add(1, Ordering::Relaxed);
                        Err(self.refuse(Refused::Reused))
                    }
                    Ok((ran, replayed)) => {
                        if replayed {
                            self.state.replayed.fetch_add(1, Ordering::Relaxed);
                            cx.extensions_mut().insert(Replayed(()));
                            self.tell.tell(|| Event::Replayed);
                        }
                        ran.landed.hand_to(cx)
                    }
                    Err(error) => Err(error),
                }
            }
        };
        call.close(cx, &result, ());
        result
    }
}

impl<E: fmt::Debug, Req, K, R: Clone, F> fmt::Debug for Idempotency<E, Req, K, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The mark of an answer that was another message's, in the context's [`extensions`](Context::extensions): for logs and
/// spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed(());

/// The key in the header `idempotency-key`: a string, in quotes or bare. `None` if there is none, or if it is empty.
pub fn header_key(cx: &Context) -> Option<String> {
    let given = cx.inbound().get("idempotency-key")?.trim();
    let key = given.strip_prefix('"').and_then(|given| given.strip_suffix('"')).unwrap_or(given);
    (!key.is_empty()).then(|| key.to_owned())
}

/// A run that has ended, and of which request.
#[derive(Clone, Debug)]
pub(super) struct Ran<R> {
    print: u64,
    landed: Landed<R>,
}

impl<R> Ran<R> {
    /// Whether the answer is the key's from now on.
    fn is_kept(&self, rerun_unknown: bool) -> bool {
        match self.landed.outcome() {
            Outcome::Success | Outcome::BusinessError => true,
            Outcome::Rejected => false,
            Outcome::BackendError | Outcome::TimedOut | Outcome::Cancelled => !self.did_not_run() && !rerun_unknown,
        }
    }

    /// The error after which nobody knows.
    fn unknown(&self) -> Option<&Error> {
        let error = self.landed.result().as_ref().err()?;
        let open = matches!(error.outcome(), Outcome::BackendError | Outcome::TimedOut | Outcome::Cancelled);
        (open && !self.did_not_run()).then_some(error)
    }

    fn did_not_run(&self) -> bool {
        let error = self.landed.result().as_ref().err();
        error.is_some_and(|error| matches!(error.retry(), Retry::Safe | Retry::After(_)))
    }
}
