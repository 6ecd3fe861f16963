use tokio::time::timeout;

use crate::support::{PATIENCE, command, start, started};

/// Standard error, the exit code, and nothing on standard output.
pub(crate) async fn fails(flags: &[&str], env: &[(&str, &str)]) -> String {
    let mut command = command(flags);
    command.envs(env.iter().copied());
    let output = timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

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
    let taken = fails(&["--addr", &first.addr], &[]).await;
    assert!(taken.starts_with(&format!("stringsvc: cannot listen on {}", first.addr)), "{taken}");
    for (flags, part) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--addr", "nowhere"], "nowhere"),
        (&["--log-level", "loud"], "loud"),
        (&["--log-format", "xml"], "xml"),
        (&["--proxy", "ftp://x"], "ftp"),
    ] {
        let line = fails(flags, &[]).await;
        assert!(line.contains(part), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    assert_eq!(taken.lines().count(), 1, "{taken}");
}

#[tokio::test]
async fn the_environment_says_what_flags_do_not() {
    let mut environment = command(&[]);
    environment.env("KIT_ADDR", "127.0.0.1:0").env("KIT_LOG_FORMAT", "json");
    let service = started(environment).await;
    let ended = service.stop().await;
    assert!(ended.stderr.starts_with("{\"level\":"), "{}", ended.stderr);
    assert!(fails(&[], &[("KIT_ADDR", "nowhere")]).await.contains("nowhere"));
}

#[tokio::test]
async fn a_closed_stderr_stops_no_call() {
    let mut command = command(&["--addr", "127.0.0.1:0"]);
    command.stderr(std::process::Stdio::null());
    // A pipe whose reader is gone: every write fails.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut child = command.stderr(writer).spawn().expect("it starts");
    let mut lines = tokio::io::BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    tokio::io::AsyncBufReadExt::read_line(&mut lines, &mut line).await.expect("a first line");
    let addr = line.split("http://").nth(1).and_then(|rest| rest.split(';').next()).expect("an address").to_owned();
    let mut stream = tokio::net::TcpStream::connect(addr).await.expect("it listens");
    let request = b"POST /count HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"s\":\"a\"}";
    tokio::io::AsyncWriteExt::write_all(&mut stream, request).await.expect("sent");
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.expect("text");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
