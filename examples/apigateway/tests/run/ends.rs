use program::ended;

use crate::behind::Behind;
use crate::support::{command, start};

#[tokio::test]
async fn it_drains_closes_its_client_and_exits_0_when_it_is_asked_to() {
    let behind = Behind::start().await;
    for (signal, runtime) in [("TERM", "stealing"), ("INT", "per-core")] {
        let gateway = start(&["--runtime", runtime, "--discover", &format!("static:{}", behind.addr)]).await;
        assert_eq!(gateway.post("/stringsvc/count", r#"{"s":"a"}"#).await.status, 200);
        gateway.signal(signal);
        let ended = gateway.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        let place = |of: &str| ended.stderr.find(of).unwrap_or_else(|| panic!("{of} in {}", ended.stderr));
        let order = [
            "part=http step=stopping",
            "msg=drained aborted=0",
            "part=stringsvc step=stopped",
            "part=metrics step=stopped",
        ];
        assert!(order.map(place).is_sorted(), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn what_cannot_start_says_why_in_one_line_and_fails() {
    let behind = Behind::start().await;
    for (flags, part) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--discover", "nowhere"], "no kind before a colon"),
        (&["--discover", "static:nowhere"], "no port in"),
        (&["--addr", &behind.addr, "--discover", "static:127.0.0.1:1"], "cannot listen on"),
        (&["--discover", "static:127.0.0.1:1", "--client-retry-attempts=0"], "retry.attempts is 0"),
        (&["--discover", "static:127.0.0.1:1", "--client-attempt-timeout=0s"], "attempt_timeout is 0"),
        (&["--discover", "static:127.0.0.1:1", "--client-connections-keep-alive=0s"], "connections.keep_alive is 0"),
        (&["--discover", "static:127.0.0.1:1", "--client-endpointer-balance-ejection-max-share=2"], "max_share is 2"),
    ] {
        let line = ended(command(flags)).await.refusal();
        assert!(line.contains(part), "{flags:?}: {line}");
    }
}
