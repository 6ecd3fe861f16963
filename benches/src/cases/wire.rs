//! What a request costs on one connection: a server and its one client on a thread. The client, which only writes and reads,
//! is in it; so is the kernel where time is measured, and is not where instructions are counted.

use std::io;
use std::net::SocketAddr;

use kit::http::server::{RouterService, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::Cases;
use crate::task::{ANSWER, REQUEST};
use crate::{layout, servers};

pub(super) fn cases(cases: &mut impl Cases) {
    case(cases, "wire/raw hyper", serve(servers::raw::serve));

    let stack = servers::kit::stack(io::sink()).expect("the defaults are good");
    case(cases, "wire/kit bare", kit(servers::kit::bare().expect("a good route")));
    case(cases, "wire/kit full", kit(servers::kit::full(stack).expect("a good route")));

    case(cases, "wire/axum", serve(|listener| servers::axum::serve(servers::axum::bare(), listener)));
    // Last: what `tracing` does from here on, it does for everybody.
    servers::axum::log_to(io::sink);
    let layered = servers::axum::layered().expect("good metrics");
    case(cases, "wire/axum + layers", serve(|listener| servers::axum::serve(layered, listener)));
}

/// The example with all its logs and metrics, and without any: what they cost of a request.
pub(super) fn observed(cases: &mut impl Cases) {
    let (on, off) = (servers::stringsvc::on(io::sink()), servers::stringsvc::off());
    case(cases, "wire/stringsvc", kit(on.expect("good settings")));
    case(cases, "wire/stringsvc, all off", kit(off.expect("a good route")));
}

/// A server at its address, on a runtime that runs when its client waits.
pub(super) type Served = io::Result<(Runtime, SocketAddr)>;

pub(super) fn serve<F>(serve: impl FnOnce(TcpListener) -> F) -> Served
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let runtime = layout::single()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let addr = listener.local_addr()?;
    runtime.spawn(serve(listener));
    Ok((runtime, addr))
}

pub(super) fn kit(service: RouterService) -> Served {
    let runtime = layout::single()?;
    let server = Server::new(Default::default()).map_err(io::Error::other)?;
    let bound = runtime.block_on(server.bind("127.0.0.1:0")).map_err(io::Error::other)?;
    let addr = bound.local_addr();
    runtime.spawn(bound.serve(service, std::future::pending()));
    Ok((runtime, addr))
}

fn case(cases: &mut impl Cases, name: &'static str, served: Served) {
    let (runtime, addr) = served.expect("a port is free");
    let mut client = runtime.block_on(TcpStream::connect(addr)).expect("the server listens");
    // Made once: zeroing it would be a fifth of what a request takes.
    let mut answer = [0; 4096];
    cases.case(name, || call(&runtime, &mut client, &mut answer));
}

fn call(runtime: &Runtime, client: &mut TcpStream, answer: &mut [u8]) {
    runtime.block_on(async {
        client.write_all(REQUEST).await.expect("the server reads");
        let mut have = 0;
        while !answer[..have].ends_with(ANSWER) {
            let count = client.read(&mut answer[have..]).await.expect("the server answers");
            assert!(count > 0, "an answer that is none");
            have += count;
        }
    });
}
