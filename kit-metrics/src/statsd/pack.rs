//! Lines into datagrams.

use std::io;

use cadence::MetricSink;

use crate::statsd::memory::{Memory, Sent};

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
    pub(crate) fn new(size: usize) -> Self {
        let text = String::with_capacity(size);
        Self { size, text, waiting: 0, then: Vec::new(), lines: 0, datagrams: 0, refused: 0 }
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
