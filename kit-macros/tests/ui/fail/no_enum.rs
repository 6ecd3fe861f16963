#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
struct AddError {
    max: usize,
}

#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum Never {}

fn main() {}
