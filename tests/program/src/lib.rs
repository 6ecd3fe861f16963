//! A program as its users have it, for the tests of the examples: flags and variables go in, lines come out, requests are made over a
//! socket, and a signal ends it. What a test waits for, it waits [`PATIENCE`] for, and then fails; what it started ends with it.

mod answer;
mod file;

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

pub use answer::Answer;
pub use file::File;

/// Longer than anything that a test waits for, shorter than a test runner's patience.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A command of `binary`, which is `env!("CARGO_BIN_EXE_…")`, with these flags and no settings of whoever runs the tests.
pub fn command(binary: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KIT_")) {
        command.env_remove(name);
    }
    command
}

/// Starts a server, and waits for the first line of its stdout, which has its address after `http://`.
pub async fn started(command: Command) -> Program {
    let mut program = Program::spawn(command);
    let line = program.line().await;
    let rest = line.split("http://").nth(1).expect("an address");
    program.addr = rest.split([';', ' ']).next().unwrap_or(rest).to_owned();
    program
}

/// Runs a command that ends by itself.
pub async fn ended(command: Command) -> Ended {
    Program::spawn(command).ended().await
}

/// A program that runs; it is killed when this is dropped.
pub struct Program {
    /// Where it listens, `host:port`, if it is a server.
    pub addr: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// None where the command says so.
    stderr: Option<BufReader<ChildStderr>>,
}

/// What a program left behind.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Of its stdout, what was not read while it ran.
    pub stdout: String,
    /// All of its stderr.
    pub stderr: String,
}

impl Program {
    /// Starts it, and waits for nothing.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stderr = child.stderr.take().map(BufReader::new);
        Self { addr: String::new(), child, stdout, stderr }
    }

    /// The next line of its stdout.
    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.stdout.read_line(&mut line)).await.expect("in time").expect("a line");
        line.trim_end().to_owned()
    }

    /// Sends it a signal: `TERM`, `INT`, `KILL`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Asks it to stop and waits for what it leaves behind.
    pub async fn stop(self) -> Ended {
        self.signal("TERM");
        self.ended().await
    }

    /// Waits for what it leaves behind.
    pub async fn ended(mut self) -> Ended {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let both = async {
            self.stdout.read_to_string(&mut stdout).await.expect("text");
            if let Some(from) = &mut self.stderr {
                from.read_to_string(&mut stderr).await.expect("text");
            }
            self.child.wait().await.expect("an end")
        };
        let status = timeout(PATIENCE, both).await.expect("it ends");
        Ended { status, stdout, stderr }
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: &str) -> Answer {
        self.send("PUT", path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    /// Patches with JSON.
    pub async fn patch(&self, path: &str, body: &str) -> Answer {
        self.send("PATCH", path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"").await
    }

    /// Gets.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    /// Sends a request, as it is, on a connection of its own.
    pub async fn send(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{verb} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.addr);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        let exchange = async {
            let mut stream = TcpStream::connect(&self.addr).await.expect("it listens");
            stream.write_all(head.as_bytes()).await.expect("sent");
            // A server that refuses a large body does not read it to its end.
            let _ = stream.write_all(body).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            answer
        };
        Answer::parse(&timeout(PATIENCE, exchange).await.expect("an answer"))
    }
}

impl Ended {
    /// The one line of a program that did not start.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert!(!self.status.success() && self.stdout.is_empty(), "{}", self.stdout);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.stderr
    }
}
