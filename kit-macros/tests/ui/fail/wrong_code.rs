#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(code = "Invalid", message = "can't sum two zeroes")]
    TwoZeroes,
    #[failure(code = "OUT_OF_RANGE", message = "integer overflow")]
    IntOverflow,
}

fn main() {}
