#[derive(Debug, kit_macros::Failure)]
#[failure(crate = "kit_core")]
enum BusyError {
    #[failure(code = "Unavailable", retry = "soon", message = "busy")]
    Busy,
}

fn main() {}
