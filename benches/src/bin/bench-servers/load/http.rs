//! bench-load: it reads what the server has used at both ends of its window.

use std::io;

use kit_bench::fresh::{self, Server};
use kit_bench::plan::Plan;

use super::{Load, generate};
use crate::run::Cores;

const CONNECTIONS: usize = 64;

pub(super) async fn on(server: &Server, cores: Cores, plan: Plan) -> io::Result<Load> {
    let program = std::env::current_exe()?.with_file_name("bench-load");
    let mut command = fresh::command(&program, cores.of_load());
    command.args([server.addr.to_string(), server.pid.to_string(), CONNECTIONS.to_string(), cores.count().to_owned()]);
    command.args([plan.warmup, plan.window].map(|time| time.as_secs_f64().to_string()));
    let output = generate(command, plan.warmup + plan.window).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    match figures[..] {
        [requests, seconds, user, system, all] if requests > 0.0 => Ok(Load { requests, seconds, user, system, all }),
        _ => Err(io::Error::other(format!("the load failed: {}", output.status))),
    }
}
