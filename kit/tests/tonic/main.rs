//! Kit's layers round what tonic generates, and tonic's client and kit's server with each other. In process: every part is a tower service.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod client;
#[rustfmt::skip]
#[allow(clippy::all, missing_docs, unreachable_pub, reason = "generated")]
mod pb;
mod server;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures_util::{Stream, stream};
use tonic::{Request, Response, Status};

use pb::add_client::AddClient;
use pb::add_server::{Add, AddServer};
use pb::{SumReply, SumRequest};

/// tonic's service: it works, or it is down.
#[derive(Default)]
struct Adder {
    down: AtomicBool,
    calls: AtomicU32,
}

#[tonic::async_trait]
impl Add for Adder {
    async fn sum(&self, request: Request<SumRequest>) -> Result<Response<SumReply>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let SumRequest { a, b } = request.into_inner();
        match (self.down.load(Ordering::Relaxed), a.checked_add(b)) {
            (true, _) => Err(Status::unavailable("down")),
            (false, None) => Err(Status::out_of_range("the sum is too large")),
            (false, Some(v)) => Ok(Response::new(SumReply { v })),
        }
    }

    type CountStream = Pin<Box<dyn Stream<Item = Result<SumReply, Status>> + Send>>;

    /// Two numbers, and then the end or that it is down.
    async fn count(&self, _request: Request<SumRequest>) -> Result<Response<Self::CountStream>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let last = self.down.load(Ordering::Relaxed).then(|| Err(Status::unavailable("down")));
        let numbers = [1, 2].map(|v| Ok(SumReply { v })).into_iter().chain(last);
        Ok(Response::new(Box::pin(stream::iter(numbers))))
    }
}

/// Whom a client in process calls.
fn origin() -> http::Uri {
    http::Uri::from_static("http://a")
}

fn adder() -> (Arc<Adder>, AddServer<Adder>) {
    let adder = Arc::new(Adder::default());
    (Arc::clone(&adder), AddServer::from_arc(adder))
}
