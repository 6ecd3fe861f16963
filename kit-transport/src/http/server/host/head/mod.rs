//! What hyper does not refuse, or refuses with nothing but a status, is found here: in the bytes of an HTTP/1 connection,
//! before hyper reads them.
//!
//! The scanner looks once at each byte of a head, at the end of its line, and counts bodies off to know where the next head
//! begins. It agrees with hyper on that because it lets nothing pass that says it in two ways. Where it refuses, it ends the head
//! on the spot: hyper reads a complete request, with which the host's service answers by the [reason](Refused), and nothing
//! behind it is read as a request.

use memchr::{memchr, memchr_iter};

use super::chunked::{Chunked, Fed};
use super::name::is_authority;
use super::refused::Refused;

/// What a head may measure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) head: usize,
    pub(super) headers: usize,
    pub(super) uri: usize,
}

/// Where a connection's input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between two requests, at the first byte of the second.
    Between,
    /// In a head.
    Head,
    /// In a body that a `Content-Length` measures.
    Fixed,
    /// In a chunked body.
    Chunked,
    /// Where nothing is read as a request any more.
    Over,
}

/// What is wrong with the bytes just fed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The head's: so many of the bytes pass, then these end it, and the request is refused.
    Head { keep: usize, ending: &'static [u8], refused: Refused },
    /// The body's: so many of the bytes pass, and the body breaks off.
    Body { keep: usize },
}

#[derive(Debug)]
pub(super) struct Scanner {
    limits: Limits,
    state: State,
    head: Head,
    /// The part of a line that earlier reads brought: empty for nearly every head, which comes in one piece.
    held: Vec<u8>,
    /// Heads that have passed to their end.
    heads: u64,
}

#[derive(Debug)]
enum State {
    Request,
    Headers,
    Fixed(u64),
    Chunked(Chunked),
    Over,
}

#[derive(Debug, Default)]
struct Head {
    bytes: usize,
    headers: usize,
    http10: bool,
    hosts: u8,
    bad_host: bool,
    authorizations: u8,
    lengths: u8,
    /// `None` for one that hyper will refuse.
    length: Option<u64>,
    codings: u8,
    chunked: bool,
}

impl Scanner {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: State::Request, head: Head::default(), held: Vec::new(), heads: 0 }
    }

    /// How many heads have come to their end, one that was refused included.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    pub(super) fn place(&self) -> Place {
        match self.state {
            State::Request if self.head.bytes == 0 && self.held.is_empty() => Place::Between,
            State::Request | State::Headers => Place::Head,
            State::Fixed(_) => Place::Fixed,
            State::Chunked(_) => Place::Chunked,
            State::Over => Place::Over,
        }
    }

    /// Looks at what a read brought; nothing is said as long as nothing is wrong.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Cut> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match &mut self.state {
                State::Request | State::Headers => match memchr(b'\n', rest) {
                    Some(end) => {
                        if let Some(cut) = self.line(rest, at, end) {
                            return Some(cut);
                        }
                        at += end + 1;
                    }
                    None => return self.hold(rest, at),
                },
                State::Fixed(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= here as u64;
                    at += here;
                    if *left == 0 {
                        self.state = State::Request;
                    }
                }
                State::Chunked(chunked) => match chunked.feed(rest) {
                    Fed::More => return None,
                    Fed::End(end) => {
                        at += end;
                        self.state = State::Request;
                    }
                    Fed::Bad(bad) => {
                        self.state = State::Over;
                        return Some(Cut::Body { keep: at + bad });
                    }
                },
                State::Over => return Some(Cut::Body { keep: at }),
            }
        }
        None
    }

    /// A line that ends at `end` of `rest`, which begins at `at` of what was read.
    fn line(&mut self, rest: &[u8], at: usize, end: usize) -> Option<Cut> {
        let held = std::mem::take(&mut self.held);
        let cut = if held.is_empty() {
            self.look(&rest[..end], at, 0)
        } else {
            let mut line = held;
            let before = line.len();
            line.extend_from_slice(&rest[..end]);
            let cut = self.look(&line, at, before);
            // Its room serves the next one.
            line.clear();
            self.held = line;
            cut
        };
        if self.place() == Place::Between {
            self.held = Vec::new();
        }
        cut
    }

    /// `line` is without its LF; its first `before` bytes have passed with earlier reads.
    fn look(&mut self, line: &[u8], at: usize, before: usize) -> Option<Cut> {
        let in_headers = matches!(self.state, State::Headers);
        if !in_headers
            && let Some(Target { start, uri, .. }) = target(line)
            && uri.len() > self.limits.uri
        {
            return self.uri_too_long(start, at, before);
        }
        let whole = line;
        let Some(line) = line.strip_suffix(b"\r") else {
            let ending: &[u8] = match (in_headers, line.is_empty()) {
                (true, true) => b"\r\n",
                (false, true) => b"GET / HTTP/1.1\r\n\r\n",
                _ => b"\r\n\r\n",
            };
            return self.refuse(at + line.len() - before, ending, Refused::BareLineFeed);
        };
        if self.head.bytes + line.len() + 2 > self.limits.head {
            return self.too_large(whole, at, before);
        }
        let cut = match (in_headers, line.is_empty()) {
            // RFC 9112, 2.2: an empty line before a request is passed over.
            (false, true) => None,
            (false, false) => self.request(line, at, before),
            (true, true) => return self.finish(at + 2 - before),
            (true, false) => self.header(line, at, before),
        };
        self.head.bytes += line.len() + 2;
        cut
    }

    fn request(&mut self, line: &[u8], at: usize, before: usize) -> Option<Cut> {
        self.state = State::Headers;
        let Target { uri, rest, .. } = target(line)?;
        // http drops what follows: another parser may not.
        if uri.contains(&b'#') {
            return self.refuse_line(line, at, before, Refused::Target);
        }
        self.head.http10 = rest == Some(b"HTTP/1.0");
        None
    }

    fn header(&mut self, line: &[u8], at: usize, before: usize) -> Option<Cut> {
        self.head.headers += 1;
        if self.head.headers > self.limits.headers {
            return match before {
                0 => self.refuse(at, b"\r\n", Refused::TooManyHeaders),
                _ => self.refuse_line(line, at, before, Refused::TooManyHeaders),
            };
        }
        let named = |name: &[u8]| {
            (line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name))
                .then(|| line[name.len() + 1..].trim_ascii())
        };
        let head = &mut self.head;
        match line[0] {
            b'h' | b'H' => {
                if let Some(host) = named(b"host") {
                    head.hosts = head.hosts.saturating_add(1);
                    head.bad_host |= !is_authority(host);
                }
            }
            b'c' | b'C' => {
                if let Some(length) = named(b"content-length") {
                    head.lengths = head.lengths.saturating_add(1);
                    head.length = digits(length);
                }
            }
            b't' | b'T' => {
                if let Some(coding) = named(b"transfer-encoding") {
                    head.codings = head.codings.saturating_add(1);
                    head.chunked = coding.eq_ignore_ascii_case(b"chunked");
                }
            }
            b'a' | b'A' if named(b"authorization").is_some() => {
                head.authorizations = head.authorizations.saturating_add(1);
            }
            _ => {}
        }
        None
    }

    /// The head has ended, at `end` of what was read.
    fn finish(&mut self, end: usize) -> Option<Cut> {
        let head = std::mem::take(&mut self.head);
        let refused = match &head {
            Head { hosts: 0, http10: false, .. } => Some(Refused::HostMissing),
            Head { hosts: 2.., .. } => Some(Refused::HostRepeated),
            Head { bad_host: true, .. } => Some(Refused::HostInvalid),
            Head { codings: 1.., lengths: 1.., .. } => Some(Refused::LengthAndCoding),
            Head { codings: 2.., .. } | Head { codings: 1, chunked: false, .. } => Some(Refused::Coding),
            Head { lengths: 2.., .. } => Some(Refused::LengthRepeated),
            Head { authorizations: 2.., .. } => Some(Refused::AuthorizationRepeated),
            _ => None,
        };
        if let Some(refused) = refused {
            return self.refuse(end, b"", refused);
        }
        self.heads += 1;
        self.state = match head {
            Head { codings: 1, .. } => State::Chunked(Chunked::START),
            Head { lengths: 0, .. } | Head { length: Some(0), .. } => State::Request,
            Head { length: Some(length), .. } => State::Fixed(length),
            // No number: hyper refuses it.
            Head { length: None, .. } => State::Over,
        };
        None
    }

    /// A line goes on with the next read.
    fn hold(&mut self, rest: &[u8], at: usize) -> Option<Cut> {
        let before = self.held.len();
        if self.head.bytes + before + rest.len() <= self.limits.uri.min(self.limits.head) {
            self.held.extend_from_slice(rest);
            return None;
        }
        let mut line = std::mem::take(&mut self.held);
        line.extend_from_slice(rest);
        if matches!(self.state, State::Request)
            && let Some(Target { start, uri, .. }) = target(&line)
            && uri.len() > self.limits.uri
        {
            return self.uri_too_long(start, at, before);
        }
        if self.head.bytes + line.len() > self.limits.head {
            return self.too_large(&line, at, before);
        }
        self.held = line;
        None
    }

    /// The target begins at `start` of its line: as much of it passes as may.
    fn uri_too_long(&mut self, start: usize, at: usize, before: usize) -> Option<Cut> {
        self.refuse(at + (start + self.limits.uri).saturating_sub(before), b" HTTP/1.1\r\n\r\n", Refused::UriTooLong)
    }

    /// Nothing more of the line passes: if some of it did, that is made a line.
    fn too_large(&mut self, line: &[u8], at: usize, before: usize) -> Option<Cut> {
        let passed = &line[..before];
        let ending: &[u8] = match &self.state {
            State::Request if passed.is_empty() => b"GET / HTTP/1.1\r\n\r\n",
            State::Request => match memchr_iter(b' ', passed).count() {
                0 => b" / HTTP/1.1\r\n\r\n",
                1 => b" HTTP/1.1\r\n\r\n",
                _ => b"\r\n\r\n",
            },
            _ if passed.is_empty() => b"\r\n",
            _ if passed.ends_with(b"\r") => b"\n\r\n",
            _ if memchr(b':', passed).is_none() => b":\r\n\r\n",
            _ => b"\r\n\r\n",
        };
        self.refuse(at, ending, Refused::HeadTooLarge)
    }

    /// The line passes, and the head ends with it.
    fn refuse_line(&mut self, line: &[u8], at: usize, before: usize, refused: Refused) -> Option<Cut> {
        match line.len().checked_sub(before) {
            Some(rest) => self.refuse(at + rest, b"\r\n\r\n", refused),
            // All of it has passed, with its CR.
            None => self.refuse(at, b"\n\r\n", refused),
        }
    }

    fn refuse(&mut self, keep: usize, ending: &'static [u8], refused: Refused) -> Option<Cut> {
        self.heads += 1;
        self.state = State::Over;
        Some(Cut::Head { keep, ending, refused })
    }
}

/// The target of a request's line.
struct Target<'a> {
    /// Where in the line it begins.
    start: usize,
    /// As far as it is there.
    uri: &'a [u8],
    /// What follows it.
    rest: Option<&'a [u8]>,
}

fn target(line: &[u8]) -> Option<Target<'_>> {
    let start = memchr(b' ', line)? + 1;
    let tail = &line[start..];
    Some(match memchr(b' ', tail) {
        Some(end) => Target { start, uri: &tail[..end], rest: Some(&tail[end + 1..]) },
        None => Target { start, uri: tail, rest: None },
    })
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |number, &byte| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
