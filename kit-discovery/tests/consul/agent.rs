use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{PATIENCE, SECOND};

/// An agent of its own on free ports, which ends with this.
pub(super) struct Agent {
    folder: PathBuf,
    ports: [u16; 5],
    keeps: bool,
    extra: Vec<String>,
    child: Option<Child>,
}

impl Agent {
    /// One that keeps nothing over a restart.
    pub(super) async fn start() -> Self {
        Self::with(false, &[]).await
    }

    /// One that keeps its data, if `keeps`, and with more flags.
    pub(super) async fn with(keeps: bool, extra: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("kit-consul-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = listeners.map(|listener| listener.local_addr().unwrap().port());
        let extra = extra.iter().map(|flag| (*flag).to_owned()).collect();
        let mut agent = Self { folder, ports, keeps, extra, child: None };
        agent.restart().await;
        agent
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    /// Starts it again, on the same ports, and waits until it has a leader.
    pub(super) async fn restart(&mut self) {
        self.kill();
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let program = std::env::var_os("KIT_CONSUL").expect("KIT_CONSUL is the path of consul");
        let mut command = Command::new(program);
        command.args(["agent", "-bind", "127.0.0.1", "-client", "127.0.0.1", "-disable-host-node-id"]);
        command.args(["-node", "kit", "-log-level", "warn", "-grpc-port", "-1"]);
        for (flag, port) in
            ["-http-port", "-dns-port", "-server-port", "-serf-lan-port", "-serf-wan-port"].iter().zip(self.ports)
        {
            command.arg(flag).arg(port.to_string());
        }
        // For who ends it if this process cannot.
        command.arg("-pid-file").arg(self.folder.join("pid"));
        if self.keeps {
            command.args(["-server", "-bootstrap-expect", "1", "-data-dir"]).arg(self.folder.join("data"));
        } else {
            command.arg("-dev");
        }
        command.args(&self.extra).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let by = Instant::now() + PATIENCE;
        loop {
            let answer = timeout(SECOND, self.ask("GET", "/v1/status/leader", &Value::Null)).await;
            if matches!(&answer, Ok(Some((200, body))) if body.contains(':')) {
                return;
            }
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < by, "no leader within {PATIENCE:?}: {}", log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends it without a word.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Makes it silent, or lets it go on.
    pub(super) fn pause(&self, pause: bool) {
        self.child.iter().for_each(|child| super::pause::pause(child, pause));
    }

    /// Asks it by a request of the test's own; none if it does not answer.
    pub(super) async fn ask(&self, method: &str, target: &str, body: &Value) -> Option<(u16, String)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Consul-Token: root\r\n");
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports[0])).await.ok()?;
        stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// As [`ask`](Self::ask), of one that answers well.
    pub(super) async fn tell(&self, target: &str, body: &Value) -> String {
        match timeout(PATIENCE, self.ask("PUT", target, body)).await {
            Ok(Some((200, body))) => body,
            other => panic!("{target}: {other:?}"),
        }
    }

    /// Makes these the instances of the service on a node of their own, in one transaction: nobody sees a half of it.
    pub(super) async fn set(&self, service: &str, known: &[String], wanted: &[(String, u16)]) -> Vec<String> {
        let mut changes = vec![json!({ "Node": { "Verb": "set", "Node": { "Node": "rig", "Address": "127.0.0.9" } } })];
        let mut ids = Vec::new();
        for (host, port) in wanted {
            let id = format!("{service}-{host}-{port}");
            if ids.contains(&id) {
                continue;
            }
            let entry = json!({ "ID": id, "Service": service, "Address": host, "Port": port });
            changes.push(json!({ "Service": { "Verb": "set", "Node": "rig", "Service": entry } }));
            ids.push(id);
        }
        for id in known.iter().filter(|id| !ids.contains(id)) {
            let entry = json!({ "ID": id, "Service": service });
            changes.push(json!({ "Service": { "Verb": "delete", "Node": "rig", "Service": entry } }));
        }
        self.tell("/v1/txn", &Value::from(changes)).await;
        ids
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
