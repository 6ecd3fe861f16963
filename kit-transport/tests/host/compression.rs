use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kit_core::{Layer, request_fn};
use kit_transport::http::server::compression::{CompressConfig, CompressLayer, DecompressConfig, DecompressLayer};
use kit_transport::http::server::{Config, Router, RouterService, json};
use tokio::io::AsyncReadExt as _;

use crate::support::{raw, start};

/// `/repeat` answers with its text, two hundred times.
fn service() -> RouterService {
    let compress = CompressLayer::new(CompressConfig::default()).unwrap();
    let decompress = DecompressLayer::new(DecompressConfig::default()).unwrap();
    let repeat = json(request_fn(async |text: String| Ok(text.repeat(200))));
    Router::new().post("/repeat", compress.layer(decompress.layer(repeat))).build().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn post(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /repeat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\n\
         accept-encoding: gzip\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The head and the body of the answer to these bytes.
async fn answer(addr: std::net::SocketAddr, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut all = Vec::new();
    raw(addr, bytes).await.read_to_end(&mut all).await.unwrap();
    let end = all.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8(all[..end].to_vec()).unwrap(), all[end..].to_vec())
}

#[tokio::test]
async fn a_compressed_call_is_answered_with_a_compressed_answer() {
    let running = start(service(), Config::default()).await;
    let (head, body) = answer(running.addr, &post("gzip", &gzip(br#""0123456789""#))).await;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("content-encoding: gzip\r\n") && head.contains("vary: accept-encoding\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    let mut text = String::new();
    GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, format!("\"{}\"", "0123456789".repeat(200)));
}

#[tokio::test]
async fn a_gzip_bomb_is_413_and_an_unknown_coding_415() {
    let running = start(service(), Config::default()).await;
    let (head, body) = answer(running.addr, &post("gzip", &gzip(&vec![b'0'; 8 << 20]))).await;
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("body_too_compressed"));
    let (head, _) = answer(running.addr, &post("br", b"whatever")).await;
    assert!(head.starts_with("HTTP/1.1 415 ") && head.contains("accept-encoding: gzip, deflate\r\n"), "{head}");
}
