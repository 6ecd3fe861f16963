//! Where the instances are found: a file, or a registry of the run's own.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::ports::Ports;
use super::program::Program;
use crate::service::SERVICE;

/// How long a registry may take to start.
const START: Duration = Duration::from_secs(30);

/// What kind of registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A file: the driver writes it as a registry would.
    File,
    Consul,
    Etcd,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Consul => "consul",
            Kind::Etcd => "etcd",
        }
    }

    /// Whether this program was built to use it, and it is there.
    pub(super) fn is_there(self) -> bool {
        match self {
            Kind::File => true,
            Kind::Consul => on_path("consul").is_some(),
            Kind::Etcd => cfg!(feature = "etcd") && on_path("etcd").is_some(),
        }
    }

    /// How much later than another a caller may learn of a change. A file is looked at once a second.
    pub(super) const fn lag(self) -> Duration {
        match self {
            Kind::File => Duration::from_millis(1_200),
            Kind::Consul | Kind::Etcd => Duration::from_millis(200),
        }
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

pub(super) struct Registry {
    kind: Kind,
    folder: PathBuf,
    ports: Vec<u16>,
    program: Option<Program>,
    /// What the file says.
    listed: BTreeMap<String, SocketAddr>,
}

impl Registry {
    pub(super) async fn start(kind: Kind, folder: &Path, ports: &mut Ports) -> io::Result<Self> {
        let count = match kind {
            Kind::File => 0,
            Kind::Consul => 4,
            Kind::Etcd => 2,
        };
        let ports = (0..count).map(|_| ports.take()).collect::<io::Result<_>>()?;
        let folder = folder.to_owned();
        let mut registry = Self { kind, folder, ports, program: None, listed: BTreeMap::new() };
        registry.restart().await?;
        Ok(registry)
    }

    /// What callers are told.
    pub(super) fn discover(&self) -> String {
        match self.kind {
            Kind::File => format!("file:{}", self.file().display()),
            _ => self.register(),
        }
    }

    /// What instances are told.
    pub(super) fn register(&self) -> String {
        match self.kind {
            Kind::File => "none".to_owned(),
            Kind::Consul => format!("consul:127.0.0.1:{}", self.ports[0]),
            Kind::Etcd => format!("etcd:127.0.0.1:{}/services/{SERVICE}", self.ports[0]),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("instances.toml")
    }

    /// An instance is ready, or is being withdrawn. A registry hears of that from the instance itself.
    pub(super) fn list(&mut self, id: &str, addr: Option<SocketAddr>) -> io::Result<()> {
        if self.kind != Kind::File {
            return Ok(());
        }
        match addr {
            Some(addr) => self.listed.insert(id.to_owned(), addr),
            None => self.listed.remove(id),
        };
        let entries = self.listed.iter().map(|(id, addr)| format!("  {{ id = \"{id}\", address = \"{addr}\" }},\n"));
        let text = format!("instances = [\n{}]\n", entries.collect::<String>());
        let new = self.folder.join("instances.new");
        std::fs::write(&new, text)?;
        std::fs::rename(new, self.file())
    }

    /// Ends it without a word.
    pub(super) async fn kill(&mut self) -> io::Result<()> {
        match self.program.take() {
            Some(program) => program.kill().await,
            None => Ok(()),
        }
    }

    pub(super) async fn pause(&self) -> io::Result<()> {
        match &self.program {
            Some(program) => program.pause().await,
            None => Ok(()),
        }
    }

    pub(super) async fn resume(&self) -> io::Result<()> {
        match &self.program {
            Some(program) => program.signal("CONT").await,
            None => Ok(()),
        }
    }

    /// Starts it, again on the same ports, with nothing in it, and waits until it answers.
    pub(super) async fn restart(&mut self) -> io::Result<()> {
        self.kill().await?;
        let (name, args) = match self.kind {
            Kind::File => return Ok(()),
            Kind::Consul => ("consul", self.consul()),
            Kind::Etcd => ("etcd", self.etcd()?),
        };
        let program = on_path(name).ok_or_else(|| io::Error::other(format!("{name} is not on PATH")))?;
        let mut program = Program::start(&program, args, &self.folder.join("registry.log"))?;
        let by = Instant::now() + START;
        while !self.answers().await {
            if !program.is_there()? || Instant::now() > by {
                return Err(io::Error::other(format!("{name} does not start: see {}", self.folder.display())));
            }
            sleep(Duration::from_millis(50)).await;
        }
        self.program = Some(program);
        Ok(())
    }

    /// One that keeps nothing.
    fn consul(&self) -> Vec<String> {
        let plain = "agent -dev -bind 127.0.0.1 -client 127.0.0.1 -dns-port -1 -grpc-port -1 -disable-host-node-id -node bench -log-level warn";
        let mut args: Vec<String> = plain.split(' ').map(str::to_owned).collect();
        for (flag, port) in ["-http-port", "-server-port", "-serf-lan-port", "-serf-wan-port"].iter().zip(&self.ports) {
            args.extend([(*flag).to_owned(), port.to_string()]);
        }
        args
    }

    fn etcd(&self) -> io::Result<Vec<String>> {
        let data = self.folder.join("etcd");
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        let [client, peer] = [self.ports[0], self.ports[1]].map(|port| format!("http://127.0.0.1:{port}"));
        let flags = [
            ("--data-dir", data.display().to_string()),
            ("--listen-client-urls", client.clone()),
            ("--advertise-client-urls", client),
            ("--listen-peer-urls", peer.clone()),
            ("--initial-advertise-peer-urls", peer.clone()),
            ("--initial-cluster", format!("default={peer}")),
        ];
        Ok(flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect())
    }

    async fn answers(&self) -> bool {
        let (path, sign) = match self.kind {
            Kind::File => return true,
            // It has a leader.
            Kind::Consul => ("/v1/status/leader", ":"),
            Kind::Etcd => ("/health", "true"),
        };
        let addr = SocketAddr::from(([127, 0, 0, 1], self.ports[0]));
        get(addr, path).await.is_some_and(|(status, body)| status == 200 && body.contains(sign))
    }
}

/// Asks for a path, and gives status and body; `None` without an answer within a second.
pub(super) async fn get(addr: SocketAddr, path: &str) -> Option<(u16, String)> {
    let asking = async {
        let mut stream = TcpStream::connect(addr).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    };
    timeout(Duration::from_secs(1), asking).await.ok()?
}
