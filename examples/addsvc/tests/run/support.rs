use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// Longer than anything here takes, shorter than a test runner's patience.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Service {
    /// Where it is called.
    pub(crate) addr: String,
    /// What answers where.
    pub(crate) ports: Vec<(String, String)>,
    child: Child,
    /// Kept, so that the program can write.
    _stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

/// What a program left behind.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

pub(crate) fn command(flags: &[&str]) -> Command {
    program(env!("CARGO_BIN_EXE_addsvc"), flags)
}

pub(crate) fn program(path: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    // Whoever runs the tests may have settings of their own.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KIT_")) {
        command.env_remove(name);
    }
    command
}

pub(crate) async fn start(flags: &[&str]) -> Service {
    let mut all = vec!["--addr", "127.0.0.1:0"];
    all.extend(flags);
    started(command(&all)).await
}

pub(crate) async fn started(mut command: Command) -> Service {
    let mut child = command.spawn().expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut ports = Vec::new();
    loop {
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line)).await.expect("in time").expect("a line");
        let Some((_, port)) = line.trim_end().split_once("http://") else { break };
        let (addr, wires) = port.split_once("; ").expect("what answers there");
        ports.push((wires.to_owned(), addr.to_owned()));
    }
    let addr = ports.first().expect("a port").1.clone();
    Service { addr, ports, child, _stdout: stdout, stderr }
}

impl Service {
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Asks it to stop and waits for what it leaves behind.
    pub(crate) async fn stop(self) -> Ended {
        self.signal("TERM");
        self.ended().await
    }

    pub(crate) async fn ended(mut self) -> Ended {
        let mut stderr = String::new();
        let both = async {
            self.stderr.read_to_string(&mut stderr).await.expect("text");
            self.child.wait().await.expect("an end")
        };
        let status = timeout(PATIENCE, both).await.expect("it ends");
        Ended { status, stderr }
    }

    /// Calls another of its ports from now on.
    pub(crate) fn at(&mut self, wires: &str) {
        self.addr = self.ports.iter().find(|(names, _)| names == wires).expect("such a port").1.clone();
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub(crate) async fn send(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
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

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// As it is, without the chunks it came in.
    pub(crate) body: String,
    /// Whether the last chunk was there.
    ended: bool,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok()).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned()));
        let mut answer = Self { status, headers: headers.collect(), body: body.to_owned(), ended: true };
        if answer.header("transfer-encoding") == Some("chunked") {
            (answer.body, answer.ended) = joined(body);
        }
        answer
    }

    /// Whether it came to its own end.
    pub(crate) fn is_whole(&self) -> bool {
        self.ended
    }

    /// A body of NDJSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// Status, code and reason of a problem that says nothing it should not.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        assert!(self.body.len() < 800, "{}", self.body);
        let json = self.json();
        assert_eq!(json["status"], self.status);
        assert!(json["id"].as_str().is_some_and(|id| id.len() == 16), "{json}");
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        (self.status, text("code"), text("reason"))
    }
}

/// What stands in chunks, as far as they came, and whether the last one did.
fn joined(mut chunks: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return (body, true);
        }
        body += &rest[..size];
        chunks = &rest[size + 2..];
    }
    (body, false)
}
