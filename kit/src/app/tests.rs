use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::health::Probe;
use kit_core::{Code, Error, Instance};
use kit_discovery::testing::memory::Registry;
use kit_log::{Logger, logfmt};
use tokio::sync::oneshot;

use super::App;

/// A log that is kept, line by line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn logger(&self) -> Logger {
        Logger::new(logfmt(self.clone()))
    }
}

#[tokio::test(start_paused = true)]
async fn parts_start_in_order_and_stop_in_reverse_and_each_step_is_logged() {
    let lines = Lines::default();
    let app = App::new(&lines.logger());
    let part = |part: kit_core::lifecycle::Part| async move {
        part.ready();
        part.stopping().await;
        Ok(())
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let running =
        tokio::spawn(app.part("store", part).part("http", part).run_until(async { drop(stopped.await) }, pending()));
    // Every step that needs no time has been made once time has to pass.
    tokio::time::sleep(Duration::from_millis(1)).await;
    drop(stop);
    assert!(running.await.unwrap().unwrap().is_clean());
    let text = lines.text();
    let steps: Vec<String> = text
        .lines()
        .filter_map(|line| {
            line.split_once("part=").map(|(_, rest)| rest.split(" took=").next().unwrap().replace("step=", ""))
        })
        .collect();
    assert_eq!(
        steps,
        [
            "store starting",
            "store ready",
            "http starting",
            "http ready",
            "http stopping",
            "http stopped",
            "store stopping",
            "store stopped"
        ],
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_stops_all_and_its_cause_is_the_end() {
    let lines = Lines::default();
    let app = App::new(&lines.logger())
        .part("store", async |part| {
            part.ready();
            part.stopping().await;
            Ok(())
        })
        .part("http", async |_part| Err(Error::unavailable("the port is taken")));
    let error = app.run_until(pending(), pending()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("http") && error.message().contains("the port is taken"), "{error}");
    assert!(lines.text().contains("step=failed"), "{}", lines.text());
    assert!(lines.text().contains("part=store step=stopped"), "{}", lines.text());
}

async fn part(part: kit_core::lifecycle::Part) -> Result<(), Error> {
    part.ready();
    part.stopping().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn whoever_starts_it_is_told_when_the_parts_are_ready_and_the_start_is_done() {
    let (open, opened) = oneshot::channel::<()>();
    let (tell, mut told) = oneshot::channel();
    let app = App::new(&Logger::discard());
    let health = app.health().clone();
    let app = app.part("store", async |part| {
        drop(opened.await);
        part.ready();
        part.stopping().await;
        Ok(())
    });
    let app = app.started(move || tell.send(()).unwrap());
    let is_started = async || health.report(Probe::Startup).await.is_healthy();
    let asked = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(told.try_recv().is_err() && !is_started().await);
        drop(open);
        told.await.unwrap();
        assert!(is_started().await);
    };
    assert!(app.run_until(asked, pending()).await.unwrap().is_clean());
}

#[tokio::test]
async fn what_the_parts_counted_to_their_end_is_reported() {
    let (metrics, daemon) = (kit_metrics::Registry::new(), std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    daemon.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let backend =
        kit_metrics::Provider::open(&format!("dogstatsd:{}", daemon.local_addr().unwrap()), &metrics).unwrap();
    let ends = metrics.counter("ends_total", "Ends").unlabelled().unwrap();
    let app = App::new(&Logger::discard()).metrics("metrics", &backend).part("http", async move |part| {
        part.ready();
        part.stopping().await;
        ends.inc();
        Ok(())
    });
    let (tell, told) = oneshot::channel();
    let app = app.started(move || tell.send(()).unwrap());
    assert!(app.run_until(async { told.await.unwrap() }, pending()).await.unwrap().is_clean());
    let mut datagram = [0; 65_536];
    let size = daemon.recv(&mut datagram).unwrap();
    let text = std::str::from_utf8(&datagram[..size]).unwrap();
    assert!(text.lines().any(|line| line == "ends_total:1|c"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_hangs_holds_up_no_stop_for_longer_than_it_may() {
    let (lines, registry) = (Lines::default(), Registry::new());
    let observed = crate::observe::registration_log(&lines.logger());
    let registrar = registry.registrar("strings").observer(observed);
    let app = App::new(&lines.logger()).register("registration", registrar, Instance::new("10.0.0.1:80"));
    let began = tokio::time::Instant::now();
    let asked = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(registry.registered("strings").len(), 1);
        registry.hang();
    };
    let stopped = app.part("http", part).run_until(asked, pending()).await.unwrap();
    // The second that the registrar in memory grants; and the program did nothing wrong.
    assert_eq!(began.elapsed(), Duration::from_secs(11));
    assert!(stopped.is_clean());
    let text = lines.text();
    let place = |of: &str| text.find(of).unwrap_or_else(|| panic!("{of} in {text}"));
    assert!(place("msg=\"not withdrawn\"") < place("part=http step=stopping"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_away_at_the_start_is_tried_until_it_returns_and_nobody_is_ready_before() {
    let (lines, registry) = (Lines::default(), Registry::new());
    registry.fail(Error::unavailable("it is away"));
    let app = App::new(&lines.logger());
    let health = app.health().clone();
    let instance = Instance::new("10.0.0.1:80");
    let app = app.register("registration", registry.registrar("strings"), instance).part("http", part);
    let ready = async || health.report(Probe::Readiness).await;
    let asked = async {
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(ready().await.failing().collect::<Vec<_>>(), ["registration"]);
        registry.heal();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(ready().await.is_healthy());
        assert_eq!(registry.registered("strings").len(), 1);
        // Lost later: made again by the registration, and who has found it may go on.
        registry.fail(Error::unavailable("it is away"));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(ready().await.is_healthy());
        registry.heal();
    };
    assert!(app.run_until(asked, pending()).await.unwrap().is_clean());
    assert!(registry.registered("strings").is_empty());
    let text = lines.text();
    let told: Vec<_> = text.lines().filter(|line| line.contains("msg=\"not registered yet\"")).collect();
    assert!(told.len() == 2 && told[0].contains("it is away") && told[1].contains("untold="), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_registry_that_never_answered() {
    let registry = Registry::new();
    registry.hang();
    let app =
        App::new(&Logger::discard()).register("registration", registry.registrar("strings"), Instance::new("a:1"));
    let began = tokio::time::Instant::now();
    let asked = tokio::time::sleep(Duration::from_millis(300));
    assert!(app.part("http", part).run_until(asked, pending()).await.unwrap().is_clean());
    assert_eq!(began.elapsed(), Duration::from_millis(300));
}

#[tokio::test]
async fn what_can_never_be_registered_fails_the_start_in_one_clear_line() {
    let registry = Registry::new();
    registry.fail(Error::invalid_argument("no such name"));
    let app =
        App::new(&Logger::discard()).register("registration", registry.registrar("strings"), Instance::new("a:1"));
    let error = app.part("http", part).run_until(pending(), pending()).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "part registration failed: no such name"));
}

#[tokio::test(start_paused = true)]
async fn force_cuts_everything_off_at_once() {
    let (force, forced) = oneshot::channel::<()>();
    let app = App::new(&Logger::discard()).part("stubborn", async |part| {
        part.ready();
        pending::<()>().await;
        Ok(())
    });
    let running = tokio::spawn(app.run_until(std::future::ready(()), async { drop(forced.await) }));
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(force);
    let stopped = running.await.unwrap().unwrap();
    assert!(stopped.forced);
    assert_eq!(stopped.aborted, ["stubborn".into()]);
}
