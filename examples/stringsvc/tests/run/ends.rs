use program::{ended, started};

use crate::support::{command, start};

#[tokio::test]
async fn it_drains_and_exits_0_when_it_is_asked_to_on_both_runtimes() {
    for (signal, runtime) in [("TERM", "stealing"), ("INT", "per-core")] {
        let service = start(&["--runtime", runtime]).await;
        service.post("/count", r#"{"s":"a"}"#).await;
        service.signal(signal);
        let ended = service.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        assert!(ended.stderr.contains("msg=drained aborted=0"), "{}", ended.stderr);
        assert!(ended.stderr.contains("part=http step=stopped"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn what_cannot_start_says_why_in_one_line_and_fails() {
    let first = start(&[]).await;
    let taken = ended(command(&["--addr", &first.addr])).await.refusal();
    assert!(taken.starts_with(&format!("stringsvc: cannot listen on {}", first.addr)), "{taken}");
    for (flags, part) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--addr", "nowhere"], "nowhere"),
        (&["--log-level", "loud"], "loud"),
        (&["--log-format", "xml"], "xml"),
        (&["--proxy", "ftp://x"], "ftp"),
    ] {
        let line = ended(command(flags)).await.refusal();
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn the_environment_says_what_flags_do_not() {
    let mut environment = command(&[]);
    environment.env("KIT_ADDR", "127.0.0.1:0").env("KIT_LOG_FORMAT", "json");
    let service = started(environment).await;
    let lines = service.stop().await.stderr;
    assert!(lines.starts_with("{\"level\":"), "{lines}");
    let mut nowhere = command(&[]);
    nowhere.env("KIT_ADDR", "nowhere");
    assert!(ended(nowhere).await.refusal().contains("nowhere"));
}

#[tokio::test]
async fn a_closed_stderr_stops_no_call() {
    // A pipe whose reader is gone: every write fails.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = command(&["--addr", "127.0.0.1:0"]);
    command.stderr(writer);
    let service = started(command).await;
    assert_eq!(service.post("/count", r#"{"s":"a"}"#).await.status, 200);
}
