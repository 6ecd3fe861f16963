//! Programs that end with whoever started them.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use kit_bench::fresh;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A process that was started here and is ended here: when it is dropped, and by the kernel if this process is killed.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    /// Its own until it has been waited for.
    pid: u32,
}

impl Program {
    /// Its output is added to the file `log`.
    pub(super) fn start<A: AsRef<OsStr>>(
        program: &Path,
        args: impl IntoIterator<Item = A>,
        log: &Path,
    ) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        // Each in a scheduling group of its own, with precedence where that is allowed: what is measured is no other program's load.
        let mut command = Command::new("setsid");
        command.args(["setpriv", "--pdeathsig", "KILL"]).arg(program).args(args);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let child = command.spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("a process without a pid"))?;
        fresh::prefer(pid);
        Ok(Self { child, pid })
    }

    /// Whether it runs, or stands still.
    pub(super) fn is_there(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Sends a signal by its name: `TERM`.
    pub(super) async fn signal(&self, name: &str) -> io::Result<()> {
        let pid = self.child.id().ok_or_else(|| io::Error::other("it has ended"))?;
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().await?;
        if sent.success() { Ok(()) } else { Err(io::Error::other(format!("kill -{name} {pid}: {sent}"))) }
    }

    /// Makes it stand still: all of its threads do when this returns.
    pub(super) async fn pause(&self) -> io::Result<()> {
        self.signal("STOP").await?;
        // A thread on another core may work on for a moment after the signal was sent.
        for _ in 0..500 {
            if stands_still(self.pid) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(io::Error::other(format!("{} does not stand still", self.pid)))
    }

    /// Ends it without a word.
    pub(super) async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Asks it to end, and waits for that.
    ///
    /// # Errors
    /// It has not ended in time; it is killed then.
    pub(super) async fn stop(mut self, within: Duration) -> io::Result<ExitStatus> {
        self.signal("TERM").await?;
        let ended = timeout(within, self.child.wait()).await;
        ended.map_err(|_| io::Error::other(format!("{} has not ended {within:?} after SIGTERM", self.pid)))?
    }
}

fn stands_still(pid: u32) -> bool {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    tasks.flatten().all(|task| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|fields| fields.starts_with('T'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(seconds: &str) -> Program {
        Program::start("sleep".as_ref(), [seconds], "/dev/null".as_ref()).unwrap()
    }

    #[tokio::test]
    async fn it_stands_still_goes_on_and_ends_when_it_is_asked_to() {
        let mut sleeper = sleeper("60");
        sleeper.pause().await.unwrap();
        assert!(stands_still(sleeper.pid) && sleeper.is_there().unwrap());
        sleeper.signal("CONT").await.unwrap();
        let ended = sleeper.stop(Duration::from_secs(10)).await.unwrap();
        assert!(!ended.success());
    }

    #[tokio::test]
    async fn what_was_dropped_or_killed_is_gone() {
        for dropped in [true, false] {
            let sleeper = sleeper("60");
            let pid = sleeper.pid;
            if dropped {
                drop(sleeper);
            } else {
                sleeper.kill().await.unwrap();
            }
            let gone = async {
                // A zombie is gone too: it is the runtime's to bury.
                while std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z")) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            timeout(Duration::from_secs(10), gone).await.expect("it is gone");
        }
    }
}
