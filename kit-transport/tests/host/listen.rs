use kit_core::Code;
use kit_transport::http::server::{Bound, Config, Server};

use crate::support::{Running, config, is_served, service, start};

#[tokio::test]
async fn a_port_is_shared_only_where_all_who_share_it_say_so() {
    let sharing = || config(|config| config.reuse_port = true);
    let one = start(service(), sharing()).await;
    let two = Server::new(sharing()).unwrap().bind(one.addr).await.unwrap();
    let two = Running::start(two, service());
    let error = Server::new(Config::default()).unwrap().bind(one.addr).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    // The system spreads connections over both; one that stops leaves the port to the other.
    for _ in 0..20 {
        assert!(is_served(one.addr).await);
    }
    assert_eq!(one.stats.accepted() + two.stats.accepted(), 20);
    let addr = one.addr;
    one.stop().await;
    for _ in 0..20 {
        assert!(is_served(addr).await);
    }
    two.stop().await;
}

#[tokio::test]
async fn a_listener_that_was_opened_elsewhere_is_served() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::new(Config::default()).unwrap();
    let running = Running::start(Bound::from_listener(server.clone(), listener).unwrap(), service());
    assert!(is_served(running.addr).await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.on(listener).unwrap(), service());
    assert!(is_served(running.addr).await);
}

#[tokio::test]
async fn a_port_is_free_again_as_soon_as_its_server_has_stopped() {
    let running = start(service(), Config::default()).await;
    let addr = running.addr;
    // The server closed this one first: its port still remembers it.
    assert!(is_served(addr).await);
    running.stop().await;
    let again = Server::new(Config::default()).unwrap().bind(addr).await.unwrap();
    let again = Running::start(again, service());
    assert!(is_served(addr).await);
    again.stop().await;
}

#[tokio::test]
async fn a_name_without_an_address_is_refused_in_one_line() {
    let error = Server::new(Config::default()).unwrap().bind("no.such.host.invalid:80").await.unwrap_err();
    assert!(error.message().starts_with("cannot listen on no.such.host.invalid:80: "), "{error}");
}
