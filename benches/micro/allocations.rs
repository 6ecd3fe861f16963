//! What a request allocates, and what a case does. Counted: on one thread that has served a few.
//!
//! Prints a line each: name, allocations, bytes, with tabs between them.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use allocation_counter::measure;
use kit::http::server::RouterService;
use kit_bench::cases::{self, Cases};
use kit_bench::servers;
use kit_bench::task::{ANSWER, REQUEST};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const WARM: u64 = 100;
const COUNTED: u64 = 1_000;

struct Counted;

impl Cases for Counted {
    fn case(&mut self, name: &'static str, mut f: impl FnMut()) {
        (0..WARM).for_each(|_| f());
        print(name, || (0..COUNTED).for_each(|_| f()));
    }
}

fn main() -> io::Result<()> {
    cases::all(&mut Counted);
    served("raw hyper", servers::raw::serve)?;
    served("axum", |listener| servers::axum::serve(servers::axum::bare(), listener))?;
    servers::axum::log_to(io::sink);
    let layered = servers::axum::layered().map_err(io::Error::other)?;
    served("axum + layers", |listener| servers::axum::serve(layered, listener))?;
    hosted("kit bare", servers::kit::bare().map_err(io::Error::other)?)?;
    let stack = servers::kit::stack(io::sink()).map_err(io::Error::other)?;
    hosted("kit full", servers::kit::full(stack).map_err(io::Error::other)?)
}

fn print(name: &str, f: impl FnOnce()) {
    let info = measure(f);
    let each = |total: u64| total as f64 / COUNTED as f64;
    let _ = writeln!(io::stdout(), "{name}\t{}\t{}", each(info.count_total), each(info.bytes_total));
}

/// A server on a thread with its one client, which only reads and writes, into memory it has.
fn served<F>(name: &str, serve: impl FnOnce(TcpListener) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let runtime = runtime()?;
    let addr = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr();
        tokio::spawn(serve(listener));
        addr
    })?;
    count(name, &runtime, addr)
}

/// The same with kit's own host, which takes its port itself.
fn hosted(name: &str, service: RouterService) -> io::Result<()> {
    let runtime = runtime()?;
    let addr = runtime.block_on(async {
        let server = kit::http::server::Server::new(Default::default()).map_err(io::Error::other)?;
        let bound = server.bind("127.0.0.1:0").await.map_err(io::Error::other)?;
        let addr = bound.local_addr();
        tokio::spawn(bound.serve(service, std::future::pending()));
        Ok::<_, io::Error>(addr)
    })?;
    count(name, &runtime, addr)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn count(name: &str, runtime: &Runtime, addr: SocketAddr) -> io::Result<()> {
    let mut client = runtime.block_on(TcpStream::connect(addr))?;
    runtime.block_on(calls(&mut client, WARM))?;
    let mut result = Ok(());
    print(name, || result = runtime.block_on(calls(&mut client, COUNTED)));
    result
}

async fn calls(client: &mut TcpStream, times: u64) -> io::Result<()> {
    let mut answer = [0; 4096];
    for _ in 0..times {
        client.write_all(REQUEST).await?;
        let mut have = 0;
        while !answer[..have].ends_with(ANSWER) {
            match client.read(&mut answer[have..]).await? {
                0 => return Err(io::Error::other("an answer that is none")),
                count => have += count,
            }
        }
    }
    Ok(())
}
