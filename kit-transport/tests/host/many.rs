use std::fs;

use tokio::io::AsyncReadExt as _;
use tokio::runtime::Handle;

use crate::support::{GET, Running, all, alone, block_on, config, is_served, raw, service, start};
use kit_transport::http::server::{Config, Server};

/// Descriptors that are open.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("a proc file system").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_clients_leave_normal_calls_unharmed() {
    let running = start(service(), Config::default()).await;
    let mut slow = Vec::new();
    for number in 0..1000 {
        // Some stop in the head, some in a body, some say nothing.
        let bytes =
            ["GET / HTTP/1.1\r\nhost: ", "POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf", ""];
        slow.push(raw(running.addr, bytes[number % 3]).await);
        if number % 10 == 0 {
            assert!(is_served(running.addr).await, "beside {number} slow ones");
        }
    }
    for _ in 0..200 {
        assert!(is_served(running.addr).await);
    }
    let mut kept = raw(running.addr, GET).await;
    let mut start = [0; 12];
    kept.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    assert!(running.stats.open_connections() > 600, "they are still there");
    assert_eq!(running.stats.aborted(), 0);
    drop(slow);
}

#[test]
fn ten_thousand_connections_leave_no_descriptor_and_no_task_behind() {
    if alone("many::ten_thousand_connections_leave_no_descriptor_and_no_task_behind", 512) {
        block_on(open_and_close());
    }
}

async fn open_and_close() {
    let running = start(service(), Config::default()).await;
    // What the runtime opens once is open now.
    assert!(is_served(running.addr).await);
    let (stats, count) = (running.stats.clone(), || (descriptors(), Handle::current().metrics().num_alive_tasks()));
    let settled = async |connections| {
        while stats.accepted() < connections || stats.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    settled(1).await;
    let before = count();
    for number in 0..10_000 {
        match number % 5 {
            0 => assert!(is_served(running.addr).await),
            1 => drop(raw(running.addr, "GET / HTT").await),
            2 => drop(raw(running.addr, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await),
            3 => assert!(all(running.addr, "GET / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 400")),
            _ => drop(raw(running.addr, "").await),
        }
    }
    settled(10_001).await;
    assert_eq!(count(), before);
    assert_eq!((stats.in_flight(), running.stop().await.aborted), (0, 0));
}

#[tokio::test]
async fn clones_of_a_server_share_their_limits_and_numbers() {
    let server = Server::new(config(|config| config.max_in_flight = 5)).unwrap();
    let stats = server.stats();
    let one = Running::start(server.clone().bind("127.0.0.1:0").await.unwrap(), service());
    let two = Running::start(server.bind("127.0.0.1:0").await.unwrap(), service());
    assert!(is_served(one.addr).await && is_served(two.addr).await);
    assert_eq!(stats.accepted(), 2);
}
