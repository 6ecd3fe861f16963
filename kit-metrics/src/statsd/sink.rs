//! Where datagrams go, opened when needed.

use std::fmt;
use std::io;
use std::net::UdpSocket;

use cadence::{MetricSink, UdpMetricSink};

/// Flushes after which a UDP address is resolved again: a daemon that moves is found within minutes, and nothing on
/// UDP would say that it has moved.
const RESOLVE_AFTER: u32 = 30;

type Open = Box<dyn FnMut() -> io::Result<Box<dyn MetricSink + Send>> + Send>;

/// A sink, and how to make it again.
pub(crate) struct Target {
    open: Open,
    sink: Option<Box<dyn MetricSink + Send>>,
    /// Uses left before the sink is made again; `None` for ever.
    fresh_for: Option<u32>,
    used: u32,
}

impl Target {
    pub(crate) fn new(open: impl FnMut() -> io::Result<Box<dyn MetricSink + Send>> + Send + 'static) -> Self {
        Self { open: Box::new(open), sink: None, fresh_for: None, used: 0 }
    }

    pub(crate) fn udp(address: String) -> Self {
        let open = move || {
            use std::net::ToSocketAddrs;
            let to = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
            let socket = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
            // A full buffer is an error to be counted, not something to wait for.
            socket.set_nonblocking(true)?;
            Ok(Box::new(UdpMetricSink::from(to, socket).map_err(io::Error::other)?) as Box<_>)
        };
        Self { fresh_for: Some(RESOLVE_AFTER), ..Self::new(open) }
    }

    #[cfg(unix)]
    pub(crate) fn unix(path: std::path::PathBuf) -> Self {
        Self::new(move || {
            let socket = std::os::unix::net::UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(Box::new(cadence::UnixMetricSink::from(&path, socket)))
        })
    }

    /// The sink, made if there is none or it has been used for long.
    pub(crate) fn open(&mut self) -> io::Result<&dyn MetricSink> {
        if self.fresh_for.is_some_and(|uses| self.used >= uses) {
            self.close();
        }
        let sink = match self.sink.take() {
            Some(sink) => sink,
            None => (self.open)()?,
        };
        self.used += 1;
        Ok(&**self.sink.insert(sink))
    }

    /// Makes the next use open anew.
    pub(crate) fn close(&mut self) {
        self.sink = None;
        self.used = 0;
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("open", &self.sink.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use cadence::NopMetricSink;

    use super::*;

    #[test]
    fn a_sink_is_made_again_when_it_is_no_longer_fresh() {
        let made = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&made);
        let open = move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(NopMetricSink) as Box<_>)
        };
        let mut target = Target { fresh_for: Some(RESOLVE_AFTER), ..Target::new(open) };
        for uses in 1..=3 * RESOLVE_AFTER {
            target.open().unwrap();
            assert_eq!(made.load(Ordering::Relaxed), uses.div_ceil(RESOLVE_AFTER));
        }
    }
}
