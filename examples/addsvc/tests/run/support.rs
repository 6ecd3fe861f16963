use program::{Program, started};
use tokio::process::Command;

pub(crate) fn command(flags: &[&str]) -> Command {
    program::command(env!("CARGO_BIN_EXE_addsvc"), flags)
}

pub(crate) async fn start(flags: &[&str]) -> Program {
    started(command(&[&["--addr", "127.0.0.1:0"], flags].concat())).await
}

/// A program, and what answers where, as it says itself.
pub(crate) async fn listening(flags: &[&str]) -> (Program, Vec<(String, String)>) {
    let mut program = Program::spawn(command(flags));
    let mut ports = Vec::new();
    while let Some((_, port)) = program.line().await.split_once("http://") {
        let (addr, wires) = port.split_once("; ").expect("what answers there");
        ports.push((wires.to_owned(), addr.to_owned()));
    }
    (program, ports)
}
