use std::io::Write as _;
use std::process::ExitCode;

use kit_core::Error;

/// What a `main` answers when `program` has ended so: success; or failure, after one line on stderr that says why, since there may have
/// been no log yet.
///
/// ```no_run
/// # use kit::Error;
/// # async fn run() -> Result<(), Error> { Ok(()) }
/// #[tokio::main]
/// async fn main() -> std::process::ExitCode {
///     kit::app::exit("greeter", run().await)
/// }
/// ```
pub fn exit(program: &str, ended: Result<(), Error>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A stderr that is closed has nobody to tell.
            let _ = writeln!(std::io::stderr(), "{program}: {}", error.message());
            ExitCode::FAILURE
        }
    }
}
