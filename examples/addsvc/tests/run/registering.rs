use program::{File, PATIENCE, ended};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::support::listening;

/// What an agent of Consul's is told first: the body of the registration.
async fn told(listener: TcpListener) -> Value {
    let (stream, _) = listener.accept().await.expect("a caller");
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while stream.read_line(&mut line).await.expect("a line") > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a body");
    let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ntrue";
    stream.write_all(answer).await.expect("answered");
    serde_json::from_slice(&body).expect("JSON")
}

#[tokio::test]
async fn it_is_announced_once_with_all_of_its_ports() {
    for own in [&[][..], &["--jsonrpc-addr=127.0.0.1:0", "--grpc-addr=127.0.0.1:0", "--debug-addr=127.0.0.1:0"]] {
        let agent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let registry = format!("consul:{}", agent.local_addr().expect("bound"));
        let flags = [&["--addr=127.0.0.1:0", "--register", &registry], own].concat();
        let (announced, listening) = tokio::join!(timeout(PATIENCE, told(agent)), listening(&flags));
        let (announced, (_service, ports)) = (announced.expect("in time"), listening);
        let at = |wire: &str| ports.iter().find(|(wires, _)| wires.contains(wire)).expect("it answers").1.clone();
        assert_eq!(format!("{}:{}", announced["Address"].as_str().unwrap_or_default(), announced["Port"]), at("http"));
        let (tags, meta) = match own.is_empty() {
            true => (json!(["http", "jsonrpc", "grpc"]), json!({})),
            false => (json!(["http"]), json!({"jsonrpc_addr": at("jsonrpc"), "grpc_addr": at("grpc")})),
        };
        assert_eq!(announced["Tags"], tags);
        assert_eq!(announced.get("Meta").cloned().unwrap_or(json!({})), meta);
    }
}

#[tokio::test]
async fn addcli_calls_each_wire_at_the_port_that_discovery_says_it_has() {
    let own =
        ["--http-addr=127.0.0.1:0", "--jsonrpc-addr=127.0.0.1:0", "--grpc-addr=127.0.0.1:0", "--addr=127.0.0.1:0"];
    let (_service, ports) = listening(&own).await;
    let at = |wire: &str| ports.iter().find(|(wires, _)| wires == wire).expect("it answers").1.clone();
    let metadata = json!({"jsonrpc_addr": at("jsonrpc"), "grpc_addr": at("grpc")});
    let set = File::new("ports.json", &json!([{"address": at("http"), "metadata": metadata}]).to_string());
    let source = format!("file:{}", set.path());
    for transport in ["http", "jsonrpc", "grpc"] {
        let args = ["sum", "1", "2", "--transport", transport, "--discover", &source];
        let ended = ended(program::command(env!("CARGO_BIN_EXE_addcli"), &args)).await;
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("1 + 2 = 3\n", ""), "{transport}");
    }
}
