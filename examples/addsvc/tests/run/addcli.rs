use program::{Ended, ended};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::start;

async fn addcli(args: &[&str]) -> Ended {
    ended(program::command(env!("CARGO_BIN_EXE_addcli"), args)).await
}

/// What it says if all is well.
async fn said(args: &[&str]) -> String {
    let ended = addcli(args).await;
    assert!(ended.status.success() && ended.stderr.is_empty(), "{args:?}: {}", ended.stderr);
    ended.stdout
}

/// The one line that it fails with.
async fn fails(args: &[&str]) -> String {
    addcli(args).await.refusal()
}

const ALL: [&str; 3] = ["http", "jsonrpc", "grpc"];

#[tokio::test]
async fn it_calls_over_every_transport_by_address_and_by_discovery() {
    let service = start(&[]).await;
    let source = format!("static:{}", service.addr);
    for transport in ALL {
        for place in [["--addr", &service.addr], ["--discover", &source]] {
            let call = async |words: &[&str]| said(&[words, &["--transport", transport], &place].concat()).await;
            assert_eq!(call(&["sum", "1", "2"]).await, "1 + 2 = 3\n", "{transport} {place:?}");
            assert_eq!(call(&["sum", "-1", "-2"]).await, "-1 + -2 = -3\n", "{transport} {place:?}");
            assert_eq!(call(&["concat", "1", "2"]).await, "\"1\" + \"2\" = \"12\"\n", "{transport} {place:?}");
        }
    }
    for transport in ["http", "grpc"] {
        let args = ["series", "1", "1", "3", "10ms", "--addr", &service.addr, "--transport", transport];
        assert_eq!(said(&args).await, "2\n3\n5\n");
    }
}

#[tokio::test]
async fn what_the_service_refuses_is_one_line_and_no_success() {
    let service = start(&[]).await;
    for transport in ALL {
        let with =
            async |a: [&str; 3]| fails(&[&a[..], &["--addr", &service.addr, "--transport", transport]].concat()).await;
        assert_eq!(with(["sum", "0", "0"]).await, "addcli: can't sum two zeroes\n");
        assert_eq!(with(["sum", "2147483647", "1"]).await, "addcli: integer overflow\n");
        let long = "addcli: result exceeds maximum size: it has 11 bytes, and may have 10\n";
        assert_eq!(with(["concat", "123456", "78901"]).await, long);
    }
    let none = fails(&["series", "1", "1", "--transport", "jsonrpc", "--addr", &service.addr]).await;
    assert_eq!(none, "addcli: JSON-RPC has no streams\n");
}

#[tokio::test]
async fn what_is_no_number_is_an_error_and_nobody_is_called() {
    for (args, part) in [
        (&["sum", "1x", "2"][..], "\"1x\" is no number that it can take"),
        (&["sum", "1", "9223372036854775808"], "\"9223372036854775808\" is no number"),
        (&["series", "1", "1", "-1"], "\"-1\" is no number"),
        (&["series", "1", "1", "1", "soon"], "soon"),
        (&["sum", "1"], "what is it to do?"),
        (&["subtract", "1", "2"], "what is it to do?"),
        (&[], "what is it to do?"),
        (&["sum", "1", "2", "--transport", "thrift"], "thrift"),
        (&["sum", "1", "2", "--deadline", "5"], "5"),
        (&["sum", "1", "2", "--addr", "nowhere"], "no port in"),
        (&["sum", "1", "2", "--addr", "a:1", "--discover", "static:a:1"], "it is one or the other"),
        (&["sum", "1", "2", "--client-retry-attempts=0"], "retry.attempts is 0"),
    ] {
        let line = fails(args).await;
        assert!(line.starts_with("addcli: ") && line.contains(part), "{args:?}: {line}");
    }
}

#[tokio::test]
async fn a_deadline_ends_it_whoever_is_there() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = silent.local_addr().expect("bound").to_string();
    for transport in ALL {
        let line = fails(&["sum", "1", "2", "--deadline=200ms", "--addr", &addr, "--transport", transport]).await;
        assert_eq!(line, "addcli: the call took too long; it may be tried again\n");
    }
}

#[tokio::test]
async fn who_cannot_be_called_is_named_with_the_reason() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.and_then(|free| free.local_addr()).expect("a port").to_string();
    for transport in ALL {
        let line = fails(&["sum", "1", "2", "--addr", &nobody, "--transport", transport]).await;
        let expected = format!("the service is unavailable; try again later: {nobody}: Connection refused");
        assert!(line.contains(&expected), "{transport}: {line}");
    }
    #[cfg(feature = "consul")]
    {
        let place = format!("consul:{nobody}");
        let line = fails(&["sum", "1", "2", "--discover", &place, "--deadline=500ms"]).await;
        assert!(line.contains(&format!("nobody was found in time by {place}: ")) && line.contains("refused"), "{line}");
    }
}

/// Answers every caller with this, and hangs up.
async fn answers(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("bound").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(text.as_bytes()).await;
        }
    });
    addr
}

#[tokio::test]
async fn whatever_else_answers_there_is_one_line_and_no_success() {
    for text in [
        "",
        "220 mail.test ESMTP\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"v\":\"x\"}",
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: 9\r\n\r\n{\"v\":\"x\"}",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nboom",
    ] {
        let addr = answers(text).await;
        for transport in ALL {
            for words in [&["sum", "1", "2"][..], &["series", "1", "2", "3"]] {
                let line = fails(&[words, &["--addr", &addr, "--transport", transport]].concat()).await;
                assert!(line.starts_with("addcli: "), "{transport} {words:?} {text:?}: {line}");
                assert!(!line.contains("gave up"), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn help_is_text_on_stdout_and_all_is_well() {
    let help = said(&["--help"]).await;
    for part in ["Usage: addcli", "addcli sum A B", "--transport http|jsonrpc|grpc", "--deadline TEXT"] {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert_eq!(said(&["sum", "1", "2", "--help"]).await, help);
    assert_eq!(said(&["-h"]).await, help);
}
