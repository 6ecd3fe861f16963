#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError {
    #[failure(code = "OutOfRange", message = "more than {most}")]
    TooLong { max: usize },
    #[failure(code = "OutOfRange", message = "more than {1}")]
    TooMany(usize),
}

fn main() {}
