//! What is called, and what it counts of its own.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use kit_core::{BoxEndpoint, Code, Endpoint as _, Error, endpoint_with};
use tokio::time::sleep;

use crate::cases::WORK;

#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Plays {
    Answers,
    Fails,
    TimesOut,
    Hangs,
    Panics,
}

#[derive(Debug)]
pub(crate) struct Backend {
    plays: AtomicU8,
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Ends a call of the backend, however it ends.
struct Running<'a>(&'a Backend);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl Backend {
    pub(crate) fn new(plays: Plays) -> Arc<Self> {
        Arc::new(Self { plays: AtomicU8::new(plays as u8), begun: AtomicU64::new(0), ended: AtomicU64::new(0) })
    }

    /// From now on it answers.
    pub(crate) fn heal(&self) {
        self.plays.store(Plays::Answers as u8, Ordering::Relaxed);
    }

    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn running(&self) -> u64 {
        self.begun() - self.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn endpoint(self: &Arc<Self>) -> BoxEndpoint<u32, u32> {
        endpoint_with(Arc::clone(self), async |backend, _cx, id: u32| {
            backend.begun.fetch_add(1, Ordering::Relaxed);
            let _running = Running(backend);
            let plays = backend.plays.load(Ordering::Relaxed);
            if plays == Plays::Hangs as u8 {
                return pending().await;
            }
            sleep(WORK).await;
            match plays {
                n if n == Plays::Answers as u8 => Ok(id + 1),
                n if n == Plays::Fails as u8 => Err(Error::unavailable("down")),
                n if n == Plays::TimesOut as u8 => Err(Error::new(Code::DeadlineExceeded, "the callee took too long")),
                // As a panic, without the hook's hundreds of lines.
                _ => resume_unwind(Box::new("on purpose")),
            }
        })
        .boxed()
    }
}
