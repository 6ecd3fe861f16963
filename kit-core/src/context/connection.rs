use std::net::SocketAddr;

/// The connection a request came in on. One per connection, shared by its requests.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Connection {
    /// Who is at the other end.
    pub peer: Option<SocketAddr>,
    /// The address it was accepted on.
    pub local: Option<SocketAddr>,
}

impl Connection {
    /// A connection between these two ends.
    pub fn new(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self { peer, local }
    }
}
