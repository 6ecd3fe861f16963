use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_core::sources::Random;
use kit_core::{Context, Endpoint, Error};
use tokio::time::sleep;

use super::layer::Shared;
use super::{Config, Event, Fault, Injected};
use crate::tell::Tell;

/// Calls, or meets a fault instead.
///
/// # Errors
/// Those of the inner endpoint, and injected ones, with the cause [`Injected`].
///
/// # Panics
/// When it is told to.
///
/// # Cancel safety
/// Dropping the call ends a wait or a hang, or drops the inner call.
#[derive(Clone)]
pub struct Chaos<E> {
    inner: E,
    shared: Arc<Shared>,
    random: Arc<dyn Random>,
    tell: Tell<Event>,
}

impl<E> Chaos<E> {
    pub(super) fn new(inner: E, shared: Arc<Shared>, random: Arc<dyn Random>, tell: Tell<Event>) -> Self {
        Self { inner, shared, random, tell }
    }

    fn inject(&self, fault: Fault) {
        self.shared.count(fault);
        self.tell.tell(|| Event::Injected(fault));
    }

    #[cold]
    async fn suffer<T>(&self, fault: Fault) -> Result<T, Error> {
        self.inject(fault);
        match fault {
            Fault::Error(code) => Err(Error::boundary(code, Injected)),
            Fault::Panic => panic!("chaos: this panic was injected"),
            Fault::Hang | Fault::Latency(_) => std::future::pending().await,
        }
    }
}

impl<E, Req> Endpoint<Req> for Chaos<E>
where
    E: Endpoint<Req>,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<E::Response, Error> {
        let Some(config) = self.shared.on() else {
            return self.inner.call(cx, request).await;
        };
        let call = self.shared.calls.admit();
        let (latency, fault) = draw(&config, &*self.random);
        if let Some(latency) = latency {
            self.inject(Fault::Latency(latency));
            sleep(latency).await;
            cx.stamp();
        }
        let result = match fault {
            None => self.inner.call(cx, request).await,
            Some(fault) => self.suffer(fault).await,
        };
        call.close(cx, &result, ());
        result
    }
}

impl<E: fmt::Debug> fmt::Debug for Chaos<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos").field("inner", &self.inner).field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// What happens to the next call. It draws three numbers, needed or not: the next call's are then the same whatever the
/// settings.
fn draw(config: &Config, random: &dyn Random) -> (Option<Duration>, Option<Fault>) {
    let (waits, wait, fault) = (random.unit(), random.unit(), random.unit());
    let spread = config.latency_max - config.latency_min;
    let latency = (waits < config.latency).then(|| config.latency_min + spread.mul_f64(wait));
    let faults =
        [(config.error, Fault::Error(config.error_code)), (config.hang, Fault::Hang), (config.panic, Fault::Panic)];
    let mut below = 0.0;
    let fault = faults.into_iter().find_map(|(share, one)| {
        below += share;
        (fault < below).then_some(one)
    });
    (latency, fault)
}
