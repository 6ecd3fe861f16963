//! Lines into a writer: whole, or counted.

use std::io::{ErrorKind, Write};

/// A writer of whole lines.
pub(crate) struct Output {
    writer: Box<dyn Write + Send>,
    /// The writer took the beginning of a line and refused the rest.
    torn: bool,
}

/// The writer refused what was left; so many lines did not reach it whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost(pub(crate) u64);

impl Output {
    pub(crate) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, torn: false }
    }

    /// Writes one or more lines in one write, or in as many as the writer takes. `wait` is asked each time the writer
    /// would block, and answers whether to try again.
    pub(crate) fn write(&mut self, lines: &[u8], wait: &mut dyn FnMut() -> bool) -> Result<(), Lost> {
        if self.torn {
            // Ends what was torn, so that it spoils no line but its own.
            self.put(b"\n", wait).map_err(|_| lost(lines))?;
            self.torn = false;
        }
        self.put(lines, wait).map_err(|rest| {
            let begun = &lines[..lines.len() - rest.len()];
            self.torn = !matches!(begun.last(), None | Some(b'\n'));
            lost(rest)
        })
    }

    fn put<'a>(&mut self, lines: &'a [u8], wait: &mut dyn FnMut() -> bool) -> Result<(), &'a [u8]> {
        let mut rest = lines;
        while !rest.is_empty() {
            match self.writer.write(rest) {
                Ok(0) => return Err(rest),
                Ok(count) => rest = &rest[count.min(rest.len())..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && wait() => {}
                Err(_) => return Err(rest),
            }
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

fn lost(rest: &[u8]) -> Lost {
    Lost(rest.iter().filter(|byte| **byte == b'\n').count() as u64)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// Answers each write as it is told: how many bytes to take, or why not.
    struct Scripted {
        answers: Vec<Result<usize, ErrorKind>>,
        taken: SyncSender<Vec<u8>>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.answers.remove(0)?.min(bytes.len());
            self.taken.send(bytes[..count].to_vec()).expect("the test listens");
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn scripted(answers: &[Result<usize, ErrorKind>]) -> (Output, Receiver<Vec<u8>>) {
        let (taken, seen) = sync_channel(100);
        (Output::new(Box::new(Scripted { answers: answers.to_vec(), taken })), seen)
    }

    fn text(seen: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(seen.try_iter().flatten().collect()).expect("the test writes text")
    }

    const ALL: Result<usize, ErrorKind> = Ok(usize::MAX);

    #[test]
    fn a_line_taken_in_pieces_is_whole() {
        let (mut output, seen) = scripted(&[Ok(3), Err(ErrorKind::Interrupted), ALL]);
        assert_eq!(output.write(b"a=1 b=2\n", &mut || false), Ok(()));
        assert_eq!(text(&seen), "a=1 b=2\n");
    }

    #[test]
    fn a_torn_line_is_lost_and_spoils_no_other() {
        let (mut output, seen) = scripted(&[Ok(6), Err(ErrorKind::BrokenPipe), ALL, ALL]);
        assert_eq!(output.write(b"a=1\nb=2\nc=3\n", &mut || false), Err(Lost(2)));
        assert_eq!(output.write(b"d=4\n", &mut || false), Ok(()));
        assert_eq!(text(&seen), "a=1\nb=\nd=4\n");
    }

    #[test]
    fn a_refused_line_leaves_nothing_to_mend() {
        let (mut output, seen) = scripted(&[Err(ErrorKind::StorageFull), Ok(0), ALL]);
        assert_eq!(output.write(b"a=1\n", &mut || false), Err(Lost(1)));
        assert_eq!(output.write(b"b=2\n", &mut || false), Err(Lost(1)));
        assert_eq!(output.write(b"c=3\n", &mut || false), Ok(()));
        assert_eq!(text(&seen), "c=3\n");
    }

    #[test]
    fn a_writer_that_would_block_is_tried_again_as_long_as_the_caller_will_wait() {
        let blocked = Err(ErrorKind::WouldBlock);
        let (mut output, seen) = scripted(&[blocked, blocked, ALL, blocked]);
        let mut waits = 0;
        let mut wait = || {
            waits += 1;
            waits < 3
        };
        assert_eq!(output.write(b"a=1\n", &mut wait), Ok(()));
        assert_eq!(output.write(b"b=2\n", &mut wait), Err(Lost(1)));
        assert_eq!(text(&seen), "a=1\n");
    }
}
