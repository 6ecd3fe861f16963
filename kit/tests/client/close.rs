use std::sync::Arc;
use std::time::Duration;

use kit::health::{Health, Probe};
use kit::lifecycle::Lifecycle;
use kit::{Context, Endpoint as _};
use tokio::time::{Instant, sleep, timeout};

use crate::net::{Answers, Ask, Listed, Net, READ, client, log, plain, registry};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_close_lets_calls_end_and_then_closes_all() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    net.set("a:1", Answers::Late(3 * SECOND));
    net.set("b:1", Answers::Late(3 * SECOND));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    let read = Arc::new(letters.endpoint(&READ, Ask));
    let running = tokio::spawn({
        let read = Arc::clone(&read);
        async move { read.call(&mut Context::new(), 1).await }
    });
    sleep(SECOND).await;
    let began = Instant::now();
    timeout(20 * SECOND, letters.close()).await.expect("it closes");
    assert_eq!(began.elapsed(), 2 * SECOND, "as long as the call");
    running.await.unwrap().unwrap();
    assert_eq!(net.closed().len(), 2);
    read.call(&mut Context::new(), 2).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_closes_by_itself_with_the_last_of_its_endpoints() {
    let (listed, net) = (Listed::of(&["a:1"]), Net::of(&["a:1"]));
    let metrics = registry();
    let letters = client(&listed, &net, plain()).start(&log(), &metrics).unwrap();
    letters.ready().await.unwrap();
    let read = letters.endpoint(&READ, Ask);
    drop(letters);
    read.call(&mut Context::new(), 1).await.unwrap();
    let labels = [("client", "letters"), ("state", "in")];
    assert_eq!(metrics.snapshot().value("kit_client_instances", &labels), Some(1.0));
    drop(read);
    sleep(SECOND).await;
    assert_eq!(net.closed(), ["a:1"]);
    assert_eq!(metrics.snapshot().value("kit_client_instances", &labels), Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn as_a_part_of_a_program_it_is_ready_at_once_and_closed_in_its_turn() {
    let (listed, net) = (Listed::nobody_yet(), Net::of(&["a:1"]));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    let program = Lifecycle::new().part("letters", |part| letters.run(part));
    let stopped = timeout(
        20 * SECOND,
        program.run(async {
            listed.set(&["a:1"]);
            sleep(SECOND).await;
        }),
    );
    assert!(stopped.await.expect("it ends").unwrap().is_clean());
    assert_eq!(net.closed(), ["a:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_check_fails_while_nobody_may_be_called_for_who_asks_for_it() {
    let (listed, net, health) = (Listed::nobody_yet(), Net::of(&["a:1"]), Health::new());
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    health.add(Probe::Readiness, "letters", letters.check()).unwrap();
    let failing = || async { health.report(Probe::Readiness).await.failing().any(|name| name == "letters") };
    assert!(failing().await);
    listed.set(&["a:1"]);
    letters.ready().await.unwrap();
    sleep(2 * SECOND).await;
    assert!(!failing().await);
}
