//! What the parts of one connection tell one another. hyper owns the socket and the service, each apart; the driver stands round
//! hyper and sees neither.
//!
//! Over HTTP/1 all of it happens on one task, and the atomics are only what makes the link `Sync`; over HTTP/2 the streams write
//! from their own tasks.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use tokio::sync::Notify;

use super::Host;
use super::head::Place;
use super::refused::Refused;
use crate::http::timer::Polled;

pub(in crate::http) struct Link {
    pub(super) host: Arc<Host>,
    http2: AtomicBool,
    place: AtomicU8,
    /// Calls that were begun.
    calls: AtomicU64,
    in_flight: AtomicU32,
    /// Which head was refused, counted from 1, and why.
    refused_head: AtomicU64,
    refused: AtomicU8,
    body: AtomicU8,
    /// The client takes nothing of what there is for it.
    blocked: AtomicBool,
    written: AtomicU64,
    /// Answers say `Connection: close`.
    closing: AtomicBool,
    /// The head took too long.
    expired: AtomicBool,
    /// What is in flight ends now.
    cut: AtomicBool,
    cut_streams: Notify,
    /// The end of the connection is the end of the answer: HTTP/1.0.
    close_delimited: AtomicBool,
    reset: AtomicBool,
    /// When it was last polled, where hyper asks for the time.
    pub(super) polled: Arc<Polled>,
    /// The driver, while it waits for the last call to end.
    waiting: Mutex<Option<Waker>>,
}

/// How far the body of an HTTP/1 request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum BodyState {
    /// There is none, or it was read to its end.
    Read,
    /// Somebody may still read it.
    Open,
    /// Nobody will read the rest.
    Dropped,
}

impl Link {
    pub(super) fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            http2: AtomicBool::new(false),
            place: AtomicU8::new(Place::Between as u8),
            calls: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            refused_head: AtomicU64::new(0),
            refused: AtomicU8::new(0),
            body: AtomicU8::new(BodyState::Read as u8),
            blocked: AtomicBool::new(false),
            written: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            expired: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            cut_streams: Notify::new(),
            close_delimited: AtomicBool::new(false),
            reset: AtomicBool::new(false),
            polled: Arc::default(),
            waiting: Mutex::new(None),
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Relaxed)
    }

    pub(super) fn speaks_http2(&self) {
        self.http2.store(true, Relaxed);
    }

    pub(super) fn place(&self) -> Place {
        match self.place.load(Relaxed) {
            place if place == Place::Between as u8 => Place::Between,
            place if place == Place::Head as u8 => Place::Head,
            place if place == Place::Fixed as u8 => Place::Fixed,
            place if place == Place::Chunked as u8 => Place::Chunked,
            _ => Place::Over,
        }
    }

    pub(super) fn set_place(&self, place: Place) {
        self.place.store(place as u8, Relaxed);
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// A request is here: why the scanner refused its head, if it did.
    pub(super) fn call(&self) -> Option<Refused> {
        // One writer: requests of a connection are begun one after another.
        let call = self.calls.load(Relaxed) + 1;
        self.calls.store(call, Relaxed);
        match self.refused_head.load(Relaxed) == call {
            true => Refused::of(self.refused.load(Relaxed)),
            false => None,
        }
    }

    pub(super) fn refuse(&self, head: u64, refused: Refused) {
        self.refused.store(refused as u8, Relaxed);
        self.refused_head.store(head, Relaxed);
    }

    pub(super) fn begin(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(super) fn end(&self) {
        if self.in_flight.fetch_sub(1, Relaxed) == 1 && self.is_closing() {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(driver) = waiting {
                driver.wake();
            }
        }
    }

    /// Wakes `driver` when the last call has ended: only a driver that is closing waits for that.
    pub(super) fn wait_for_end(&self, driver: &Waker) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.as_ref().is_some_and(|waker| waker.will_wake(driver)) {
            *waiting = Some(driver.clone());
        }
    }

    pub(super) fn body(&self) -> BodyState {
        match self.body.load(Relaxed) {
            body if body == BodyState::Read as u8 => BodyState::Read,
            body if body == BodyState::Open as u8 => BodyState::Open,
            _ => BodyState::Dropped,
        }
    }

    pub(super) fn set_body(&self, body: BodyState) {
        self.body.store(body as u8, Relaxed);
    }

    /// How much was written, while the client takes nothing more.
    pub(super) fn blocked(&self) -> Option<u64> {
        self.blocked.load(Relaxed).then(|| self.written.load(Relaxed))
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.blocked.store(false, Relaxed);
        self.written.store(self.written.load(Relaxed) + bytes as u64, Relaxed);
    }

    pub(super) fn block(&self) {
        self.blocked.store(true, Relaxed);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    pub(super) fn close(&self) {
        self.closing.store(true, Relaxed);
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expired.load(Relaxed)
    }

    pub(super) fn expire(&self) {
        self.expired.store(true, Relaxed);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Relaxed)
    }

    pub(super) fn cut(&self) {
        self.cut.store(true, Relaxed);
        self.cut_streams.notify_waiters();
    }

    /// Waits until what is in flight is cut off.
    pub(super) async fn cut_off(&self) {
        let cut = self.cut_streams.notified();
        if !self.is_cut() {
            cut.await;
        }
    }

    pub(super) fn set_close_delimited(&self, is: bool) {
        self.close_delimited.store(is, Relaxed);
    }

    /// An answer breaks off: where a close would pass for its end, the connection is reset.
    pub(super) fn break_off(&self) {
        if self.close_delimited.load(Relaxed) {
            self.reset();
        }
    }

    pub(super) fn is_reset(&self) -> bool {
        self.reset.load(Relaxed)
    }

    pub(super) fn reset(&self) {
        self.reset.store(true, Relaxed);
    }
}
