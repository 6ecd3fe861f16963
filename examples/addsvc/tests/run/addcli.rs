use program::{Ended, ended};
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
async fn help_is_text_on_stdout_and_all_is_well() {
    let help = said(&["--help"]).await;
    for part in ["Usage: addcli", "addcli sum A B", "--transport http|jsonrpc|grpc", "--deadline TEXT"] {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert_eq!(said(&["sum", "1", "2", "--help"]).await, help);
}
