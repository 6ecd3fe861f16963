//! Real signals, in a process of their own: one asks, a second one forces.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::future::pending;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kit::log::Logger;
use kit::{App, Code};
use tokio::sync::Notify;
use tokio::time::timeout;

fn send(signal: &str) {
    let sent = Command::new("kill").args([signal, &std::process::id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_signal_asks_and_the_second_forces_whichever_they_are() {
    for (first, second) in [("-TERM", "-TERM"), ("-INT", "-TERM"), ("-INT", "-INT")] {
        let (ready, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let told = (Arc::clone(&ready), Arc::clone(&asked));
        let app = App::new(&Logger::discard()).part("stubborn", async move |part| {
            part.ready();
            told.0.notify_one();
            part.stopping().await;
            told.1.notify_one();
            pending::<()>().await;
            Ok(())
        });
        let all = async {
            let mut running = tokio::spawn(app.run());
            ready.notified().await;
            send(first);
            asked.notified().await;
            assert!(!running.is_finished(), "it waits for the part");
            // As long as it may be the first one again, it forces nothing.
            loop {
                send(second);
                if let Ok(ended) = timeout(Duration::from_millis(50), &mut running).await {
                    break ended.unwrap().unwrap_err();
                }
            }
        };
        let error = timeout(Duration::from_secs(8), all).await.expect("sooner than the part's limit of ten seconds");
        assert_eq!(error.code(), Code::Aborted, "{first} {second}");
        assert!(error.message().contains("stubborn"), "{error}");
    }
}
