use program::started;
use tokio::process::Command;

pub(crate) fn command(flags: &[&str]) -> Command {
    program::command(env!("CARGO_BIN_EXE_apigateway"), flags)
}

pub(crate) async fn start(flags: &[&str]) -> program::Program {
    // However busy the machine of the tests is, a call is to have its time.
    let patient = ["--addr", "127.0.0.1:0", "--client-deadline-max=15s", "--client-attempt-timeout=5s"];
    started(command(&[&patient, flags].concat())).await
}
