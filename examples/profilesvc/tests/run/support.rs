use program::started;
use tokio::process::Command;

pub(crate) fn command(flags: &[&str]) -> Command {
    program::command(env!("CARGO_BIN_EXE_profilesvc"), flags)
}

pub(crate) async fn start(flags: &[&str]) -> program::Program {
    started(command(&[&["--addr", "127.0.0.1:0"], flags].concat())).await
}
