use kit_discovery::consul::{Mode, Token};
use kit_discovery::{Policy, Registrar as _};
use serde_json::json;
use tokio::time::sleep;

use super::*;

fn entry(id: &str, more: &serde_json::Value) -> serde_json::Value {
    let mut entry = json!({ "ID": id, "Name": "strings", "Port": 80 });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn what_is_registered_is_read_with_all_that_it_says() {
    let agent = Agent::start().await;
    let more = json!({ "Address": "2001:db8::1", "Tags": ["blue"], "Meta": { "zone": "b", "version": "2" },
        "Weights": { "Passing": 5, "Warning": 2 } });
    agent.tell("/v1/agent/service/register", &entry("full", &more)).await;
    agent.tell("/v1/agent/service/register", &entry("bare", &json!({}))).await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    // The one without an address is where its node is.
    let state = until_set(&mut subscription, &["127.0.0.1:80", "[2001:db8::1]:80"]).await;
    let full = state.instances().unwrap().get("kit/full").unwrap();
    assert_eq!((full.weight, full.zone.as_deref(), &*full.tags[0]), (5, Some("b"), "blue"));
    assert_eq!(&*full.metadata["version"], "2");
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn a_query_narrows_the_set_in_every_mode() {
    let agent = Agent::start().await;
    for (id, tags, status) in
        [("a", json!(["blue", "new"]), "passing"), ("b", json!(["blue"]), "passing"), ("c", json!([]), "critical")]
    {
        let check = json!({ "TTL": "1h", "Status": status });
        let more = json!({ "Address": format!("{id}.test"), "Tags": tags, "Check": check });
        agent.tell("/v1/agent/service/register", &entry(id, &more)).await;
    }
    for mode in [Mode::Leader, Mode::Consistent, Mode::Stale, Mode::Cached] {
        let query = Query { mode, near: Some("_agent".into()), datacenter: Some("dc1".into()), ..query() };
        let tags = |tags: &[&str]| Query { tags: tags.iter().map(|tag| (*tag).into()).collect(), ..query.clone() };
        let filter = Query { filter: Some("Service.Address == \"b.test\"".into()), ..query.clone() };
        let every = Query { passing: false, ..query.clone() };
        for (query, wanted) in [
            (query.clone(), &["a.test:80", "b.test:80"][..]),
            (tags(&["blue", "new"]), &["a.test:80"]),
            (tags(&["green"]), &[]),
            (filter, &["b.test:80"]),
            (every, &["a.test:80", "b.test:80", "c.test:80"]),
        ] {
            let discovery = follow(&agent, "strings", query.clone());
            let mut subscription = discovery.subscribe();
            let state = until(&mut subscription, "an answer", |state| state.instances().is_some()).await;
            assert_eq!(addresses(&state), wanted, "{query:?}");
            // It waits, and hears of a change.
            sleep(SECOND / 10).await;
            assert!(state.totals().answers <= 2 && subscription.state().error().is_none(), "{query:?}");
        }
        let discovery = follow(&agent, "strings", query);
        let mut subscription = discovery.subscribe();
        until(&mut subscription, "an answer", |state| state.instances().is_some()).await;
        let more = json!({ "Address": "d.test" });
        agent.tell("/v1/agent/service/register", &entry("d", &more)).await;
        until_set(&mut subscription, &["a.test:80", "b.test:80", "d.test:80"]).await;
        agent.tell("/v1/agent/service/deregister/d", &serde_json::Value::Null).await;
        until_set(&mut subscription, &["a.test:80", "b.test:80"]).await;
    }
    for wrong in [
        Query { datacenter: Some("nowhere".into()), ..query() },
        Query { filter: Some("what is this".into()), ..query() },
    ] {
        let discovery = follow(&agent, "strings", wrong);
        let state = until(&mut discovery.subscribe(), "a failure", |state| state.error().is_some()).await;
        assert!(state.instances().is_none() && state.error().unwrap().message().starts_with("consul answered "));
    }
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn a_quiet_service_costs_a_query_per_wait_and_no_more() {
    let agent = Agent::start().await;
    agent.tell("/v1/agent/service/register", &entry("a", &json!({}))).await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["127.0.0.1:80"]).await;
    let before = subscription.state().totals().answers;
    sleep(7 * SECOND).await;
    let answers = subscription.state().totals().answers - before;
    assert!((2..=5).contains(&answers), "{answers}");
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn an_agent_that_is_paused_is_noticed_and_its_set_outlives_it() {
    let agent = Agent::start().await;
    agent.tell("/v1/agent/service/register", &entry("a", &json!({}))).await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["127.0.0.1:80"]).await;
    agent.pause(true);
    let paused = Instant::now();
    let state = until(&mut subscription, "a failure", |state| state.error().is_some()).await;
    // The wait, a sixteenth more, and a second for the answer.
    assert!(paused.elapsed() < 4 * SECOND, "{:?}", paused.elapsed());
    assert_eq!((addresses(&state), state.generation()), (vec!["127.0.0.1:80".to_owned()], 1));
    agent.pause(false);
    let state = until_set(&mut subscription, &["127.0.0.1:80"]).await;
    assert_eq!(state.generation(), 1);
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn an_agent_that_comes_back_empty_empties_nobody_before_the_grace() {
    let mut agent = Agent::start().await;
    agent.tell("/v1/agent/service/register", &entry("a", &json!({}))).await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["127.0.0.1:80"]).await;
    let view = discovery.subscribe().view(Policy::default()).unwrap();
    agent.restart().await;
    let back = Instant::now();
    until_set(&mut subscription, &[]).await;
    assert!(back.elapsed() < 6 * SECOND, "{:?}", back.elapsed());
    assert_eq!(view.instances().unwrap().len(), 1);
    agent.tell("/v1/agent/service/register", &entry("a", &json!({}))).await;
    until_set(&mut subscription, &["127.0.0.1:80"]).await;
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn an_agent_that_kept_its_data_changes_nothing() {
    let mut agent = Agent::with(true, &[]).await;
    agent.tell("/v1/agent/service/register", &entry("a", &json!({}))).await;
    let discovery = follow(&agent, "strings", query());
    let mut subscription = discovery.subscribe();
    until_set(&mut subscription, &["127.0.0.1:80"]).await;
    let mut view = discovery.subscribe().view(Policy::default()).unwrap();
    view.changed().await.unwrap().unwrap();
    agent.kill();
    until(&mut subscription, "a failure", |state| state.error().is_some()).await;
    agent.restart().await;
    until_set(&mut subscription, &["127.0.0.1:80"]).await;
    assert!(timeout(SECOND, view.changed()).await.is_err(), "a consumer saw it");
    agent.tell("/v1/agent/service/register", &entry("b", &json!({ "Port": 81 }))).await;
    until_set(&mut subscription, &["127.0.0.1:80", "127.0.0.1:81"]).await;
}

#[tokio::test]
#[ignore = "needs a real Consul: tests/real/consul runs it"]
async fn a_token_opens_what_is_closed_to_others() {
    let acl = "acl = { enabled = true, default_policy = \"deny\", tokens = { master = \"root\", agent = \"root\" } }";
    let agent = Agent::with(false, &["-hcl", acl]).await;
    let with = |token: Option<&str>| {
        let token = token.map(Token::new);
        Consul::new(Config { address: agent.address(), token, ..Config::default() }).unwrap()
    };
    let refused = with(None).registrar("strings", ttl(15 * SECOND)).unwrap().register(instance("127.0.0.1:80")).await;
    assert_eq!(refused.unwrap_err().code(), kit_core::Code::PermissionDenied);
    let wrong = with(Some("no such token")).instancer("strings", query()).unwrap().start().unwrap();
    let state = until(&mut wrong.subscribe(), "a failure", |state| state.error().is_some()).await;
    assert_eq!(state.error().unwrap().code(), kit_core::Code::PermissionDenied);
    let consul = with(Some("root"));
    let registration =
        consul.registrar("strings", ttl(15 * SECOND)).unwrap().register(instance("127.0.0.1:80")).await.unwrap();
    let discovery = consul.instancer("strings", query()).unwrap().start().unwrap();
    until_set(&mut discovery.subscribe(), &["127.0.0.1:80"]).await;
    registration.withdraw().await.unwrap();
    until_set(&mut discovery.subscribe(), &[]).await;
}
