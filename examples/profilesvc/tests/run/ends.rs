use program::started;

use crate::support::{command, start};

#[tokio::test]
async fn it_drains_and_exits_0_when_it_is_asked_to_on_both_runtimes() {
    for (signal, runtime) in [("TERM", "stealing"), ("INT", "per-core")] {
        let service = start(&["--runtime", runtime]).await;
        assert_eq!(service.post("/profiles/", r#"{"id":"7"}"#).await.status, 201);
        // Whichever core answers: the store is one.
        for _ in 0..8 {
            assert_eq!(service.get("/profiles/7").await.status, 200);
        }
        service.signal(signal);
        let ended = service.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        let place = |of: &str| ended.stderr.find(of).unwrap_or_else(|| panic!("{of} in {}", ended.stderr));
        let order = ["part=http step=stopping", "msg=drained aborted=0", "part=metrics step=stopped"];
        assert!(order.map(place).is_sorted(), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn what_cannot_start_says_why_in_one_line_and_fails() {
    let first = start(&[]).await;
    for (flags, part) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--addr", &first.addr], "cannot listen on"),
        (&["--max-profiles=0"], "max_profiles is 0, it must be at least 1"),
        (&["--max-profiles=many"], "max-profiles"),
        (&["--log-level", "loud"], "loud"),
        (&["--metrics", "graphite"], "graphite"),
        (&["--addr", "127.0.0.1:0", "--register", "static:a:1"], "nothing can be announced there"),
        (&["--addr", "0.0.0.0:0", "--register", "consul:127.0.0.1:8500"], "advertise"),
    ] {
        let line = program::ended(command(flags)).await.refusal();
        assert!(line.contains(part), "{flags:?}: {line}");
    }
}

#[tokio::test]
async fn the_environment_says_what_flags_do_not() {
    let mut environment = command(&["--log-format=json"]);
    environment.env("KIT_ADDR", "127.0.0.1:0").env("KIT_LOG_FORMAT", "logfmt").env("KIT_MAX_PROFILES", "1");
    let service = started(environment).await;
    assert_eq!(service.post("/profiles/", r#"{"id":"1"}"#).await.status, 201);
    assert_eq!(service.post("/profiles/", r#"{"id":"2"}"#).await.status, 429);
    assert!(service.stop().await.stderr.starts_with("{\"level\":"));
}
