//! What people are shown.

use kit_core::{Gate, GateState};

use super::*;
use crate::check::Check;

struct Shut(Option<Instant>);

impl Gate for Shut {
    fn state(&self, _now: Instant) -> GateState {
        GateState::Refused { until: self.0 }
    }
}

struct IllIs(&'static str);

impl Check<Line> for IllIs {
    async fn check(&self, instance: &Instance, _channel: &Line) -> Result<(), Error> {
        match &*instance.id == self.0 {
            true => Err(Error::unavailable("not ready").with_cause("its disk is full")),
            false => Ok(()),
        }
    }
}

/// One instance of each kind, at a time when something is to be said of each.
async fn all_kinds() -> Stage {
    let lines = Lines::default();
    lines.order("dead", Order::Fail);
    lines.order("slow", Order::Hang);
    let gates = |instance: &Instance| -> Arc<dyn Gate> {
        match &*instance.id {
            "shut" => Arc::new(Shut(Some(Instant::now() + 60 * SECOND))),
            _ => Arc::new(()),
        }
    };
    let stage = Stage::with("", lines, |builder| builder.gates(gates).check(IllIs("ill"))).await;
    let mut set: Vec<_> = ["bad", "dead", "gone", "good", "ill", "shut", "slow"]
        .into_iter()
        .zip(1..)
        .map(|(id, port)| at(id, port))
        .collect();
    (set[3].zone, set[3].weight, set[3].priority) = (Some("eu-1a".into()), 10, 1);
    stage.set(set.clone()).await;
    sleep(10 * SECOND).await;
    let roster = stage.endpointer.roster();
    let end = |id: &'static str, outcome, took: Duration| {
        let pick = roster.pick(&mut Context::new(), &Of(id)).unwrap();
        pick.end(outcome, Instant::now() + took);
    };
    for _ in 0..5 {
        end("bad", Outcome::BackendError, 7 * MS);
    }
    end("good", Outcome::Success, Duration::from_nanos(12_345_678));
    for id in ["good", "good", "gone"] {
        // For ever.
        std::mem::forget(roster.pick(&mut Context::new(), &Of(id)).unwrap());
    }
    set.remove(2);
    set.push(at("new\u{1b}[2J", 99));
    stage.set(set).await;
    stage.registry.fail(Error::unavailable("no answer").with_cause("connection refused"));
    sleep(2_500 * MS).await;
    stage
}

/// Picks this one, however it stands.
struct Of(&'static str);

impl crate::balance::Balancer for Of {
    fn pick(&self, _cx: &Context, set: &crate::balance::Candidates) -> Option<usize> {
        set.iter().position(|one| &*one.instance().id == self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_a_table() {
    let stage = all_kinds().await;
    let text = stage.endpointer.explain().to_string();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let expected = "\
strings: 8 instances, set 3, answered 2s 500ms ago
discovery has failed for 2s 500ms: no answer: connection refused
id            address      zone   weight  priority  in flight  latency    failing  channel                                          standing
bad           10.0.0.1:1   -      1       0         0          5ms 450us  78 %     made                                             ejected, 2s 580ms left, 1 in a row
dead          10.0.0.1:2   -      1       0         0          -          0 %      making, 16 failed: dead refused                  -
gone          10.0.0.1:3   -      1       0         1          -          0 %      draining, 7s 500ms left                          -
good          10.0.0.1:4   eu-1a  10      1         2          9ms 620us  0 %      made                                             in
ill           10.0.0.1:5   -      1       0         0          -          0 %      made                                             fails its checks: not ready: its disk is full
new\\u{1b}[2J  10.0.0.1:99  -      1       0         0          -          0 %      made                                             ramping up, 25 %
shut          10.0.0.1:6   -      1       0         0          -          0 %      made                                             refused by its gate, 47s 500ms left
slow          10.0.0.1:7   -      1       0         0          -          0 %      making, 3 failed: no channel was made within 3s  -";
    assert_eq!(lines.join("\n"), expected, "\n{text}");
}

#[tokio::test(start_paused = true)]
async fn it_is_json_with_durations_in_the_notation_of_settings() {
    let stage = all_kinds().await;
    let json = serde_json::to_value(stage.endpointer.explain()).unwrap();
    let of = |id: &str| json["instances"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    assert_eq!(
        (&json["service"], &json["generation"], &json["answered"], &json["age"], &json["error"], &json["nobody"]),
        (
            &"strings".into(),
            &3.into(),
            &"2s 500ms".into(),
            &"2s 500ms".into(),
            &"no answer: connection refused".into(),
            &serde_json::Value::Null
        )
    );
    let good = serde_json::json!({
        "id": "good", "address": "10.0.0.1:4", "zone": "eu-1a", "weight": 10, "priority": 1, "healthy": true,
        "channel": { "is": "made" }, "standing": { "is": "in" }, "in_flight": 2, "latency": "9ms 620us", "failing": 0.0,
    });
    assert_eq!(of("good"), good);
    let dead = serde_json::json!({
        "id": "dead", "address": "10.0.0.1:2", "weight": 1, "priority": 0, "healthy": true,
        "channel": { "is": "making", "attempts": 16, "error": "dead refused" }, "in_flight": 0, "failing": 0.0,
    });
    assert_eq!(of("dead"), dead);
    assert_eq!(of("bad")["standing"], serde_json::json!({ "is": "ejected", "left": "2s 580ms", "times": 1 }));
    assert_eq!(of("gone")["channel"], serde_json::json!({ "is": "draining", "left": "7s 500ms" }));
    let ill = serde_json::json!({ "is": "fails_checks", "error": "not ready: its disk is full" });
    assert_eq!(of("ill")["standing"], ill);
    assert_eq!(of("shut")["standing"], serde_json::json!({ "is": "refused", "left": "47s 500ms" }));
}

#[tokio::test(start_paused = true)]
async fn it_says_why_there_is_nobody() {
    let stage = Stage::of("").await;
    let text = stage.endpointer.explain().to_string();
    assert_eq!(text, "strings: 0 instances, set 1, answered 0s ago\nnobody may be called: no instances are registered");
    stage.lines.order("a", Order::Fail);
    stage.set(named("a")).await;
    let explained = stage.endpointer.explain();
    assert_eq!(explained.nobody.as_deref(), Some("no instance is connected, of 1 known: a refused"));
    let pending = Registry::new();
    pending.hang();
    let discovery = pending.instancer("strings").start().unwrap();
    let endpointer = Endpointer::of(discovery.subscribe(), Lines::default()).start().unwrap();
    let text = endpointer.explain().to_string();
    assert_eq!(text, "strings: 0 instances, no answer yet\nnobody may be called: discovery has not answered yet");
}
