use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, DuplexStream};
use tokio::time::Instant;

/// What was asked, and when.
#[derive(Clone, Debug)]
pub(in super::super) struct Request {
    pub(in super::super) at: Instant,
    pub(in super::super) method: String,
    pub(in super::super) target: String,
    pub(in super::super) head: String,
    pub(in super::super) body: Value,
}

impl Request {
    pub(in super::super) fn is_poll(&self) -> bool {
        self.target.starts_with("/v1/health/service/")
    }

    pub(in super::super) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let named = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decoded(value))
        };
        query.split('&').find_map(named)
    }
}

/// The next request on this pipe.
pub(super) async fn read(pipe: &mut DuplexStream) -> io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(pipe.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.to_ascii_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    pipe.read_exact(&mut body).await?;
    let mut words = head.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Ok(Request { at: Instant::now(), method, target, head, body })
}

pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

pub(super) fn millis(text: &str) -> Duration {
    Duration::from_millis(text.strip_suffix("ms").unwrap().parse().unwrap())
}
