use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_core::{Code, Error};
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
