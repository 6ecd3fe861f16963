//! What every server is asked, and what it answers: Go kit's uppercase.

pub mod grpc;

use kit::Method;
use serde::{Deserialize, Serialize};

/// What is sent: `{"s":"hello"}`.
#[derive(Deserialize)]
pub struct Text {
    /// The text.
    pub s: String,
}

/// What comes back: `{"v":"HELLO"}`.
#[derive(Serialize)]
pub struct Value {
    /// The text in upper case.
    pub v: String,
}

/// The operation, for kit.
pub static UPPERCASE: Method = Method::new("stringsvc", "uppercase").path("/uppercase").idempotent();

/// Its path, for the others.
pub const PATH: &str = "/uppercase";

/// A request, with the headers that a plain client sends.
pub const REQUEST: &[u8] = b"POST /uppercase HTTP/1.1\r\n\
    host: 127.0.0.1\r\n\
    user-agent: bench/1\r\n\
    accept: */*\r\n\
    content-type: application/json\r\n\
    content-length: 13\r\n\
    \r\n\
    {\"s\":\"hello\"}";

/// The body of the answer to it; Go's encoder puts a newline after it.
pub const ANSWER: &[u8] = br#"{"v":"HELLO"}"#;

/// The business: nothing can be done for an empty text.
pub fn uppercase(text: Text) -> Option<Value> {
    (!text.s.is_empty()).then(|| Value { v: text.s.to_uppercase() })
}
