//! h2load, once to warm up and once to be counted: all that it had answered stands against all that the server used for it.

use std::path::Path;
use std::time::Duration;
use std::{env, fs, io};

use kit_bench::fresh::{self, Server};
use kit_bench::plan::Plan;
use kit_bench::process::Used;
use kit_bench::task::grpc::{ANSWER, PATH, REQUEST};

use super::{Load, generate};
use crate::run::Cores;

const CONNECTIONS: &str = "8";
const STREAMS: &str = "8";

pub(super) async fn on(server: &Server, cores: Cores, plan: Plan) -> io::Result<Load> {
    // It takes a body from a file only.
    let body = env::current_exe()?.with_file_name("bench-grpc-request");
    fs::write(&body, REQUEST)?;
    let warm = run(server, cores, plan.warmup, &body).await?;
    let before = Used::of(server.pid)?;
    let counted = run(server, cores, plan.window, &body).await?;
    let after = Used::of(server.pid)?;
    Ok(Load {
        requests: counted.answers,
        seconds: counted.seconds,
        user: after.user - before.user,
        system: after.system - before.system,
        all: warm.answers + counted.answers,
    })
}

#[derive(Debug, PartialEq)]
struct Ran {
    answers: f64,
    seconds: f64,
}

async fn run(server: &Server, cores: Cores, time: Duration, body: &Path) -> io::Result<Ran> {
    let mut command = fresh::command(Path::new("h2load"), cores.of_load());
    command.args(["--clients", CONNECTIONS, "--max-concurrent-streams", STREAMS, "--threads", cores.count()]);
    command.args(["--duration", &format!("{}ms", time.as_millis()), "--data"]).arg(body);
    command.args(["--header", "content-type: application/grpc", "--header", "te: trailers"]);
    command.arg(format!("http://{}{PATH}", server.addr));
    let output = generate(command, time).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    read(&text).ok_or_else(|| io::Error::other(format!("the load failed, {}: {text}", output.status)))
}

/// Its summary: only answers of the right length count, and one call that failed fails all. What was in flight when the time was up has
/// no answer, and is left out.
fn read(text: &str) -> Option<Ran> {
    let line = |head: &str| text.lines().find_map(|line| line.strip_prefix(head));
    // `finished in 5.00s, 98659.20 req/s, 7.21MB/s`
    let seconds = line("finished in ")?.split(',').next()?;
    let seconds = match seconds.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse::<f64>().ok()? / 1e3,
        None => seconds.strip_suffix('s')?.parse().ok()?,
    };
    // `requests: 10 total, 10 started, 10 done, 10 succeeded, 0 failed, 0 errored, 0 timeout`
    let requests = line("requests: ")?;
    let count = |name: &str| {
        let part = requests.split(", ").find_map(|part| part.strip_suffix(name))?;
        part.trim().parse::<f64>().ok()
    };
    let answers = count(" succeeded")?;
    // `traffic: 1.23MB (1290240) total, … , 58.59KB (60000) data`
    let data = line("traffic: ")?.split(", ").find(|part| part.ends_with(" data"))?;
    let bytes: f64 = data.split_once('(')?.1.split_once(')')?.0.parse().ok()?;
    let whole = bytes >= answers * ANSWER.len() as f64 && bytes < (answers + 64.0) * ANSWER.len() as f64 + 1.0;
    (answers > 0.0 && whole && count(" failed") == Some(0.0)).then_some(Ran { answers, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(succeeded: u32, failed: u32, bytes: usize) -> String {
        format!(
            "finished in 2.50s, 40.00 req/s, 3.00KB/s\n\
             requests: 164 total, 164 started, 100 done, {succeeded} succeeded, {failed} failed, 0 errored, 0 timeout\n\
             status codes: {succeeded} 2xx, 0 3xx, 0 4xx, 0 5xx\n\
             traffic: 9.00KB (9216) total, 1.00KB (1024) headers (space savings 90.00%), 1.17KB ({bytes}) data\n"
        )
    }

    #[test]
    fn all_answers_of_the_right_length_count() {
        assert_eq!(read(&summary(100, 0, 100 * ANSWER.len())), Some(Ran { answers: 100.0, seconds: 2.5 }));
        assert_eq!(read(&summary(100, 0, 110 * ANSWER.len())).map(|ran| ran.answers), Some(100.0), "some in flight");
    }

    #[test]
    fn a_short_answer_or_a_failed_call_fails_all() {
        for wrong in
            [summary(100, 0, 99 * ANSWER.len()), summary(99, 1, 100 * ANSWER.len()), summary(0, 0, 0), String::new()]
        {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
