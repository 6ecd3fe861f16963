use program::{Program, started};
use tokio::process::Command;

pub(crate) fn command(flags: &[&str]) -> Command {
    program::command(env!("CARGO_BIN_EXE_addsvc"), flags)
}

pub(crate) async fn start(flags: &[&str]) -> Program {
    started(command(&[&["--addr", "127.0.0.1:0"], flags].concat())).await
}
