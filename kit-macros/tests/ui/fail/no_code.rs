#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(message = "can't sum two zeroes")]
    TwoZeroes,
    IntOverflow,
}

fn main() {}
