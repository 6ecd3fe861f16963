//! The thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use slog::OwnedKVList;

use super::queue::Shared;
use crate::format::Formatter;
use crate::output::{Lost, Output};

/// What a pipe takes in one piece: the smallest `PIPE_BUF` in use on Linux.
const CHUNK: usize = 4096;

pub(super) struct Worker {
    shared: Arc<Shared>,
    formatter: Formatter,
    output: Output,
}

/// Tells those who wait that the thread has ended, however it did.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, formatter: Formatter, output: Output) -> Self {
        Self { shared, formatter, output }
    }

    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        shared.begin();
        let _ended = Ended(&shared);
        let mut buffer = Vec::new();
        let mut done = 0;
        while let Some(batch) = shared.next(&mut buffer, done) {
            let mut rest = &buffer[..];
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(chunk(rest));
                self.write(chunk);
                rest = after;
            }
            if batch.dropped > 0 {
                self.tell_dropped(batch.dropped);
            }
            // A writer that cannot flush says so again at the next write.
            let _ = catch_unwind(AssertUnwindSafe(|| self.output.flush()));
            buffer.clear();
            done = batch.lines;
        }
    }

    fn write(&mut self, lines: &[u8]) {
        let Self { shared, output, .. } = self;
        let written = catch_unwind(AssertUnwindSafe(|| output.write(lines, &mut || shared.pause())));
        // A writer that panics may have taken some of the lines; none is certain.
        let written = written.unwrap_or_else(|_| Err(Lost(lines.iter().filter(|byte| **byte == b'\n').count() as u64)));
        if let Err(Lost(count)) = written {
            shared.counters.add_write_errors(count);
        }
    }

    /// Prints how many lines are missing here.
    fn tell_dropped(&mut self, dropped: u64) {
        let nothing = OwnedKVList::from(slog::o!());
        let record = slog::record_static!(slog::Level::Warning, "");
        let text = format_args!("log lines dropped");
        let pairs = slog::kv!("dropped" => dropped);
        let record = slog::Record::new(&record, &text, slog::BorrowedKV(&pairs));
        let line = self.formatter.line(&record, &nothing, <[u8]>::to_vec);
        self.write(&line);
    }
}

/// How many bytes to write at once: whole lines that fit a chunk, or one line that does not.
fn chunk(lines: &[u8]) -> usize {
    let newline = |byte: &u8| *byte == b'\n';
    let first = &lines[..lines.len().min(CHUNK)];
    let end = first.iter().rposition(newline).or_else(|| lines.iter().position(newline));
    end.map_or(lines.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_whole_lines_that_a_pipe_takes_in_one_piece() {
        let short = "a=1\n".repeat(3000);
        assert_eq!(chunk(short.as_bytes()), CHUNK);
        let odd = format!("{}\nb=2\n", "x".repeat(4000)).repeat(2);
        assert_eq!(chunk(odd.as_bytes()), 4005);
        let long = format!("{}\nb=2\n", "x".repeat(9000));
        assert_eq!(chunk(long.as_bytes()), 9001);
        assert_eq!(chunk(b"a=1\nb=2\n"), 8);
    }
}
