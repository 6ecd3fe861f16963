//! What the host adds to hyper.

use allocation_counter::measure;
use hyper_util::rt::TokioIo;
use tokio::runtime::Runtime;

use super::*;

const POST: &str = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";

/// What a hundred calls on one connection allocate, after ten that warm it up.
fn allocations(runtime: &Runtime, request: &str, serve: impl FnOnce(DuplexStream)) -> u64 {
    let mut io = runtime.block_on(async {
        let (io, theirs) = duplex(64 * 1024);
        serve(theirs);
        io
    });
    let mut room = [0; 4096];
    let mut calls = |count: usize| {
        runtime.block_on(async {
            for _ in 0..count {
                io.write_all(request.as_bytes()).await.unwrap();
                let read = io.read(&mut room).await.unwrap();
                assert!(room[..read].starts_with(b"HTTP/1.1 200 OK"));
            }
        });
    };
    calls(10);
    measure(|| calls(100)).count_total
}

#[test]
fn a_call_costs_the_host_no_allocation() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for request in [GET, POST] {
        let bare = allocations(&runtime, request, |io| {
            let connection = hyper::server::conn::http1::Builder::new()
                .header_read_timeout(None)
                .serve_connection(TokioIo::new(io), service().on(Connection::default()));
            tokio::spawn(async { drop(connection.await) });
        });
        let hosted = allocations(&runtime, request, |io| {
            let host = Arc::new(Host::new(Config::default()));
            tokio::spawn(serve_io(io, Connection::default(), service(), host, Arc::default()));
        });
        assert!(hosted <= bare, "{hosted} allocations, {bare} without the host");
    }
}

#[tokio::test]
async fn a_connection_is_small() {
    let host = Arc::new(Host::new(Config::default()));
    let serving = serve_io(duplex(1).0, Connection::default(), service(), host, Arc::default());
    // 10,000 of them, with their buffers of 8 KiB, are the 200 MiB that idle connections may cost.
    assert!(size_of_val(&serving) <= 2048, "{} bytes", size_of_val(&serving));
}
