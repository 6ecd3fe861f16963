//! Ports for servers that are killed and come back at the same one.

use std::io;
use std::net::TcpListener;

/// Below those that the system gives to who connects: a port of a server that is away for a while must not become a caller's, nor a
/// caller's connection one with itself.
const FIRST: u16 = 15_000;
const LAST: u16 = 31_000;

/// Hands out ports that nobody listens on, each once.
pub(super) struct Ports {
    next: u16,
}

impl Ports {
    /// Begins where another process of this kind most likely does not.
    pub(super) fn new() -> Self {
        let spread = u32::from(LAST - FIRST);
        let next = FIRST + u16::try_from(std::process::id().wrapping_mul(97) % spread).unwrap_or_default();
        Self { next }
    }

    pub(super) fn take(&mut self) -> io::Result<u16> {
        for _ in FIRST..LAST {
            let port = self.next;
            self.next = if port + 1 < LAST { port + 1 } else { FIRST };
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return Ok(port);
            }
        }
        Err(io::Error::other(format!("there is no free port in [{FIRST}, {LAST})")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_port_is_given_once_and_stays_within_its_range() {
        let mut ports = Ports { next: LAST - 2 };
        let taken: Vec<u16> = (0..20).map(|_| ports.take().unwrap()).collect();
        assert!(taken.iter().all(|port| (FIRST..LAST).contains(port)));
        let mut distinct = taken.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), taken.len());
    }
}
