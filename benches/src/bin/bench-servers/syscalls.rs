//! How many system calls a request takes: counted by strace, which slows the server down and so is never timed.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use kit_bench::plan::Plan;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::load;
use crate::run::{self, Cores};
use crate::subject::Subject;
use crate::wire::Wire;

const PLAN: Plan = Plan { warmup: Duration::from_millis(200), window: Duration::from_secs(1), rounds: 1 };

/// `None` without strace, or where it may not look.
pub(crate) async fn per_request(subject: &Subject, wire: Wire) -> io::Result<Option<f64>> {
    let server = run::start(subject, Cores::One).await?;
    let mut strace = Command::new("strace");
    strace.args(["-f", "-c", "-U", "calls,name", "-p", &server.pid.to_string()]);
    let Ok(strace) =
        strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
    else {
        return Ok(None);
    };
    let Some(pid) = strace.id() else { return Ok(None) };
    if !attached(server.pid).await {
        return Ok(None);
    }
    let load = load::on(&server, wire, Cores::One, PLAN).await?;
    // It prints what it counted when it is interrupted, and lets go of the server.
    Command::new("kill").args(["-INT", &pid.to_string()]).status().await?;
    let counted = timeout(Duration::from_secs(10), strace.wait_with_output()).await;
    let counted = counted.map_err(|_| io::Error::other("strace does not end"))??;
    server.stop().await?;
    let calls: f64 = String::from_utf8_lossy(&counted.stderr).lines().filter_map(calls).sum();
    Ok((calls > 0.0).then(|| calls / load.all))
}

async fn attached(pid: u32) -> bool {
    for _ in 0..100 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        if status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|tracer| tracer.trim() != "0")) {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}

/// The calls of one line of its table: a number and a name.
fn calls(line: &str) -> Option<f64> {
    let (count, name) = line.trim().split_once(char::is_whitespace)?;
    match name.trim() {
        "total" => None,
        name if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => count.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn the_lines_of_a_summary_are_summed_without_its_head_and_its_total() {
        let summary = "    calls syscall\n--------- ----------------\n      100 recvfrom\n       60 sendto\n--------- ----------------\n      160 total\n";
        assert_eq!(summary.lines().filter_map(calls).sum::<f64>(), 160.0);
    }

    #[test]
    fn what_strace_says_besides_is_no_call() {
        assert_eq!(calls("strace: Process 12 attached"), None);
    }
}
