#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(code = "OutOfRange", message = "more than {}")]
    TooMany(usize),
}

fn main() {}
