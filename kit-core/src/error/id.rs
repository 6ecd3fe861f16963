use std::fmt;
use std::str::FromStr;

/// The name under which an error is found in the log: 64 random bits, written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorId(u64);

impl ErrorId {
    /// The id of these bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ErrorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text that is no [`ErrorId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an error id is 16 hexadecimal digits")]
pub struct InvalidErrorId;

impl FromStr for ErrorId {
    type Err = InvalidErrorId;

    fn from_str(text: &str) -> Result<Self, InvalidErrorId> {
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidErrorId);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| InvalidErrorId)
    }
}
