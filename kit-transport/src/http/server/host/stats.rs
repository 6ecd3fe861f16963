use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::refused::Refused;

/// What a [`Server`](super::Server) counts, also while it serves. Clones read the same numbers, and so do all listeners of one
/// server.
///
/// ```
/// # use kit_transport::http::server::{ReadingKind, Server};
/// let server = Server::new(Default::default())?;
/// for reading in server.stats().pairs() {
///     // Where metrics are kept: a counter or a gauge that asks `reading.value()` whenever it is read.
///     println!("{} {:?} {}", reading.name(), reading.kind(), reading.value());
/// }
/// assert_eq!(server.stats().open_connections(), 0);
/// # Ok::<(), kit_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Stats(Arc<Counts>);

/// One number of [`Stats`], which can be read again.
#[derive(Clone)]
pub struct Reading {
    stats: Stats,
    number: &'static Number,
}

/// What a number does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingKind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
}

/// Written on every call, so each has a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Busy(AtomicU64);

#[derive(Default)]
pub(super) struct Counts {
    in_flight: Busy,
    pub(super) open: AtomicU64,
    pub(super) accepted: AtomicU64,
    pub(super) accept_errors: AtomicU64,
    pub(super) accept_paused: AtomicU64,
    pub(super) accept_pauses: AtomicU64,
    pub(super) malformed: AtomicU64,
    pub(super) header_timeouts: AtomicU64,
    pub(super) body_timeouts: AtomicU64,
    pub(super) write_timeouts: AtomicU64,
    pub(super) idle_closed: AtomicU64,
    pub(super) aged: AtomicU64,
    pub(super) aborted: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
}

pub(super) fn add(number: &AtomicU64) {
    number.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn take(number: &AtomicU64) {
    number.fetch_sub(1, Ordering::Relaxed);
}

impl Stats {
    pub(super) fn counts(&self) -> &Counts {
        &self.0
    }

    /// Connections that are open.
    pub fn open_connections(&self) -> u64 {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Calls that are in flight, streamed answers included.
    pub fn in_flight(&self) -> u64 {
        self.0.in_flight.0.load(Ordering::Relaxed)
    }

    /// Connections that were accepted.
    pub fn accepted(&self) -> u64 {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// Connections that were cut off with something in flight: at the end of a drain, of their age, by a client that took nothing.
    pub fn aborted(&self) -> u64 {
        self.0.aborted.load(Ordering::Relaxed)
    }

    /// Requests that the host refused for this reason.
    pub fn refused(&self, reason: Refused) -> u64 {
        self.0.refused[reason as usize - 1].load(Ordering::Relaxed)
    }

    /// Every number, for metrics. Names end in `_total` where they only rise; a prefix is the reader's.
    pub fn pairs(&self) -> impl Iterator<Item = Reading> + use<> {
        let stats = self.clone();
        NUMBERS.iter().map(move |number| Reading { stats: stats.clone(), number })
    }
}

impl Counts {
    /// Admits one more call, unless there are `most`.
    pub(super) fn begin(&self, most: usize) -> bool {
        if self.in_flight.0.fetch_add(1, Ordering::Relaxed) < most as u64 {
            return true;
        }
        self.end();
        false
    }

    pub(super) fn end(&self) {
        take(&self.in_flight.0);
    }

    pub(super) fn refuse(&self, reason: Refused) {
        add(&self.refused[reason as usize - 1]);
    }
}

impl Reading {
    /// The name: `http_server_open_connections`.
    pub fn name(&self) -> &'static str {
        self.number.name
    }

    /// What it counts, in a line.
    pub fn help(&self) -> &'static str {
        self.number.help
    }

    /// Whether it only rises.
    pub fn kind(&self) -> ReadingKind {
        self.number.kind
    }

    /// What it is now.
    pub fn value(&self) -> u64 {
        match self.number.read {
            Read::Number(read) => read(self.stats.counts()).load(Ordering::Relaxed),
            Read::Refused(reason) => self.stats.refused(reason),
        }
    }
}

struct Number {
    name: &'static str,
    help: &'static str,
    kind: ReadingKind,
    read: Read,
}

enum Read {
    Number(fn(&Counts) -> &AtomicU64),
    Refused(Refused),
}

macro_rules! numbers {
    ($($kind:ident $name:literal, $help:literal, $read:expr;)*) => {
        &[$(Number { name: concat!("http_server_", $name), help: $help, kind: ReadingKind::$kind, read: $read },)*]
    };
}

static NUMBERS: &[Number] = numbers! {
    Gauge "open_connections", "Connections that are open", Read::Number(|c| &c.open);
    Gauge "calls_in_flight", "Calls in flight, streamed answers included", Read::Number(|c| &c.in_flight.0);
    Gauge "accept_paused", "Listeners that accept nothing now: full, or out of descriptors", Read::Number(|c| &c.accept_paused);
    Counter "accept_pauses_total", "Times that a listener stopped accepting for a while", Read::Number(|c| &c.accept_pauses);
    Counter "accept_errors_total", "Errors of accepting, such as descriptors that ran out", Read::Number(|c| &c.accept_errors);
    Counter "accepted_total", "Connections accepted", Read::Number(|c| &c.accepted);
    Counter "aborted_total", "Connections cut off with something in flight", Read::Number(|c| &c.aborted);
    Counter "idle_closed_total", "Connections closed because nobody used them", Read::Number(|c| &c.idle_closed);
    Counter "aged_total", "Connections that reached their greatest age", Read::Number(|c| &c.aged);
    Counter "header_timeouts_total", "Heads that came too slowly", Read::Number(|c| &c.header_timeouts);
    Counter "body_timeouts_total", "Bodies that came too slowly", Read::Number(|c| &c.body_timeouts);
    Counter "write_timeouts_total", "Clients that took nothing of an answer", Read::Number(|c| &c.write_timeouts);
    Counter "malformed_total", "Connections closed because of what is no HTTP", Read::Number(|c| &c.malformed);
    Counter "refused_head_too_large_total", "Requests refused: head too large", Read::Refused(Refused::HeadTooLarge);
    Counter "refused_too_many_headers_total", "Requests refused: too many headers", Read::Refused(Refused::TooManyHeaders);
    Counter "refused_uri_too_long_total", "Requests refused: target too long", Read::Refused(Refused::UriTooLong);
    Counter "refused_bad_target_total", "Requests refused: no target of a server", Read::Refused(Refused::Target);
    Counter "refused_bare_line_feed_total", "Requests refused: LF without CR", Read::Refused(Refused::BareLineFeed);
    Counter "refused_host_missing_total", "Requests refused: no host", Read::Refused(Refused::HostMissing);
    Counter "refused_host_repeated_total", "Requests refused: several hosts", Read::Refused(Refused::HostRepeated);
    Counter "refused_host_invalid_total", "Requests refused: no valid host", Read::Refused(Refused::HostInvalid);
    Counter "refused_host_mismatch_total", "Requests refused: target and host disagree", Read::Refused(Refused::HostMismatch);
    Counter "refused_content_length_repeated_total", "Requests refused: several lengths", Read::Refused(Refused::LengthRepeated);
    Counter "refused_content_length_and_transfer_encoding_total", "Requests refused: a length and a coding",
        Read::Refused(Refused::LengthAndCoding);
    Counter "refused_transfer_encoding_total", "Requests refused: a coding other than chunked", Read::Refused(Refused::Coding);
    Counter "refused_authorization_repeated_total", "Requests refused: several authorizations",
        Read::Refused(Refused::AuthorizationRepeated);
    Counter "refused_too_busy_total", "Requests refused: too many in flight", Read::Refused(Refused::Busy);
};

impl fmt::Debug for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.pairs().map(|reading| (reading.name(), reading.value()))).finish()
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.value())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_has_a_name_of_its_own_and_is_read_anew() {
        let stats = Stats::default();
        let names: HashSet<_> = stats.pairs().map(|reading| reading.name()).collect();
        assert_eq!(names.len(), stats.pairs().count());
        for reading in stats.pairs() {
            assert_eq!(reading.name().ends_with("_total"), reading.kind() == ReadingKind::Counter, "{reading:?}");
        }
        for reason in Refused::ALL {
            let name = format!("http_server_refused_{}_total", reason.as_str());
            let reading = stats.pairs().find(|reading| reading.name() == name).expect("a number for each reason");
            stats.counts().refuse(reason);
            assert_eq!((reading.value(), stats.refused(reason)), (1, 1));
        }
    }

    #[test]
    fn no_more_calls_are_admitted_than_may_be() {
        let stats = Stats::default();
        assert!(stats.counts().begin(2) && stats.counts().begin(2) && !stats.counts().begin(2));
        assert_eq!(stats.in_flight(), 2);
        stats.counts().end();
        assert!(stats.counts().begin(2));
    }
}
