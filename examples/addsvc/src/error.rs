//! What the service refuses, and what a caller of any wire finds in the error that it gets.

use kit::{Code, Error, Failure};

/// A rule of the business that a request breaks. The texts are Go kit's; as there, each is a 400 by HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Failure)]
#[non_exhaustive]
pub enum AddError {
    /// A sum of two zeroes.
    #[failure(code = "InvalidArgument", message = "can't sum two zeroes")]
    TwoZeroes,
    /// A sum that is no 32-bit number.
    #[failure(code = "OutOfRange", message = "integer overflow")]
    IntOverflow,
    /// A text that would be too long.
    #[failure(code = "InvalidArgument", message = "result exceeds maximum size")]
    MaxSizeExceeded {
        /// How long it would be, in bytes.
        length: usize,
    },
}

impl AddError {
    /// What Go kit's service says in a reply of gRPC: nothing, where all is well, or one of the texts.
    ///
    /// # Errors
    /// What the text stands for. How long a text would be it does not say, so that this is no variant, but its code and its reason.
    pub fn said(text: &str) -> Result<(), Error> {
        match text {
            "" => Ok(()),
            "can't sum two zeroes" => Err(Self::TwoZeroes.into()),
            "integer overflow" => Err(Self::IntOverflow.into()),
            "result exceeds maximum size" => {
                Err(Error::invalid_argument("result exceeds maximum size").with_reason("max_size_exceeded"))
            }
            // A stranger's text is for the log.
            other => Err(Error::from_code(Code::Unknown).with_field("said", other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_kits_texts_are_what_they_stand_for_again() {
        AddError::said("").unwrap();
        for variant in [AddError::TwoZeroes, AddError::IntOverflow] {
            let error = AddError::said(&variant.to_string()).unwrap_err();
            assert_eq!((error.code(), error.cause()), (variant.code(), Some(&variant)));
        }
        let own = AddError::MaxSizeExceeded { length: 11 };
        let error = AddError::said(&own.to_string()).unwrap_err();
        assert_eq!((error.code(), error.reason()), (own.code(), Some(own.reason())));
        let error = AddError::said("no such thing\n").unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::Unknown, Code::Unknown.line()));
    }
}
