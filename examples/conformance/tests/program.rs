//! The program as suites start it: two ports, of which one speaks HTTP/2 alone.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use std::time::Duration;

use program::Program;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const GET: &[u8] = b"GET /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The first bytes of an answer; none if the connection is closed.
async fn said(addr: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 9];
    match stream.read_exact(&mut answer).await {
        Ok(_) => answer,
        Err(_) => Vec::new(),
    }
}

#[tokio::test]
async fn one_port_speaks_both_versions_and_the_other_http_2_alone_and_it_stops_when_asked() {
    let all = async {
        let flags = ["--addr", "127.0.0.1:0", "--h2-addr", "127.0.0.1:0"];
        let mut both = Program::spawn(program::command(env!("CARGO_BIN_EXE_conformance"), &flags));
        let mut addrs = Vec::new();
        while addrs.len() < 2 {
            let line = both.line().await;
            addrs.push(line.trim_start_matches("http://").split(' ').next().unwrap().to_owned());
        }
        const SETTINGS: u8 = 4;
        assert_eq!(said(&addrs[0], GET).await, b"HTTP/1.1 ");
        assert_eq!(said(&addrs[0], PREFACE).await[3], SETTINGS);
        assert_eq!(said(&addrs[1], GET).await, b"", "no HTTP/1.1");
        assert_eq!(said(&addrs[1], PREFACE).await[3], SETTINGS);
        assert_eq!(both.stop().await.status.code(), Some(0));
    };
    timeout(Duration::from_secs(30), all).await.expect("an end");
}
