use program::{PATIENCE, ended};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{command, start};

#[tokio::test]
async fn it_drains_and_exits_0_when_it_is_asked_to_on_both_runtimes() {
    for (signal, runtime) in [("TERM", "stealing"), ("INT", "per-core")] {
        let service = start(&["--runtime", runtime]).await;
        assert_eq!(service.post("/sum", r#"{"a":1,"b":2}"#).await.status, 200);
        service.signal(signal);
        let ended = service.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        let place = |of: &str| ended.stderr.find(of).unwrap_or_else(|| panic!("{of} in {}", ended.stderr));
        let order = ["check=ready", "step=stopping", "msg=drained aborted=0", "part=metrics step=stopped"];
        assert!(order.map(place).is_sorted(), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_call_that_is_under_way_when_it_is_asked_to_stop_is_answered_whole() {
    let service = start(&[]).await;
    let series = async {
        let answer = service.post("/series", r#"{"a":1,"b":1,"count":4,"pause_ms":300}"#).await;
        (answer.is_whole(), answer.lines())
    };
    let stop = async {
        // In the middle of it: the call is counted as soon as it is there.
        let begun = r#"kit_server_requests_in_flight{service="pb.Add",method="Series"} 1"#;
        while !service.get("/metrics").await.body.lines().any(|line| line == begun) {
            tokio::task::yield_now().await;
        }
        service.signal("TERM");
    };
    let ((whole, lines), stopped) = tokio::join!(series, timeout(PATIENCE, stop));
    assert!(whole && stopped.is_ok());
    assert_eq!(lines, [json!({"v":2}), json!({"v":3}), json!({"v":5}), json!({"v":8})]);
    let ended = service.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("msg=drained aborted=0"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_cannot_start_says_why_in_one_line_and_fails() {
    let first = start(&[]).await;
    for (flags, part) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--addr", &first.addr], "cannot listen on"),
        (&["--addr=127.0.0.1:0", "--jsonrpc-addr", &first.addr], "cannot listen on"),
        (&["--http-addr", "nowhere"], "nowhere"),
        (&["--log-level", "loud"], "loud"),
        (&["--addr=127.0.0.1:0", "--register", "static:127.0.0.1:1"], "at consul or etcd"),
        (&["--addr=127.0.0.1:0", "--metrics", "graphite"], "graphite"),
        (&["--addr=127.0.0.1:0", "--server-max-connections=0"], "max_connections"),
    ] {
        let line = ended(command(flags)).await.refusal();
        assert!(line.contains(part), "{flags:?}: {line}");
    }
}

#[tokio::test]
async fn help_is_text_on_stdout_and_all_is_well() {
    let help = ended(command(&["--help"])).await;
    assert!(help.status.success() && help.stderr.is_empty());
    for part in ["Usage: addsvc", "--http-addr TEXT", "--debug-addr TEXT", "--print-config", "KIT_LOG_FORMAT"] {
        assert!(help.stdout.contains(part), "{part} in {}", help.stdout);
    }
}
