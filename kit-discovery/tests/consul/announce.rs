use kit_core::Health;
use kit_core::health::Probe;
use kit_discovery::consul::{ConsulRegistrar, HttpCheck};
use kit_discovery::registration::{Registration, Standing};
use kit_discovery::{Policy, Registrar};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use super::*;

const ADDRESS: &str = "127.0.0.1:80";
const ID: &str = "strings-127.0.0.1:80";

fn registrar(agent: &Agent) -> ConsulRegistrar {
    consul(agent).registrar("strings", ttl(4 * SECOND)).unwrap()
}

async fn registered(registrar: &impl Registrar) -> Registration {
    timeout(PATIENCE, registrar.register(instance(ADDRESS))).await.unwrap().unwrap()
}

async fn announced(registration: &Registration, so_often: u64) {
    let done = |standing: &Standing| matches!(standing, Standing::Registered { times, .. } if *times >= so_often);
    timeout(PATIENCE, registration.watch().wait_for(done)).await.expect("in time").expect("not ended");
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn it_is_seen_kept_beyond_its_ttl_and_gone_when_it_is_withdrawn_or_dropped() {
    let agent = Agent::start().await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    let registrar = registrar(&agent);
    let registration = registered(&registrar).await;
    let state = until_set(&mut subscription, &[ADDRESS]).await;
    sleep(6 * SECOND).await;
    assert_eq!(subscription.state().generation(), state.generation());
    assert!(matches!(registration.standing(), Standing::Registered { times: 1, .. }));
    let began = Instant::now();
    registration.withdraw().await.unwrap();
    assert!(began.elapsed() < 5 * SECOND);
    until_set(&mut subscription, &[]).await;
    let registration = registered(&registrar).await;
    until_set(&mut subscription, &[ADDRESS]).await;
    drop(registration);
    until_set(&mut subscription, &[]).await;
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn a_process_that_ends_without_a_word_is_gone_when_its_ttl_is_over() {
    let agent = Agent::start().await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let registrar = registrar(&agent);
    let registration = doomed.spawn(async move { registrar.register(instance(ADDRESS)).await }).await.unwrap().unwrap();
    until_set(&mut subscription, &[ADDRESS]).await;
    doomed.shutdown_background();
    let ended = Instant::now();
    until_set(&mut subscription, &[]).await;
    let took = ended.elapsed();
    assert!((2 * SECOND..8 * SECOND).contains(&took), "{took:?}");
    assert!(registration.withdraw().await.is_err());
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn an_agent_that_restarts_empty_is_told_again_and_no_consumer_sees_it() {
    let mut agent = Agent::start().await;
    let registration = registered(&registrar(&agent)).await;
    let discovery = follow(&agent, "strings", query());
    until_set(&mut discovery.subscribe(), &[ADDRESS]).await;
    let mut view = discovery.subscribe().view(Policy::default()).unwrap();
    view.changed().await.unwrap().unwrap();
    agent.restart().await;
    announced(&registration, 2).await;
    until(&mut discovery.subscribe(), "it works", |state| state.error().is_none() && addresses(state) == [ADDRESS])
        .await;
    assert!(timeout(SECOND, view.changed()).await.is_err(), "a consumer saw it");
    // An operator's slip.
    agent.tell(&format!("/v1/agent/service/deregister/{ID}"), &Value::Null).await;
    announced(&registration, 3).await;
    until_set(&mut discovery.subscribe(), &[ADDRESS]).await;
    registration.withdraw().await.unwrap();
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn an_agent_that_is_paused_is_a_loss_that_ends_with_it() {
    let agent = Agent::start().await;
    let registration = registered(&registrar(&agent)).await;
    agent.pause(true);
    let paused = Instant::now();
    let lost = |standing: &Standing| matches!(standing, Standing::Lost { .. });
    timeout(PATIENCE, registration.watch().wait_for(lost)).await.unwrap().unwrap();
    assert!(paused.elapsed() < 4 * SECOND, "{:?}", paused.elapsed());
    agent.pause(false);
    announced(&registration, 2).await;
    let discovery = follow(&agent, "strings", query());
    until_set(&mut discovery.subscribe(), &[ADDRESS]).await;
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn maintenance_takes_it_out_and_outlasts_a_loss_whoever_began_it() {
    let mut agent = Agent::start().await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    let registrar = registrar(&agent);
    let registration = registered(&registrar).await;
    until_set(&mut subscription, &[ADDRESS]).await;
    registrar.enter_maintenance(&instance(ADDRESS), "a new disk & more").await.unwrap();
    until_set(&mut subscription, &[]).await;
    agent.restart().await;
    announced(&registration, 2).await;
    let every = follow(&agent, "strings", Query { passing: false, ..query() });
    let mut all = every.subscribe();
    // Its own check passes again; it is out of service all the same.
    until(&mut all, "it is there", |state| addresses(state) == [ADDRESS]).await;
    sleep(3 * SECOND).await;
    let state = until(&mut subscription, "it works", |state| state.error().is_none()).await;
    assert_eq!(addresses(&state), Vec::<String>::new());
    registrar.leave_maintenance(&instance(ADDRESS)).await.unwrap();
    until_set(&mut subscription, &[ADDRESS]).await;
    // An operator's maintenance is not ended by announcing it again.
    agent.tell(&format!("/v1/agent/service/maintenance/{ID}?enable=true&reason=operator"), &Value::Null).await;
    until_set(&mut subscription, &[]).await;
    agent.pause(true);
    let lost = |standing: &Standing| matches!(standing, Standing::Lost { .. });
    timeout(PATIENCE, registration.watch().wait_for(lost)).await.unwrap().unwrap();
    agent.pause(false);
    announced(&registration, 3).await;
    sleep(2 * SECOND).await;
    let state = until(&mut subscription, "it works", |state| state.error().is_none()).await;
    assert_eq!(addresses(&state), Vec::<String>::new());
    let unknown = registrar.enter_maintenance(&instance("127.0.0.1:81"), "who").await.unwrap_err();
    assert_eq!(unknown.code(), kit_core::Code::NotFound);
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn health_decides_whether_it_passes() {
    let agent = Agent::start().await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    let health = Health::new();
    let (down, failing) = watch::channel(false);
    let check = kit_core::health::check_with(failing, async |failing: &watch::Receiver<bool>| {
        if *failing.borrow() { Err(kit_core::Error::unavailable("down")) } else { Ok(()) }
    });
    health.add(Probe::Readiness, "database", check).unwrap();
    let registrar = registrar(&agent).health(health.clone());
    let _registration = registered(&registrar).await;
    until(&mut subscription, "an answer", |state| state.instances().is_some()).await;
    assert_eq!(addresses(&subscription.state()), Vec::<String>::new());
    health.set_started();
    until_set(&mut subscription, &[ADDRESS]).await;
    down.send_replace(true);
    until_set(&mut subscription, &[]).await;
    down.send_replace(false);
    until_set(&mut subscription, &[ADDRESS]).await;
    health.set_ready(false);
    until_set(&mut subscription, &[]).await;
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn the_agent_asks_by_http_if_it_is_told_to() {
    let agent = Agent::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (status, is) = watch::channel("200 OK");
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2_048];
            let read = stream.read(&mut head).await.unwrap_or_default();
            let asked = head[..read].starts_with(b"GET /readyz HTTP/1.1\r\n");
            let status = if asked { *is.borrow() } else { "404 Not Found" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let http = HttpCheck { interval: SECOND, timeout: SECOND, ..HttpCheck::default() };
    let announcement = Announcement { check: Check::Http(http), ..Announcement::default() };
    let registrar = consul(&agent).registrar("strings", announcement).unwrap();
    let registration = timeout(PATIENCE, registrar.register(instance(&address))).await.unwrap().unwrap();
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &[&address]).await;
    status.send_replace("503 Service Unavailable");
    until_set(&mut subscription, &[]).await;
    status.send_replace("200 OK");
    until_set(&mut subscription, &[&address]).await;
    agent.tell(&format!("/v1/agent/service/deregister/strings-{address}"), &json!(null)).await;
    announced(&registration, 2).await;
    until_set(&mut subscription, &[&address]).await;
    registration.withdraw().await.unwrap();
    until_set(&mut subscription, &[]).await;
    server.abort();
}
