//! A closed loop over keep-alive connections: each asks again as soon as its answer is here and is the right one.
//!
//! It measures one window after a warm-up, and reads what the server has used at both ends of it. One wrong answer, or one
//! closed connection, and it fails.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit_bench::process::Used;
use kit_bench::task::{ANSWER, REQUEST};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

struct Options {
    addr: SocketAddr,
    /// The server's.
    pid: u32,
    connections: usize,
    threads: usize,
    warmup: Duration,
    window: Duration,
}

fn main() -> ExitCode {
    match options().ok_or_else(usage).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &io::Error) -> ExitCode {
    let _ = writeln!(io::stderr(), "bench-load: {error}");
    ExitCode::FAILURE
}

fn usage() -> io::Error {
    io::Error::other("usage: bench-load ADDRESS PID CONNECTIONS THREADS WARMUP_SECONDS WINDOW_SECONDS")
}

fn options() -> Option<Options> {
    let mut args = std::env::args().skip(1);
    let options = Options {
        addr: args.next()?.parse().ok()?,
        pid: args.next()?.parse().ok()?,
        connections: args.next()?.parse().ok()?,
        threads: args.next()?.parse().ok()?,
        warmup: Duration::try_from_secs_f64(args.next()?.parse().ok()?).ok()?,
        window: Duration::try_from_secs_f64(args.next()?.parse().ok()?).ok()?,
    };
    (args.next().is_none() && options.threads > 0).then_some(options)
}

fn run(options: Options) -> io::Result<()> {
    // A counter for each thread: a shared one would be what the threads wait for.
    let answered: Vec<Arc<AtomicU64>> = (0..options.threads).map(|_| Arc::default()).collect();
    for (index, answered) in answered.iter().enumerate() {
        let own = options.connections / options.threads + usize::from(index < options.connections % options.threads);
        let (addr, answered) = (options.addr, Arc::clone(answered));
        std::thread::spawn(move || {
            let Err(error) = single().and_then(|runtime| runtime.block_on(ask_all(addr, own, &answered)));
            fail(&error);
            std::process::exit(1)
        });
    }
    let total = || answered.iter().map(|answered| answered.load(Ordering::Relaxed)).sum::<u64>();
    single()?.block_on(async {
        sleep(options.warmup).await;
        let (requests, used, begun) = (total(), Used::of(options.pid)?, Instant::now());
        sleep(options.window).await;
        let (seconds, after) = (begun.elapsed().as_secs_f64(), Used::of(options.pid)?);
        let (all, user, system) = (total(), after.user - used.user, after.system - used.system);
        writeln!(io::stdout(), "{} {seconds} {user} {system} {all}", all - requests)
    })
}

fn single() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn ask_all(addr: SocketAddr, connections: usize, answered: &Arc<AtomicU64>) -> io::Result<Infallible> {
    let mut asking = JoinSet::new();
    for _ in 0..connections {
        asking.spawn(ask(TcpStream::connect(addr).await?, Arc::clone(answered)));
    }
    match asking.join_next().await {
        Some(ended) => ended?,
        None => std::future::pending().await,
    }
}

async fn ask(mut stream: TcpStream, answered: Arc<AtomicU64>) -> io::Result<Infallible> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    loop {
        stream.write_all(REQUEST).await?;
        let mut have = 0;
        while !is_answer(&buffer[..have])? {
            match stream.read(&mut buffer[have..]).await? {
                0 => return Err(io::Error::other("the server closed a connection")),
                count => have += count,
            }
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether the answer is all here: an error if it is another.
fn is_answer(bytes: &[u8]) -> io::Result<bool> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes).map_err(io::Error::other)? else { return Ok(false) };
    let wrong = |what: &str| Err(io::Error::other(format!("{what}: {}", String::from_utf8_lossy(bytes))));
    if response.code != Some(200) {
        return wrong("not a success");
    }
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let Some(length) = length else { return wrong("no length") };
    if bytes.len() < head + length {
        return Ok(false);
    }
    let body = &bytes[head..];
    if body.len() != length || body.strip_suffix(b"\n").unwrap_or(body) != ANSWER {
        return wrong("not the answer");
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::is_answer;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n";

    #[test]
    fn the_right_answer_is_one_when_all_of_it_is_here() {
        let whole = format!("{HEAD}{{\"v\":\"HELLO\"}}");
        for end in 0..whole.len() {
            assert!(!is_answer(&whole.as_bytes()[..end]).unwrap(), "{end}");
        }
        assert!(is_answer(whole.as_bytes()).unwrap());
        assert!(is_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"v\":\"HELLO\"}\n").unwrap());
    }

    #[test]
    fn another_answer_is_an_error() {
        let long = format!("{HEAD}{{\"v\":\"HELLO\"}}more");
        let other = format!("{HEAD}{{\"v\":\"hello\"}}");
        let failed = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
        let endless = "HTTP/1.1 200 OK\r\n\r\n";
        for wrong in [&long, &other, failed, endless] {
            assert!(is_answer(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
