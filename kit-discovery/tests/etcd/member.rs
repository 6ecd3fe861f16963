use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use etcd_client::{Client, CompactionOptions};
use tokio::time::{Instant, sleep, timeout};

use super::{PATIENCE, SECOND};

/// A member of a cluster on free ports, which ends with this.
pub(super) struct Member {
    folder: PathBuf,
    client: u16,
    args: Vec<String>,
    child: Option<Child>,
}

impl Member {
    /// A cluster of its own.
    pub(super) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same with more flags.
    pub(super) async fn with(flags: &[&str]) -> Self {
        let mut member = Self::cluster(1, flags).pop().unwrap();
        member.restart();
        member.ready().await;
        member
    }

    /// Three that are one cluster.
    pub(super) async fn three() -> Vec<Self> {
        let mut members = Self::cluster(3, &[]);
        members.iter_mut().for_each(Self::restart);
        for member in &members {
            member.ready().await;
        }
        members
    }

    fn cluster(size: usize, flags: &[&str]) -> Vec<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let scheme = if flags.contains(&"--cert-file") { "https" } else { "http" };
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let listeners: Vec<_> = (0..2 * size).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let peers: Vec<_> =
            listeners[size..].iter().map(|listener| format!("http://127.0.0.1:{}", port(listener))).collect();
        let cluster: Vec<_> = peers.iter().enumerate().map(|(n, peer)| format!("m{n}={peer}")).collect();
        let member = |n: usize| {
            let name = format!("kit-etcd-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let client = port(&listeners[n]);
            let url = format!("{scheme}://127.0.0.1:{client}");
            let mut args: Vec<String> = Vec::new();
            for (flag, value) in [
                ("--name", format!("m{n}")),
                ("--data-dir", folder.join("data").to_str().unwrap().to_owned()),
                ("--listen-client-urls", url.clone()),
                ("--advertise-client-urls", url),
                ("--listen-peer-urls", peers[n].clone()),
                ("--initial-advertise-peer-urls", peers[n].clone()),
                ("--initial-cluster", cluster.join(",")),
                // Elections and leases that do not keep a test waiting, and clients that ask often whether it is there.
                ("--heartbeat-interval", "50".to_owned()),
                ("--election-timeout", "500".to_owned()),
                ("--grpc-keepalive-min-time", "1s".to_owned()),
            ] {
                args.extend([flag.to_owned(), value]);
            }
            args.extend(flags.iter().map(|flag| (*flag).to_owned()));
            Self { folder, client, args, child: None }
        };
        (0..size).map(member).collect()
    }

    /// `127.0.0.1:2379`.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.client)
    }

    /// Starts it, again on the same ports.
    pub(super) fn restart(&mut self) {
        self.kill();
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let program = std::env::var_os("KIT_ETCD").expect("KIT_ETCD is the path of etcd");
        let mut command = Command::new(program);
        command.args(&self.args).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        // For who ends it if this process cannot.
        std::fs::write(self.folder.join("pid"), child.id().to_string()).unwrap();
        self.child = Some(child);
    }

    /// Waits until it answers by its cluster's consent; one that wants TLS, until it listens.
    pub(super) async fn ready(&self) {
        let by = Instant::now() + PATIENCE;
        loop {
            let answers = async {
                if self.args.iter().any(|flag| flag == "--cert-file") {
                    return tokio::net::TcpStream::connect(self.address()).await.is_ok();
                }
                match Client::connect([self.address()], None).await {
                    Ok(mut client) => client.get("/", None).await.is_ok(),
                    Err(_) => false,
                }
            };
            if timeout(SECOND, answers).await.unwrap_or(false) {
                return;
            }
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < by, "no answer within {PATIENCE:?}: {}", log());
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

    /// Takes its data away; it is not running.
    pub(super) fn wipe(&self) {
        assert!(!self.is_running());
        std::fs::remove_dir_all(self.folder.join("data")).unwrap();
    }

    /// Makes it silent, or lets it go on.
    pub(super) fn pause(&self, pause: bool) {
        self.child.iter().for_each(|child| super::pause::pause(child, pause));
    }

    /// A client of the test's own.
    pub(super) async fn admin(&self) -> Client {
        timeout(PATIENCE, Client::connect([self.address()], None)).await.expect("a connection").unwrap()
    }

    pub(super) async fn put(&self, key: &str, value: &str) {
        let mut admin = self.admin().await;
        timeout(PATIENCE, admin.put(key, value, None)).await.expect("an answer").unwrap();
    }

    pub(super) async fn delete(&self, key: &str) {
        let mut admin = self.admin().await;
        timeout(PATIENCE, admin.delete(key, None)).await.expect("an answer").unwrap();
    }

    /// Forgets all of its history.
    pub(super) async fn compact(&self) {
        let mut admin = self.admin().await;
        let done = async {
            let revision = admin.get("/", None).await.unwrap().header().unwrap().revision();
            admin.compact(revision, Some(CompactionOptions::new().with_physical())).await.unwrap();
        };
        timeout(PATIENCE, done).await.expect("an answer");
    }

    /// Revokes every lease.
    pub(super) async fn revoke_all(&self) {
        let mut admin = self.admin().await;
        let done = async {
            for lease in admin.leases().await.unwrap().leases() {
                admin.lease_revoke(lease.id()).await.unwrap();
            }
        };
        timeout(PATIENCE, done).await.expect("an answer");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
