//! Lines into datagrams.

use std::io;
use std::time::Duration;

use cadence::MetricSink;

use crate::statsd::memory::{Memory, Sent};

/// Datagrams that go out one right after the other: a fifth of what a socket on Linux holds by default until its daemon reads it.
const BURST: u64 = 16;

/// What the daemon has for reading them.
const PAUSE: Duration = Duration::from_millis(1);

/// In one flush at most: half of the second that a shutdown waits for the last one.
const PAUSES: u64 = 500;

/// Lines that go into one datagram together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Lines with line ends between them.
    pub(crate) text: String,
    pub(crate) lines: u64,
    /// What the daemon knows once they have arrived.
    pub(crate) then: Option<(u64, Sent)>,
}

/// Why a group, or a whole datagram, was not sent.
pub(crate) enum Dropped {
    /// The group alone is longer than a datagram: so many lines.
    TooLong(u64),
    /// The sink refused the datagram before it.
    Refused(io::Error),
}

/// Fills datagrams and hands them to a sink.
pub(crate) struct Packer {
    size: usize,
    text: String,
    waiting: u64,
    then: Vec<(u64, Sent)>,
    pause: fn(Duration),
    /// Lines and datagrams that the sink took, and lines that it refused.
    pub(crate) lines: u64,
    pub(crate) datagrams: u64,
    pub(crate) refused: u64,
}

impl Group {
    pub(crate) fn push(&mut self, line: &str) {
        if self.lines > 0 {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.lines += 1;
    }

    /// Adds the lines of another group.
    pub(crate) fn append(&mut self, other: &Self) {
        self.push(&other.text);
        self.lines += other.lines.saturating_sub(1);
    }
}

impl Packer {
    /// Fills datagrams of this size, and waits by `pause` between bursts of them.
    pub(crate) fn new(size: usize, pause: fn(Duration)) -> Self {
        let text = String::with_capacity(size);
        Self { size, text, waiting: 0, then: Vec::new(), pause, lines: 0, datagrams: 0, refused: 0 }
    }

    /// Adds a group, sending the datagram before it if that is full.
    pub(crate) fn push(&mut self, group: Group, sink: &dyn MetricSink, memory: &mut Memory) -> Result<(), Dropped> {
        if group.text.len() > self.size {
            return Err(Dropped::TooLong(group.lines));
        }
        let full = !self.text.is_empty() && self.text.len() + 1 + group.text.len() > self.size;
        if full && let Err(error) = self.send(sink, memory) {
            self.refused += group.lines;
            return Err(Dropped::Refused(error));
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&group.text);
        self.waiting += group.lines;
        self.then.extend(group.then);
        Ok(())
    }

    /// Sends what is left.
    pub(crate) fn finish(&mut self, sink: &dyn MetricSink, memory: &mut Memory) -> io::Result<()> {
        if !self.text.is_empty() {
            self.send(sink, memory)?;
        }
        sink.flush()
    }

    fn send(&mut self, sink: &dyn MetricSink, memory: &mut Memory) -> io::Result<()> {
        if self.datagrams > 0 && self.datagrams.is_multiple_of(BURST) && self.datagrams / BURST <= PAUSES {
            (self.pause)(PAUSE);
        }
        let sent = sink.emit(&self.text);
        self.text.clear();
        let (lines, then) = (std::mem::take(&mut self.waiting), self.then.drain(..));
        match sent {
            Ok(_) => {
                then.for_each(|(series, sent)| memory.keep(series, sent));
                self.lines += lines;
                self.datagrams += 1;
                Ok(())
            }
            Err(error) => {
                drop(then);
                self.refused += lines;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use cadence::NopMetricSink;

    use super::*;

    thread_local! {
        static PAUSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    /// How long a flush of so many datagrams waits.
    fn paused(datagrams: u64) -> Duration {
        PAUSED.set(Duration::ZERO);
        let mut packer = Packer::new(8, |pause| PAUSED.set(PAUSED.get() + pause));
        for _ in 0..datagrams {
            let group = Group { text: "a:1|c".into(), lines: 1, then: None };
            assert!(packer.push(group, &NopMetricSink, &mut Memory::default()).is_ok());
        }
        packer.finish(&NopMetricSink, &mut Memory::default()).unwrap();
        assert_eq!((packer.lines, packer.datagrams), (datagrams, datagrams));
        PAUSED.get()
    }

    #[test]
    fn a_large_flush_goes_out_in_bursts_and_takes_half_a_second_more_at_most() {
        assert_eq!([0, 1, 16].map(paused), [Duration::ZERO; 3]);
        assert_eq!([17, 32, 33, 160].map(paused), [1, 1, 2, 9].map(Duration::from_millis));
        assert_eq!([8_017, 100_000].map(paused), [Duration::from_millis(500); 2]);
    }
}
