#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(code = "OutOfRange", message = "integer overflow")]
    Overflow,
    #[failure(code = "OutOfRange", reason = "overflow", message = "string overflow")]
    TooLong,
    #[failure(code = "OutOfRange", reason = "too long", message = "a reason of two words")]
    TwoWords,
}

fn main() {}
