//! What a process loses of its lines and its figures, and what it starts again.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use kit::heartbeat::{Pulse, Restart, Steward};
use kit::log::{Logger, Queue, Repeats};
use kit::metrics::statsd::Statsd;
use kit::metrics::{Backend, Registry, Reporter, Snapshot};
use kit::observe;
use tokio::time::timeout;

use crate::PATIENCE;

/// A writer that is shut until it is opened, and then refuses.
#[derive(Clone, Default)]
struct Shut(Arc<(Mutex<bool>, Condvar)>);

impl Write for Shut {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        let (open, changed) = &*self.0;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines that are cut, held back, dropped and refused.
pub(crate) fn lost_lines() -> (Logger, kit::log::Guard) {
    let shut = Shut::default();
    let config = kit::log::Config {
        line_max: 512,
        repeats: Some(Repeats { lines: 1_000, window: Duration::from_secs(3_600) }),
        queue: Some(Queue { bytes: 65_536, ..Queue::default() }),
        ..kit::log::Config::default()
    };
    let (log, guard) = config.start(shut.clone()).unwrap();
    for _ in 0..1_001 {
        kit::log::info!(log, "too long"; "text" => "x".repeat(1_000));
    }
    *shut.0.0.lock().unwrap() = true;
    shut.0.1.notify_all();
    // Refused lines are done with too.
    let _ = log.flush();
    (log, guard)
}

pub(crate) fn refused_values(metrics: &Registry) {
    let family = metrics.counter("tests_total", "Tests").limit(1).labels(["name"]).unwrap();
    family.with(["a\nb"]).unwrap().add_f64(f64::NAN);
    family.with(["past the limit"]).unwrap().inc();
    metrics.gauge_fn("tests_panics", "Panics", || std::panic::resume_unwind(Box::new("on purpose"))).unwrap();
    // A panic is counted in the snapshot after it.
    drop(metrics.snapshot());
}

struct Fails;
struct Panics;

impl Backend for Fails {
    fn name(&self) -> &'static str {
        "fails"
    }

    fn export(&mut self, _: &Snapshot) -> io::Result<()> {
        Err(io::ErrorKind::NotConnected.into())
    }
}

impl Backend for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }

    fn export(&mut self, _: &Snapshot) -> io::Result<()> {
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}

/// Backends that fail, panic, and send what they can.
pub(crate) fn exports(metrics: &Registry) {
    metrics.gauge("tests_level", "Neither sent nor a number").unlabelled().unwrap().set(f64::NAN);
    let daemon = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let statsd = Statsd::udp(daemon.local_addr().unwrap().to_string()).build(metrics).unwrap();
    let hour = Duration::from_secs(3_600);
    for reporter in [
        Reporter::start(metrics, hour, Fails).unwrap(),
        Reporter::start(metrics, hour, Panics).unwrap(),
        Reporter::start(metrics, hour, statsd).unwrap(),
    ] {
        assert!(reporter.shutdown(PATIENCE));
    }
}

pub(crate) async fn restart(metrics: &Registry) {
    let told = observe::restarts(metrics, &Logger::discard()).unwrap();
    let soon = Restart { pause: Duration::from_millis(1), ..Restart::default() };
    let (again, mut started) = tokio::sync::mpsc::channel(1);
    let steward = Steward::of("poller").restart(soon).observer(told).start(move |pulse: Pulse| {
        let again = again.clone();
        async move {
            pulse.unit();
            let _ = again.send(()).await;
            Ok(())
        }
    });
    for _ in 0..2 {
        timeout(PATIENCE, started.recv()).await.expect("it starts again").unwrap();
    }
    drop(steward.unwrap());
    let restarts = metrics.snapshot().value("kit_restarts_total", &[("steward", "poller")]);
    assert!(restarts.is_some_and(|restarts| restarts >= 1.0), "{restarts:?}");
}
