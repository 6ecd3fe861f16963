use std::time::Duration;

use kit::circuit::hedge::HedgeLayer;
use kit::circuit::retry::RetryLayer;
use kit::client::{Client, slot};
use kit::http::Body;
use kit::{Context, Endpoint as _, Error, Metadata};
use serde_json::{Value, json};
use tokio::time::advance;

use crate::net::{Answers, Ask, Listed, Net, WRITE, Wire, client, log, plain, registry};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Three instances: one that has failed five times and is out, one that is well and has a call in flight, one without a channel.
async fn trouble() -> (Client<Wire, impl Sized>, Net) {
    let (listed, net) = (Listed::of(&["a:1", "b:1", "c:1"]), Net::of(&["a:1", "b:1"]));
    let mut config = plain();
    config.endpointer.balance.ejection.max_share = 0.5;
    let letters = client(&listed, &net, config).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    net.set("a:1", Answers::Fails);
    net.set("b:1", Answers::Late(20 * MILLISECOND));
    let write = letters.endpoint(&WRITE, Ask);
    let mut failed = 0;
    while failed < 5 {
        failed += u32::from(write.call(&mut Context::new(), 1).await.is_err());
    }
    net.set("b:1", Answers::Never);
    tokio::spawn(async move { write.call(&mut Context::new(), 2).await });
    advance(500 * MILLISECOND).await;
    listed.fail(Error::unavailable("the registry is down"));
    advance(250 * MILLISECOND).await;
    (letters, net)
}

const TEXT: &str = "\
letters: 3 instances, set 1, answered 830ms ago
discovery has failed for 250ms: the registry is down
id   address  zone  weight  priority  in flight  latency     failing  channel                            standing
a:1  a:1      -     1       0         0          0s          93 %     made                               ejected, 5s 150ms left, 1 in a row
b:1  b:1      -     1       0         1          18ms 500us  0 %      made                               in
c:1  c:1      -     1       0         0          -           0 %      making, 2 failed: no such address  -
balancer: RoundRobin
budget: 102 repeats left, 0 spent on 10 calls in 10s, 0 refused so far
breakers: 1 closed
  a:1: open, 253ms left, 5 failures in a row";

#[tokio::test(start_paused = true)]
async fn the_text_says_who_is_out_and_why() {
    let (letters, _net) = trouble().await;
    assert_eq!(letters.explain().to_string(), TEXT);
}

#[tokio::test(start_paused = true)]
async fn the_json_says_the_same_for_programs() {
    let (letters, _net) = trouble().await;
    let said = serde_json::to_value(letters.explain()).unwrap();
    assert_eq!(
        (&said["client"], &said["balancer"], &said["age"]),
        (&json!("letters"), &json!("RoundRobin"), &json!("250ms"))
    );
    let budget = json!({ "name": "", "left": 102, "spent": 0, "calls": 10, "window": "10s", "refused": 0 });
    assert_eq!(said["budget"], budget);
    let open = json!({ "state": "open", "left": "253ms", "reason": "5 failures in a row" });
    assert_eq!(said["breakers"], json!({ "a:1": open, "b:1": { "state": "closed" } }));
    let out = json!({ "is": "ejected", "left": "5s 150ms", "times": 1 });
    assert_eq!((&said["instances"][0]["id"], &said["instances"][0]["standing"]), (&json!("a:1"), &out));
    assert_eq!(
        (&said["instances"][1]["in_flight"], &said["instances"][1]["latency"]),
        (&json!(1), &json!("18ms 500us"))
    );
}

#[tokio::test(start_paused = true)]
async fn over_http_it_is_text_unless_json_is_asked_for() {
    let (letters, _net) = trouble().await;
    let asked = async |uri: &str, accept: Option<&str>| {
        let mut cx = Context::new();
        if let Some(accept) = accept {
            let mut inbound = Metadata::default();
            inbound.insert("accept", accept).unwrap();
            cx.set_inbound(inbound);
        }
        let request = http::Request::builder().uri(uri).body(Body::empty()).unwrap();
        let answer = letters.explained().call(&mut cx, request).await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, String::from_utf8(answer.into_body().bytes(65_536).await.unwrap().to_vec()).unwrap())
    };
    let (kind, text) = asked("/debug/letters", None).await;
    assert_eq!((kind.as_str(), text.as_str()), ("text/plain; charset=utf-8", &*format!("{TEXT}\n")));
    for (uri, accept) in [("/debug/letters?json", None), ("/debug/letters", Some("application/json"))] {
        let (kind, text) = asked(uri, accept).await;
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((kind.as_str(), &said["service"]), ("application/json", &json!("letters")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_was_replaced_is_not_shown_as_if_it_were_in_force() {
    let (listed, net) = (Listed::of(&["a:1"]), Net::of(&["a:1"]));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    let other = letters.clone().replace(slot::Retry, RetryLayer::default()).remove(slot::Breaker);
    let other = other.replace(slot::Hedge, HedgeLayer::default());
    let text = other.explain().to_string();
    let lines: Vec<_> = text.lines().rev().take(2).collect();
    assert_eq!(
        lines,
        [
            "retry: replaced by RetryLayer, which may spend another budget",
            "breaker: removed, so that the breakers above hear of no call"
        ]
    );
    let said = serde_json::to_value(other.explain()).unwrap();
    assert_eq!(said["replaced"], json!({ "retry": "RetryLayer", "breaker": null }));
    // What it was made from has its own still.
    assert!(letters.explain().replaced.is_empty());
}
