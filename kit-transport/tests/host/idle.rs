//! What connections that nobody uses cost.

use std::fs;

use kit_transport::http::server::Config;
use tokio::io::AsyncReadExt as _;

use crate::support::{GET, allowed, alone, block_on, is_served, raw, service, start};

/// 200 MiB for 10,000.
const BYTES_EACH: u64 = 200 * 1024 * 1024 / 10_000;

/// Descriptors that are not those of the connections.
const OTHERS: u32 = 200;

/// As many as may be open, each with two descriptors here: 10,000, or what the system allows.
fn connections() -> u32 {
    (allowed().saturating_sub(OTHERS) / 2).min(9_990)
}

/// Memory of this process that is in use, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a proc file system");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("this line");
    line.trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
}

#[test]
fn idle_connections_hold_at_most_200_mib_for_ten_thousand() {
    if alone("idle::idle_connections_hold_at_most_200_mib_for_ten_thousand", 2 * connections() + OTHERS) {
        block_on(hold());
    }
}

/// Both ends of each connection are in this process: the server's part is less.
async fn hold() {
    let running = start(service(), Config::default()).await;
    assert!(is_served(running.addr).await);
    let (before, count) = (resident(), connections());
    let mut open = Vec::new();
    for _ in 0..count {
        // Used once, as a client's pool leaves it.
        let mut stream = raw(running.addr, GET).await;
        let mut answer = [0; 256];
        assert!(stream.read(&mut answer).await.unwrap() > 0);
        open.push(stream);
    }
    assert!(running.stats.open_connections() >= u64::from(count));
    let held = resident() - before;
    assert!(held <= u64::from(count) * BYTES_EACH, "{held} bytes for {count}, {} each", held / u64::from(count));
    // They are still served.
    assert!(is_served(running.addr).await);
    drop(open);
}
