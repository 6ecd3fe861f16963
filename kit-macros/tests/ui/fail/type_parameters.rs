#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum AddError<T> {
    #[failure(code = "OutOfRange", message = "too large")]
    TooLarge(T),
}

#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum NameError<'a> {
    #[failure(code = "NotFound", message = "{0} is not known")]
    Unknown(&'a str),
}

fn main() {}
