use serde::{Deserialize, Serialize};

/// What the rules send and get back: one text, which every format can say.
///
/// It is there for codecs by serde and, with the feature `protobuf`, for Protocol Buffers (`string text = 1`); a codec of
/// another kind is written for it by hand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "protobuf", derive(prost::Message))]
#[cfg_attr(not(feature = "protobuf"), derive(Debug, Default))]
pub struct Message {
    /// Any characters, and as many as the rule wants.
    #[cfg_attr(feature = "protobuf", prost(string, tag = "1"))]
    pub text: String,
}

impl Message {
    /// A message of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}
