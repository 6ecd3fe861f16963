#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core", code = "OutOfRange")]
enum AddError {
    #[failure(code = "OutOfRange", text = "integer overflow")]
    IntOverflow,
    #[failure(code = "InvalidArgument", code = "OutOfRange", message = "twice")]
    Twice,
    #[failure(code = InvalidArgument, message = "no text")]
    NoText,
}

#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum FieldError {
    #[failure(code = "OutOfRange", message = "too large")]
    TooLarge {
        #[failure(code = "OutOfRange")]
        max: usize,
    },
}

fn main() {}
