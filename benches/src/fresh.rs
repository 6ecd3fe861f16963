//! Fresh processes, each on cores of its own and in a scheduling group of its own, which end with this one.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A server that answers, until it is stopped or dropped.
pub struct Server {
    child: Child,
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Server {
    /// Starts `program` on `cores` (`0`, `0,1`), with `--addr ADDRESS` before `args`, and waits until it listens.
    ///
    /// # Errors
    /// It ended before it listened, or does not listen within 5 s.
    pub async fn start<A: AsRef<OsStr>>(program: &Path, args: &[A], cores: &str) -> io::Result<Self> {
        // Free when it was asked for; the server takes it a moment later.
        let addr = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let mut command = command(program, cores);
        command.args(["--addr", &addr.to_string()]).args(args);
        let mut child = command.stdout(Stdio::null()).spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("a server without a pid"))?;
        prefer(pid);
        for _ in 0..250 {
            if TcpStream::connect(addr).await.is_ok() {
                return Ok(Self { child, pid, addr });
            }
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!("it ended before it listened, {status}: {}", program.display())));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(io::Error::other(format!("it does not listen: {}", program.display())))
    }

    /// Ends it.
    ///
    /// # Errors
    /// It cannot be ended.
    pub async fn stop(mut self) -> io::Result<()> {
        self.child.kill().await
    }
}

/// A child on these cores that ends with this process, whatever ends that, in a session and so a scheduling group of its own. A program
/// in Go has as many threads at work as it has cores.
pub fn command(program: &Path, cores: &str) -> Command {
    let mut command = Command::new("setsid");
    command.args(["setpriv", "--pdeathsig", "KILL", "taskset", "-c", cores]).arg(program);
    command.env("GOMAXPROCS", cores.split(',').count().to_string());
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Gives a child's scheduling group precedence over what else runs, where that is allowed.
pub fn prefer(pid: u32) {
    let _ = std::fs::write(format!("/proc/{pid}/autogroup"), "-10");
}
