use std::time::Duration;

use kit::client::slot;
use kit::discovery::Instancer as _;
use kit::metrics::Registry;
use kit::{Context, Endpoint as _};

use crate::net::{Answers, Ask, Listed, Net, READ, WRITE, client, log, plain, registry};

const SECOND: Duration = Duration::from_secs(1);

fn value(metrics: &Registry, name: &str) -> f64 {
    metrics.snapshot().value(name, &[("client", "letters")]).unwrap_or_else(|| panic!("{name} is not registered"))
}

fn instances(metrics: &Registry, state: &str) -> f64 {
    let labels = [("client", "letters"), ("state", state)];
    metrics.snapshot().value("kit_client_instances", &labels).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_instances_and_picks_is_counted_under_the_clients_name() {
    let (listed, net, metrics) = (Listed::nobody_yet(), Net::of(&["a:1", "b:1"]), registry());
    let mut config = plain();
    config.endpointer.balance.ejection.max_share = 0.5;
    config.endpointer.drain = Duration::ZERO;
    let letters = client(&listed, &net, config).start(&log(), &metrics).unwrap();
    let (read, write) = (letters.endpoint(&READ, Ask), letters.endpoint(&WRITE, Ask));
    read.call(&mut Context::new(), 0).await.unwrap_err();
    assert_eq!(
        (value(&metrics, "kit_client_no_endpoint_total"), value(&metrics, "kit_client_picks_total")),
        (1.0, 0.0)
    );

    listed.set(&["a:1", "b:1"]);
    letters.ready().await.unwrap();
    tokio::time::sleep(SECOND).await;
    assert_eq!((value(&metrics, "kit_client_channels_made_total"), instances(&metrics, "in")), (2.0, 2.0));
    assert_eq!(metrics.snapshot().value("kit_discovery_instances", &[("service", "letters")]), Some(2.0));
    for address in ["a:1", "b:1"] {
        net.set(address, Answers::Fails);
    }
    for number in 0..10 {
        write.call(&mut Context::new(), number).await.unwrap_err();
    }
    assert_eq!(value(&metrics, "kit_client_picks_total"), 10.0);
    assert_eq!((value(&metrics, "kit_client_ejections_total"), instances(&metrics, "ejected")), (1.0, 1.0));
    assert_eq!((value(&metrics, "kit_client_ejections_spared_total"), instances(&metrics, "refused")), (1.0, 1.0));

    // One that hangs is cut when its instance leaves.
    listed.set(&["a:1", "b:1", "c:1"]);
    net.set("c:1", Answers::Never);
    tokio::time::sleep(SECOND).await;
    let hung = tokio::spawn(async move { write.call(&mut Context::new(), 99).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(net.asked(99), ["c:1"]);
    listed.set(&["a:1", "b:1"]);
    tokio::time::sleep(SECOND).await;
    assert_eq!(
        (value(&metrics, "kit_client_calls_cut_total"), value(&metrics, "kit_client_channels_closed_total")),
        (1.0, 1.0)
    );
    hung.abort();
    assert_eq!(letters.get(slot::Retry).handle().stats().repeats, 0);
}

#[tokio::test(start_paused = true)]
async fn what_discovery_knows_is_shown_once_whoever_shows_it_first() {
    let (listed, net, metrics) = (Listed::of(&["a:1"]), Net::of(&["a:1"]), registry());
    kit::observe::discovery(&metrics, &listed.subscribe()).unwrap();
    client(&listed, &net, plain()).start(&log(), &metrics).unwrap();
    client(&listed, &net, plain()).named("second").start(&log(), &metrics).unwrap();

    let taken = registry();
    taken.gauge("kit_discovery_instances", "Of another shape.").labels(["host"]).unwrap();
    let refused = client(&listed, &net, plain()).start(&log(), &taken).unwrap_err();
    assert!(refused.message().contains("kit_discovery_instances"), "{refused}");
}
