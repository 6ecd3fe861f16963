use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit::circuit::budget::Budgets;
use kit::circuit::retry::{self, RetryLayer, Verdict};
use kit::client::{Client, slot};
use kit::discovery::balance::{Balancer, Candidates, RoundRobin};
use kit::discovery::endpointer::{Event, News};
use kit::{BoxEndpoint, Code, Context, Endpoint as _, Error, Layer, Routed, endpoint_fn};
use tokio::time::Instant;

use crate::net::{Answers, Ask, Listed, Net, READ, WRITE, Wire, Wires, client, log, plain, registry};

/// The first that may be picked: whoever is behind it is a spare.
struct First;

impl Balancer for First {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        set.choice(cx)?.places().next()
    }
}

#[tokio::test(start_paused = true)]
async fn source_transport_balancer_and_retry_are_all_from_outside() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1", "c:1"]));
    // Again whatever failed: also what may not be called twice.
    let again = |failed, _: &Error| if failed < 4 { Verdict::Again } else { Verdict::Stop };
    let retry = RetryLayer::new(retry::Config { attempts: 9, ..Default::default() }).unwrap().decide(again);
    let letters = Client::over(Arc::clone(&listed), Wires(net.clone())).config(plain());
    let letters = letters.balancer(First).retry(retry).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    let write = letters.endpoint(&WRITE, Ask);

    for number in 0..3 {
        assert_eq!(write.call(&mut Context::new(), number).await.unwrap(), "a:1");
    }
    net.set("a:1", Answers::Fails);
    assert_eq!(write.call(&mut Context::new(), 3).await.unwrap(), "b:1");
    assert_eq!(net.asked(3), ["a:1", "b:1"]);
    net.set("b:1", Answers::Fails);
    write.call(&mut Context::new(), 4).await.unwrap_err();
    assert_eq!(net.asked(4).len(), 4, "as its retry says");

    // Another set: the channel of who stays is kept, that of who leaves is closed.
    listed.set(&["b:1", "c:1"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(write.call(&mut Context::new(), 5).await.unwrap(), "c:1");
    assert_eq!(net.closed(), ["a:1"]);
}

#[tokio::test(start_paused = true)]
async fn with_nothing_said_a_client_finds_its_instances_and_repeats_at_another() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    let letters = Client::over(listed, Wires(net.clone())).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    net.set("a:1", Answers::Fails);
    let read = letters.endpoint(&READ, Ask);
    for number in 0..20 {
        assert_eq!(read.call(&mut Context::new(), number).await.unwrap(), "b:1");
    }
}

/// Counts what passes it, whatever the request.
#[derive(Clone, Default)]
struct Passed(Arc<std::sync::atomic::AtomicUsize>);

impl<E> Layer<E> for Passed {
    type Service = E;

    fn layer(&self, inner: E) -> E {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        inner
    }
}

#[tokio::test(start_paused = true)]
async fn any_slot_takes_another_layer_or_none() {
    let (listed, net, made) = (Listed::of(&["a:1"]), Net::of(&["a:1"]), Passed::default());
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    let letters = letters.replace(slot::Limit, made.clone()).remove(slot::Log).remove(slot::Retry);
    letters.ready().await.unwrap();
    net.set("a:1", Answers::Fails);
    let read = letters.endpoint(&READ, Ask);
    read.call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!(net.asked(1).len(), 1, "nothing repeats it");
    assert_eq!(made.0.load(std::sync::atomic::Ordering::Relaxed), 1);
    let stack = letters.stack().to_string();
    assert!(stack.contains("log               -") && stack.contains("limit             Passed"), "{stack}");
    assert!(
        stack.contains("balance           BalanceLayer") && stack.contains("breaker           KeyedLayer"),
        "{stack}"
    );
}

/// A service of one's own keeps its endpoints in fields whose types it can name.
struct Letters {
    read: BoxEndpoint<u32, String>,
    write: BoxEndpoint<u32, String>,
}

#[tokio::test(start_paused = true)]
async fn the_methods_of_a_service_share_one_client_and_have_types_that_can_be_named() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    let client: Client<Wire> = Client::over(listed, Wires(net.clone())).start(&log(), &registry()).unwrap();
    client.ready().await.unwrap();
    let shout = endpoint_fn(async |cx, routed: Routed<Arc<Wire>, u32>| Ok(Ask.call(cx, routed).await?.to_uppercase()));
    let letters = Letters { read: client.endpoint(&READ, Ask).boxed(), write: client.endpoint(&WRITE, shout).boxed() };
    drop(client);
    let read = letters.read.call(&mut Context::new(), 1).await.unwrap();
    let write = letters.write.call(&mut Context::new(), 2).await.unwrap();
    assert!(read.ends_with(":1") && write.ends_with(":1") && write.starts_with(['A', 'B']), "{read} {write}");
    assert_eq!(net.closed(), [""; 0], "the endpoints keep it open");
}

#[tokio::test]
async fn settings_of_http_are_refused_over_another_transport() {
    let mut config = plain();
    config.connections.keep_alive = Duration::from_secs(1);
    let refused = client(&Listed::of(&["a:1"]), &Net::of(&["a:1"]), config).start(&log(), &registry()).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.message(), "connections is for HTTP, and this client has a factory of its own");
}

#[tokio::test]
async fn a_second_client_of_one_service_needs_a_name_of_its_own_in_the_metrics() {
    let (listed, net, metrics) = (Listed::of(&["a:1"]), Net::of(&["a:1"]), registry());
    let start = |name: &str| {
        let letters = Client::over(Arc::clone(&listed), Wires(net.clone())).balancer(RoundRobin::new());
        letters.named(name).start(&log(), &metrics)
    };
    let _first = start("letters").unwrap();
    assert_eq!(start("letters").unwrap_err().code(), Code::FailedPrecondition);
    let _second = start("letters-bulk").unwrap();
}

#[tokio::test(start_paused = true)]
async fn clients_of_one_callee_spend_one_budget_by_its_name() {
    let (net, metrics, budgets) = (Net::of(&["a:1", "b:1"]), registry(), Budgets::default());
    let start = |name: &str| {
        let letters = client(&Listed::of(&["a:1", "b:1"]), &net, plain()).named(name);
        letters.budget(&budgets.named("letters")).start(&log(), &metrics).unwrap()
    };
    let (one, other) = (start("one"), start("other"));
    one.ready().await.unwrap();
    net.set("a:1", Answers::Fails);
    net.set("b:1", Answers::Fails);
    one.endpoint(&READ, Ask).call(&mut Context::new(), 1).await.unwrap_err();
    let stats = other.budget().stats(Instant::now());
    assert_eq!((other.budget().name(), stats.calls, stats.spent), ("letters", 1, 2));
    assert_eq!(other.explain().budget.spent, 2);
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_what_becomes_of_the_instances() {
    let (listed, net, heard) = (Listed::of(&["a:1"]), Net::of(&["a:1"]), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&heard);
    let observer = move |event: &Event| told.lock().unwrap().push((event.instance.to_string(), event.news.clone()));
    let letters = client(&listed, &net, plain()).observer(observer).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    letters.close().await;
    let heard = heard.lock().unwrap();
    let about_a = heard.iter().all(|(instance, _)| instance == "a:1");
    assert!(about_a && heard.iter().any(|(_, news)| matches!(news, News::Made { .. })), "{heard:?}");
    assert!(heard.iter().any(|(_, news)| matches!(news, News::Closed { cut: 0, .. })), "{heard:?}");
}
