#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(code = "InvalidArgument", message = "can't sum two zeroes")]
    TwoZeroes,
    #[failure(code = "OutOfRange")]
    IntOverflow,
}

fn main() {}
