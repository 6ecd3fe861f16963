use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use etcd_client::proto::{PbKvServer, PbLeaseServer, PbWatchServer};
use hyper_util::rt::TokioIo;
use kit_core::task::Owned;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::{mpsc, watch};
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::{Service, http::Uri};

use super::store::Store;

/// What becomes of the bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Line {
    Open,
    /// They wait; nobody is told.
    Frozen,
    /// Connections end, and no new one is made.
    Cut,
}

/// A server, and the line to it.
pub(super) struct Server {
    accept: mpsc::Sender<io::Result<DuplexStream>>,
    line: watch::Sender<Line>,
    /// Held by each connection.
    held: Arc<()>,
    _task: Owned<()>,
}

impl Server {
    pub(super) fn start(store: Store) -> Self {
        let (accept, incoming) = mpsc::channel(8);
        let server = tonic::transport::Server::builder()
            .add_service(PbKvServer::new(store.clone()))
            .add_service(PbLeaseServer::new(store.clone()))
            .add_service(PbWatchServer::new(store));
        let task = Owned::spawn(async move {
            server.serve_with_incoming(ReceiverStream::new(incoming)).await.unwrap();
        });
        Self { accept, line: watch::Sender::new(Line::Open), held: Arc::default(), _task: task }
    }

    pub(super) fn line(&self, line: Line) {
        self.line.send_replace(line);
    }

    pub(super) fn connections(&self) -> usize {
        Arc::strong_count(&self.held) - 1
    }

    pub(super) fn wire(&self) -> Wire {
        Wire { accept: self.accept.clone(), line: self.line.clone(), held: Arc::downgrade(&self.held) }
    }
}

/// Connects.
pub(super) struct Wire {
    accept: mpsc::Sender<io::Result<DuplexStream>>,
    line: watch::Sender<Line>,
    held: Weak<()>,
}

impl Service<Uri> for Wire {
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (accept, line, held) = (self.accept.clone(), self.line.clone(), self.held.upgrade());
        Box::pin(async move {
            if *line.borrow() == Line::Cut {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (client, near) = duplex(64 * 1024);
            let (far, server) = duplex(64 * 1024);
            let (near, far) = (split(near), split(far));
            let (there, back) = (pump(near.0, far.1, line.subscribe()), pump(far.0, near.1, line.subscribe()));
            tokio::spawn(async move {
                tokio::join!(there, back);
                drop(held);
            });
            accept.send(Ok(server)).await.map_err(io::Error::other)?;
            Ok(TokioIo::new(client))
        })
    }
}

/// One direction, until an end is gone or the line is cut.
async fn pump(mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, mut line: watch::Receiver<Line>) {
    let mut cut = line.clone();
    let flow = async {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
            if line.wait_for(|line| *line != Line::Frozen).await.is_err() {
                return;
            }
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = flow => {}
        _ = cut.wait_for(|line| *line == Line::Cut) => {}
    }
    let _ = to.shutdown().await;
}
