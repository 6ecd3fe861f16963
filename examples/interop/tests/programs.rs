//! The two programs, as scripts start them.

use interop::cases::NAMES;
use program::{Ended, command, ended, started};

const SERVER: &str = env!("CARGO_BIN_EXE_interop-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_interop-client");

async fn client(flags: &[&str]) -> Ended {
    ended(command(CLIENT, flags)).await
}

#[tokio::test]
async fn every_case_passes_and_the_server_stops_when_it_is_asked_to() {
    let server = started(command(SERVER, &["--port=0", "--use_tls=false"])).await;
    let port = server.addr.rsplit(':').next().expect("a port");
    let port = format!("--server_port={port}");
    for name in NAMES {
        let case = format!("--test_case={name}");
        let Ended { status, stdout, stderr } =
            client(&["--server_host=127.0.0.1", &port, &case, "--use_tls=false"]).await;
        assert_eq!((status.code(), &*stdout, &*stderr), (Some(0), &*format!("{name}: ok\n"), ""));
    }
    for soak in ["rpc_soak", "channel_soak"] {
        let case = format!("--test_case={soak}");
        let flags =
            ["--soak_iterations=5", "--soak_num_threads=2", "--soak_per_iteration_max_acceptable_latency_ms=15000"];
        let Ended { status, stdout, stderr } =
            client(&[&["--server_host=127.0.0.1", &port, &case], &flags[..]].concat()).await;
        assert_eq!((status.code(), &*stderr), (Some(0), ""));
        assert!(stdout.starts_with(&format!("{soak}: ok: 5 good calls, 0 failed; half within ")), "{stdout}");
    }
    assert_eq!(server.stop().await.status.code(), Some(0));
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_one_clear_line() {
    for (flags, part) in [
        (&["--use_tls=true"][..], "kit speaks no TLS yet: with --use_tls=false it is HTTP/2 in the clear"),
        (&["--use_tls"], "kit speaks no TLS yet"),
        (&["--test_case=jwt_token_creds"], "there is no case \"jwt_token_creds\""),
        (&["--oauth_scope=a"], "credentials need TLS"),
        (&["--server_prot=1"], "is --server-port meant?"),
    ] {
        let line = client(flags).await.refusal();
        assert!(line.starts_with("interop-client: ") && line.contains(part), "{flags:?}: {line}");
    }
    let line = ended(command(SERVER, &["--use_tls=true"])).await.refusal();
    assert!(line.starts_with("interop-server: kit speaks no TLS yet"), "{line}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failed_case() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let port = format!("--server_port={}", free.port());
    let line = client(&["--server_host=127.0.0.1", &port, "--test_case=empty_unary"]).await.refusal();
    assert!(line.starts_with("interop-client: empty_unary: a call failed: Unavailable"), "{line}");
}
