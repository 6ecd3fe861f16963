use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::{GET, alone, block_on, is_served, raw, service, start};
use kit_transport::http::server::Config;

#[test]
fn a_process_without_descriptors_serves_on_and_accepts_again() {
    if alone("descriptors::a_process_without_descriptors_serves_on_and_accepts_again", 40) {
        block_on(run_out());
    }
}

async fn run_out() {
    let running = start(service(), Config::default()).await;
    let mut served = raw(running.addr, GET).await;
    let mut start = [0; 12];
    served.read_exact(&mut start).await.unwrap();
    // Both ends of a connection are ours, so that soon there are none left.
    let mut all = Vec::new();
    while let Ok(stream) = TcpStream::connect(running.addr).await {
        all.push(stream);
    }
    let errors = || {
        let errors = running.stats.pairs().find(|reading| reading.name() == "http_server_accept_errors_total");
        errors.expect("this number").value()
    };
    while errors() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(all.len() > 5, "{}", all.len());
    drop(all);
    // Answers come again, on new connections.
    assert!(is_served(running.addr).await);
}
