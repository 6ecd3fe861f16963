use std::time::Instant;

#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum LateError {
    #[failure(code = "DeadlineExceeded", message = "too late")]
    TooLate { since: Instant },
}

fn main() {}
