use kit_core::{Code, Error};

/// What is wrong with the messages of a call, going by their frames. In the error's chain, on either side.
///
/// # Source
/// gRPC's `doc/statuscodes.md` and `doc/compression.md` for the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// `ResourceExhausted`: a message is larger than it may be. What came of it was not kept, what follows is not read.
    #[error("a message of more than {limit} bytes")]
    TooLarge {
        /// What is allowed, in bytes.
        limit: u32,
    },
    /// `Internal`: the body ended within a message.
    #[error("the body ended within a message")]
    Truncated,
    /// `Internal`: a message begins with a flag that is neither 0 nor 1.
    #[error("a message with the flag {0}")]
    Flag(u8),
    /// `Internal`: a message is deflated, and the head of the call names no coding.
    #[error("a deflated message without a coding")]
    NoCoding,
    /// `Internal`: a message could not be inflated.
    #[error("a message that cannot be inflated")]
    Damaged,
    /// `Unimplemented`: there is no message where there is exactly one.
    #[error("no message where there is one")]
    None,
    /// `Unimplemented`: there are more messages than the one there is.
    #[error("several messages where there is one")]
    Several,
}

impl FrameError {
    /// The error that a call fails with for it.
    pub(crate) fn error(self) -> Error {
        let (code, message, reason) = match self {
            FrameError::TooLarge { limit } => {
                let line = format!("the message is larger than {limit} bytes");
                return Error::boundary(Code::ResourceExhausted, self)
                    .with_message(line)
                    .with_reason("message_too_large")
                    .with_retry(kit_core::Retry::Never);
            }
            FrameError::Truncated => (Code::Internal, "the message is incomplete", "message_truncated"),
            FrameError::Flag(_) => (Code::Internal, "the message has an unknown flag", "message_flag"),
            FrameError::NoCoding => {
                (Code::Internal, "the message is compressed by no named coding", "message_no_coding")
            }
            FrameError::Damaged => (Code::Internal, "the message cannot be decompressed", "message_damaged"),
            FrameError::None => (Code::Unimplemented, "the method takes one message, and there is none", "no_message"),
            FrameError::Several => {
                (Code::Unimplemented, "the method takes one message, and there are more", "several_messages")
            }
        };
        Error::boundary(code, self).with_message(message).with_reason(reason)
    }
}
