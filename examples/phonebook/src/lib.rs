//! A source of instances for a registry that kit does not know: a server that writes its whole book, a line for each instance
//! (`id host:port`), and hangs up.
//!
//! What is particular to it is [`Phonebook::next`]: wait until it is time, ask, read. What is the same for every source -
//! back-off, the last good set, what is malformed, log lines, the stop - kit does, and its contract checks it (`tests/`).

use std::net::SocketAddr;
use std::time::Duration;

use kit::discovery::{Answer, Malformed, Source, value};
use kit::{Code, Error};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Longest book that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// How long that may take.
const LIMIT: Duration = Duration::from_secs(1);

/// Follows the book of one server.
#[derive(Debug)]
pub struct Phonebook {
    server: SocketAddr,
    every: Duration,
    rests: bool,
}

impl Phonebook {
    /// The book of `server`, read as often as this. An answer that takes longer than a second is none.
    pub fn new(server: SocketAddr, every: Duration) -> Self {
        Self { server, every, rests: false }
    }

    async fn read(&self) -> std::io::Result<String> {
        let mut book = String::new();
        TcpStream::connect(self.server).await?.take(LONGEST).read_to_string(&mut book).await?;
        Ok(book)
    }
}

impl Source for Phonebook {
    async fn next(&mut self) -> Result<Answer, Error> {
        if std::mem::take(&mut self.rests) {
            sleep(self.every).await;
        }
        let read = timeout(LIMIT, self.read()).await;
        let read = read.map_err(|_| Error::new(Code::DeadlineExceeded, format!("no book within {LIMIT:?}")))?;
        let book = read.map_err(|error| Error::unavailable("the phonebook cannot be read").with_cause(error))?;
        // A book ends with a full stop: one that broke off is not taken for a shorter one.
        let book = book.strip_suffix(".\n").ok_or_else(|| Error::data_loss("the book broke off"))?;
        self.rests = true;
        Ok(book.lines().fold(Answer::new([]), |answer, line| {
            let entry = line.split_once(' ').ok_or_else(|| Malformed::new("no address behind the name"));
            answer.with(line, entry.and_then(|(id, address)| value::read(Some(id), address.as_bytes())))
        }))
    }
}
