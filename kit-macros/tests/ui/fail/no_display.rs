#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(code = "InvalidArgument")]
    TwoZeroes,
}

fn main() {}
