use std::fmt;
use std::str::FromStr;

/// What kind of failure an [`Error`](super::Error) is: the sixteen canonical codes that every wire maps both ways.
///
/// The numbers are gRPC's. Zero, its `OK`, is no error and has no place here.
///
/// # Source
/// gRPC, `doc/statuscodes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Code {
    /// The caller no longer wants the answer.
    Cancelled = 1,
    /// A failure that nobody classified.
    Unknown = 2,
    /// The request is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before the answer came; the work may have been done.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// What should be created exists already.
    AlreadyExists = 6,
    /// The caller is known and may not do this.
    PermissionDenied = 7,
    /// A quota, a rate or a size is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the call needs.
    FailedPrecondition = 9,
    /// A conflict with another call; the whole sequence may be tried again.
    Aborted = 10,
    /// The request reaches past what exists now.
    OutOfRange = 11,
    /// Nothing here does this.
    Unimplemented = 12,
    /// An invariant broke: a bug.
    Internal = 13,
    /// Nobody could serve the call now; another try may succeed.
    Unavailable = 14,
    /// Data is lost or damaged for good.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Code {
    /// Every code, in the order of their numbers.
    pub const ALL: [Code; 16] = [
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The name on every wire, in logs and in labels: `InvalidArgument`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Cancelled => "Cancelled",
            Code::Unknown => "Unknown",
            Code::InvalidArgument => "InvalidArgument",
            Code::DeadlineExceeded => "DeadlineExceeded",
            Code::NotFound => "NotFound",
            Code::AlreadyExists => "AlreadyExists",
            Code::PermissionDenied => "PermissionDenied",
            Code::ResourceExhausted => "ResourceExhausted",
            Code::FailedPrecondition => "FailedPrecondition",
            Code::Aborted => "Aborted",
            Code::OutOfRange => "OutOfRange",
            Code::Unimplemented => "Unimplemented",
            Code::Internal => "Internal",
            Code::Unavailable => "Unavailable",
            Code::DataLoss => "DataLoss",
            Code::Unauthenticated => "Unauthenticated",
        }
    }

    /// The number that gRPC gives the code, 1 to 16.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The code of a gRPC number; `None` for 0 and for what is not defined.
    pub const fn from_number(number: u8) -> Option<Code> {
        match number {
            1..=16 => Some(Self::ALL[number as usize - 1]),
            _ => None,
        }
    }

    /// The public line of an error that was given none.
    pub const fn line(self) -> &'static str {
        match self {
            Code::Cancelled => "the call was cancelled",
            Code::Unknown => "the call failed",
            Code::InvalidArgument => "the request is invalid",
            Code::DeadlineExceeded => "the call took too long; it may be tried again",
            Code::NotFound => "not found",
            Code::AlreadyExists => "it exists already",
            Code::PermissionDenied => "permission denied",
            Code::ResourceExhausted => "a limit is reached; try again later",
            Code::FailedPrecondition => "the system is not in the state this needs",
            Code::Aborted => "the call conflicted with another; it may be tried again",
            Code::OutOfRange => "the request is out of range",
            Code::Unimplemented => "not implemented",
            Code::Internal => super::BUG_LINE,
            Code::Unavailable => "the service is unavailable; try again later",
            Code::DataLoss => "data was lost",
            Code::Unauthenticated => "credentials are missing or wrong",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a code")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    /// Takes `InvalidArgument`, `INVALID_ARGUMENT` and `invalid_argument` alike: other toolkits write the other two.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let same = |name: &str| {
            let mut letters = text.bytes().filter(|&b| b != b'_');
            name.bytes().all(|n| letters.next().is_some_and(|t| t.eq_ignore_ascii_case(&n))) && letters.next().is_none()
        };
        Self::ALL.into_iter().find(|code| same(code.as_str())).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back_to_their_code() {
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(code));
            assert_eq!(code.as_str().parse(), Ok(code));
        }
        assert_eq!(Code::from_number(0), None);
        assert_eq!(Code::from_number(17), None);
    }

    #[test]
    fn reads_the_spellings_of_other_toolkits() {
        assert_eq!("INVALID_ARGUMENT".parse(), Ok(Code::InvalidArgument));
        assert_eq!("invalid_argument".parse(), Ok(Code::InvalidArgument));
        assert_eq!("InvalidArguments".parse::<Code>(), Err(UnknownCode));
        assert_eq!("".parse::<Code>(), Err(UnknownCode));
    }
}
