//! Callers in a closed loop: each calls again as soon as it is answered rightly. Measures one window after a warm-up, and what this
//! process used in it. One error, and it fails.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit_bench::callers::{Caller, Connection, Kit, Pool};
use kit_bench::layout;
use kit_bench::process::Used;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

struct Options {
    client: String,
    servers: Vec<SocketAddr>,
    callers: usize,
    warmup: Duration,
    window: Duration,
}

fn main() -> ExitCode {
    let usage =
        "usage: bench-caller kit|kit-logs|pool|connection ADDRESS,ADDRESS CALLERS WARMUP_SECONDS WINDOW_SECONDS";
    let done = options().ok_or_else(|| io::Error::other(usage)).and_then(|options| {
        layout::single()?.block_on(async {
            match options.client.as_str() {
                "kit" => run::<Kit<false>>(&options).await,
                "kit-logs" => run::<Kit<true>>(&options).await,
                "pool" => run::<Pool>(&options).await,
                "connection" => run::<Connection>(&options).await,
                _ => Err(io::Error::other(usage)),
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench-caller: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Option<Options> {
    let mut args = std::env::args().skip(1);
    let options = Options {
        client: args.next()?,
        servers: args.next()?.split(',').map(|addr| addr.parse().ok()).collect::<Option<_>>()?,
        callers: args.next()?.parse().ok()?,
        warmup: Duration::try_from_secs_f64(args.next()?.parse().ok()?).ok()?,
        window: Duration::try_from_secs_f64(args.next()?.parse().ok()?).ok()?,
    };
    (args.next().is_none() && options.callers > 0).then_some(options)
}

async fn run<C: Caller>(options: &Options) -> io::Result<()> {
    let client = C::open(&options.servers).await?;
    let answered = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..options.callers {
        callers.spawn(call(client.own().await?, Arc::clone(&answered)));
    }
    tokio::select! {
        measured = measure(options, &answered) => measured,
        failed = callers.join_next() => match failed {
            Some(failed) => failed?.map(|never| match never {}),
            None => Err(io::Error::other("there are no callers")),
        },
    }
}

async fn call<C: Caller>(mut client: C, answered: Arc<AtomicU64>) -> io::Result<Infallible> {
    loop {
        client.call().await?;
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

async fn measure(options: &Options, answered: &AtomicU64) -> io::Result<()> {
    let pid = std::process::id();
    sleep(options.warmup).await;
    let (calls, used, begun) = (answered.load(Ordering::Relaxed), Used::of(pid)?, Instant::now());
    sleep(options.window).await;
    let (seconds, after) = (begun.elapsed().as_secs_f64(), Used::of(pid)?);
    let calls = answered.load(Ordering::Relaxed) - calls;
    writeln!(io::stdout(), "{calls} {seconds} {} {}", after.user - used.user, after.system - used.system)
}
