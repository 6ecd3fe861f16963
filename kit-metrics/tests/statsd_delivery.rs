//! Daemons that are down, die, hang or come back.

mod support;

use std::io;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cadence::MetricSink;
use kit_metrics::statsd::Statsd;
use kit_metrics::{Backend, Registry, Reporter};
use support::daemon::Daemon;

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

const NEVER: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_secs(60);

#[test]
fn what_a_dead_daemon_missed_is_sent_when_it_is_back() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let mut statsd = daemon.builder().build(&registry)?;
    let calls = registry.counter("calls_total", "Calls").unlabelled()?;
    let wait = registry.histogram("wait_seconds", "Waits").unlabelled()?;
    calls.inc();
    statsd.export(&registry.snapshot())?;
    daemon.look(|state| state.down = true);
    for _ in 0..100 {
        calls.add(2);
        wait.observe(Duration::from_secs(1));
        assert!(statsd.export(&registry.snapshot()).is_err());
    }
    daemon.look(|state| state.down = false);
    statsd.export(&registry.snapshot())?;
    assert_eq!(daemon.counter("calls_total"), Some(201.0));
    assert_eq!((daemon.counter("wait_seconds.count"), daemon.counter("wait_seconds.sum")), (Some(100.0), Some(100.0)));
    let dropped = registry.snapshot().value("kit_metrics_statsd_lines_dropped_total", &[("reason", "send")]);
    assert!(dropped > Some(99.0), "{dropped:?}");
    Ok(())
}

#[test]
fn a_daemon_that_cannot_be_opened_at_the_start_is_found_when_it_comes() -> Result {
    let (registry, daemon, there) = (Registry::new(), Daemon::default(), Arc::new(AtomicBool::new(false)));
    let (to, up) = (daemon.clone(), Arc::clone(&there));
    let open = move || if up.load(Ordering::Relaxed) { Ok(to.clone()) } else { Err(io::ErrorKind::NotFound.into()) };
    let mut statsd = Statsd::sink(open).build(&Registry::new())?;
    registry.counter("calls_total", "Calls").unlabelled()?.add(5);
    assert!(statsd.export(&registry.snapshot()).is_err());
    there.store(true, Ordering::Relaxed);
    statsd.export(&registry.snapshot())?;
    assert_eq!(daemon.counter("calls_total"), Some(5.0));
    Ok(())
}

#[test]
fn a_sink_that_failed_is_made_anew() -> Result {
    let (daemon, registry) = (Daemon::default(), Registry::new());
    let (opened, to) = (Arc::new(AtomicUsize::new(0)), daemon.clone());
    let count = Arc::clone(&opened);
    let open = move || {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(to.clone())
    };
    let mut statsd = Statsd::sink(open).build(&Registry::new())?;
    registry.gauge("depth", "Depth").unlabelled()?;
    statsd.export(&registry.snapshot())?;
    statsd.export(&registry.snapshot())?;
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    daemon.look(|state| state.down = true);
    assert!(statsd.export(&registry.snapshot()).is_err());
    daemon.look(|state| state.down = false);
    statsd.export(&registry.snapshot())?;
    assert_eq!(opened.load(Ordering::Relaxed), 2);
    Ok(())
}

/// A sink that says when it is entered and does not return until it is let go.
struct Hangs(SyncSender<()>, Mutex<Receiver<()>>);

impl MetricSink for Hangs {
    fn emit(&self, metric: &str) -> io::Result<usize> {
        let _ = self.0.send(());
        let _ = self.1.lock().map_err(|_| io::ErrorKind::Other)?.recv();
        Ok(metric.len())
    }
}

#[test]
fn a_sink_that_never_returns_delays_no_caller() -> Result {
    let registry = Registry::new();
    let ((entered, enters), (let_go, gate)) = (sync_channel(1), sync_channel(1));
    let mut sink = Some(Hangs(entered, Mutex::new(gate)));
    let statsd = Statsd::sink(move || sink.take().ok_or(io::ErrorKind::NotFound.into())).build(&registry)?;
    let calls = registry.counter("calls_total", "Calls").labels(["path"])?;
    calls.with(["/a"])?.inc();
    let reporter = Reporter::start(&registry, Duration::from_millis(1), statsd)?;
    enters.recv()?;
    // The sink holds the reporter's thread now; everything that callers do goes on.
    for n in 0..10_000 {
        calls.using([&n.to_string()], |calls| calls.inc())?;
    }
    assert_eq!(registry.snapshot().family("calls_total").map(|family| family.series().len()), Some(1001));
    assert!(!reporter.shutdown(Duration::from_millis(1)));
    drop(let_go);
    Ok(())
}

#[test]
fn the_last_flush_comes_at_shutdown() -> Result {
    let (registry, daemon) = (Registry::new(), Daemon::default());
    let reporter = Reporter::start(&registry, NEVER, daemon.builder().build(&registry)?)?;
    registry.counter("calls_total", "Calls").unlabelled()?.add(9);
    assert!(reporter.shutdown(SOON));
    assert_eq!(daemon.counter("calls_total"), Some(9.0));
    Ok(())
}

#[test]
fn datagrams_arrive_over_udp() -> Result {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let registry = Registry::new();
    let mut statsd = Statsd::udp(socket.local_addr()?.to_string()).build(&Registry::new())?;
    registry.counter("calls_total", "Calls").unlabelled()?.add(3);
    registry.gauge("depth", "Depth").unlabelled()?.set(1.5);
    statsd.export(&registry.snapshot())?;
    let mut datagram = [0; 2048];
    let (size, _) = socket.recv_from(&mut datagram)?;
    assert_eq!(str::from_utf8(&datagram[..size])?, "calls_total:3|c\ndepth:1.5|g");
    Ok(())
}

#[cfg(unix)]
#[test]
fn datagrams_arrive_over_a_unix_socket_once_it_is_there() -> Result {
    let path = std::env::temp_dir().join(format!("kit-metrics-{}.sock", std::process::id()));
    let registry = Registry::new();
    let mut statsd = Statsd::unix(&path).build(&Registry::new())?;
    registry.counter("calls_total", "Calls").unlabelled()?.add(3);
    assert!(statsd.export(&registry.snapshot()).is_err());
    let socket = std::os::unix::net::UnixDatagram::bind(&path)?;
    statsd.export(&registry.snapshot())?;
    let mut datagram = [0; 2048];
    let size = socket.recv(&mut datagram)?;
    std::fs::remove_file(&path)?;
    assert_eq!(&datagram[..size], b"calls_total:3|c");
    Ok(())
}
