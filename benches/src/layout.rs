//! The two ways to lay a server out over its cores: one work-stealing runtime, or a single-threaded one per core, each with
//! its own socket on one port (`SO_REUSEPORT`). kit has both; this is for the others.

use std::io;
use std::net::SocketAddr;
use std::thread;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};

/// How a server is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One runtime, a worker per core, tasks go where there is room.
    Stealing,
    /// A runtime per core; a connection stays where it was accepted.
    PerCore,
}

/// Where and how a server runs: `--addr ADDRESS --runtime stealing|per-core`.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Where it listens.
    pub addr: SocketAddr,
    /// How it is laid out.
    pub layout: Layout,
}

impl Place {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn from_args() -> io::Result<Self> {
        Self::with("").map(|(place, _)| place)
    }

    /// The same, with a flag more, whose value is given back.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn with(more: &str) -> io::Result<(Self, Option<String>)> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "usage: --addr ADDRESS --runtime stealing|per-core");
        let (mut addr, mut layout, mut other) = (None, Layout::Stealing, None);
        let mut args = std::env::args().skip(1);
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(wrong)?;
            match (flag.as_str(), value.as_str()) {
                ("--addr", value) => addr = Some(value.parse().map_err(|_| wrong())?),
                ("--runtime", "stealing") => layout = Layout::Stealing,
                ("--runtime", "per-core") => layout = Layout::PerCore,
                (flag, value) if flag == more => other = Some(value.to_owned()),
                _ => return Err(wrong()),
            }
        }
        Ok((Self { addr: addr.ok_or_else(wrong)?, layout }, other))
    }

    /// Runs `serve` in this layout, on one socket or on one per core.
    ///
    /// # Errors
    /// The port cannot be had, or a server ended.
    pub fn run<F>(self, serve: impl Fn(TcpListener) -> F + Send + Clone + 'static) -> io::Result<()>
    where
        F: Future<Output = io::Result<()>>,
    {
        match self.layout {
            Layout::Stealing => workers()?.block_on(async { serve(TcpListener::bind(self.addr).await?).await }),
            Layout::PerCore => per_core(self.addr, serve),
        }
    }
}

fn per_core<F>(addr: SocketAddr, serve: impl Fn(TcpListener) -> F + Send + Clone + 'static) -> io::Result<()>
where
    F: Future<Output = io::Result<()>>,
{
    // All sockets are there before the first accepts: else it would get the connections of the others too.
    let cores = thread::available_parallelism()?.get();
    let sockets = (0..cores).map(|_| socket(addr)).collect::<io::Result<Vec<_>>>()?;
    let threads: Vec<_> = sockets
        .into_iter()
        .map(|socket| {
            let serve = serve.clone();
            thread::spawn(move || single()?.block_on(async { serve(TcpListener::from_std(socket)?).await }))
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| io::Error::other("a core's server panicked"))??;
    }
    Ok(())
}

fn socket(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
    single()?.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(addr)?;
        socket.listen(1024)?.into_std()
    })
}

/// A work-stealing runtime with a worker for each core that this process may use.
///
/// # Errors
/// The system has no thread or no descriptor left.
pub fn workers() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// A runtime on the thread that drives it.
///
/// # Errors
/// The system has no descriptor left.
pub fn single() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
