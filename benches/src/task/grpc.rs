//! The same as a gRPC method.

/// What is sent.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Text {
    /// The text.
    #[prost(string, tag = "1")]
    pub s: String,
}

/// What comes back.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Value {
    /// The text in upper case.
    #[prost(string, tag = "1")]
    pub v: String,
}

/// Its path, by service and name of [`UPPERCASE`](super::UPPERCASE).
pub const PATH: &str = "/stringsvc/uppercase";

/// A request: a frame with `hello`.
pub const REQUEST: &[u8] = b"\0\0\0\0\x07\x0a\x05hello";

/// The answer to it.
pub const ANSWER: &[u8] = b"\0\0\0\0\x07\x0a\x05HELLO";

/// The business: nothing can be done for an empty text.
pub fn uppercase(text: Text) -> Option<Value> {
    super::uppercase(super::Text { s: text.s }).map(|value| Value { v: value.v })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn the_frames_hold_the_messages() {
        let text = Text { s: "hello".to_owned() };
        assert_eq!(&REQUEST[5..], text.encode_to_vec());
        assert_eq!(&ANSWER[5..], uppercase(text).unwrap().encode_to_vec());
        assert!([REQUEST, ANSWER].iter().all(|frame| frame[..5] == [0, 0, 0, 0, 7]));
    }
}
