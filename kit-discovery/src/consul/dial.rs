use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::address::Address;

/// Opens connections to Consul: over TLS, a Unix socket, or a pipe in a test. Without one it is TCP to
/// [`Config::address`](super::Config::address).
///
/// ```
/// use kit_discovery::consul::{Config, Consul, Dial, Dialing, Io};
/// use tokio::net::UnixStream;
///
/// struct Socket(&'static str);
///
/// impl Dial for Socket {
///     fn dial(&self) -> Dialing<'_> {
///         Box::pin(async { Ok(Box::new(UnixStream::connect(self.0).await?) as Box<dyn Io>) })
///     }
/// }
///
/// let consul = Consul::over(Config::default(), Socket("/run/consul/http.sock"))?;
/// # Ok::<(), kit_core::Error>(())
/// ```
pub trait Dial: Send + Sync + 'static {
    /// Opens one. Bounded by [`Config::connect`](super::Config::connect): it is dropped at an await when that is over.
    ///
    /// # Errors
    /// Consul cannot be reached; it is tried again.
    fn dial(&self) -> Dialing<'_>;
}

/// A connection that is being opened.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>>;

/// What carries bytes both ways.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// TCP; of the addresses of a name, the first that answers.
pub(super) struct Tcp(pub(super) Address);

impl Dial for Tcp {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async {
            let stream = match self.0.host().contains('%') {
                // A scope: the tuple form would look it up as a name.
                true => TcpStream::connect(self.0.to_string()).await?,
                false => TcpStream::connect((self.0.host(), self.0.port())).await?,
            };
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
}
