//! Over real sockets, against a server in this process. Time runs: every wait has its bound.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use hickory_resolver::proto::rr::rdata::CNAME;
use kit_core::Error;
use tokio::time::timeout;

use super::double::{Mode, Server};
use super::*;
use crate::dns::client::{Client, Resolve as _};
use crate::dns::records::Reply;
use crate::{Discovery, Instancer as _};

const SECOND: Duration = Duration::from_secs(1);

fn config(servers: &[&Server]) -> Config {
    let mut config = servers.iter().fold(Config::srv("_http._tcp.strings.test"), |config, s| config.server(s.address));
    config.timeout = 5 * SECOND;
    config
}

async fn ask(client: &Client, owner: &str, kind: RecordType) -> Result<Reply, Error> {
    timeout(60 * SECOND, client.ask(&name(owner), kind)).await.expect("an answer, or none, in time")
}

/// What is said of a server that has half a second.
async fn failure(server: &Server) -> String {
    let mut config = config(&[server]);
    config.timeout = SECOND / 2;
    said(&config).await
}

async fn said(config: &Config) -> String {
    let client = Client::new(config).unwrap();
    ask(&client, "h.test.", RecordType::A).await.unwrap_err().message().to_owned()
}

#[tokio::test]
async fn records_and_the_addresses_of_their_targets_make_the_set() {
    let server = Server::start(Mode::Well).await;
    server.put(
        "_http._tcp.strings.test.",
        60,
        [
            srv(0, 10, 8001, "a.test."),
            srv(0, 20, 8002, "b.test."),
            srv(1, 0, 8003, "a.test."),
            srv(0, 1, 0, "a.test."),
            srv(0, 1, 8004, "gone.test."),
        ],
    );
    server.put("a.test.", 60, [ip("10.0.0.1")]);
    server.put("b.test.", 60, [ip("2001:db8::2")]);
    let discovery = Discovery::of("strings", DnsSource::new(config(&[&server])).unwrap()).start().unwrap();
    let state = timeout(60 * SECOND, discovery.ready()).await.unwrap().unwrap();
    let set: Vec<_> =
        state.instances().unwrap().iter().map(|i| (i.address.to_string(), i.priority, i.weight)).collect();
    assert_eq!(
        set,
        [
            ("10.0.0.1:8001".to_owned(), 0, 10),
            ("10.0.0.1:8003".to_owned(), 1, 0),
            ("[2001:db8::2]:8002".to_owned(), 0, 20),
        ]
    );
    let skipped: Vec<_> = state.skipped().iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["\"0 1 0 a.test.\": the port is 0", "\"0 1 8004 gone.test.\": the target has no address",]);
}

#[tokio::test]
async fn what_a_server_fails_to_say_is_no_absence() {
    let server = Server::start(Mode::Code(ResponseCode::ServFail)).await;
    assert_eq!(failure(&server).await, "a name server answers SERVFAIL, asked for A h.test.");
    for (mode, said) in [
        (Mode::Code(ResponseCode::Refused), "REFUSED"),
        (Mode::Code(ResponseCode::NotImp), "NOTIMP"),
        (Mode::Code(ResponseCode::Unknown(12)), "code 12"),
        (Mode::Refer, "a referral"),
        (Mode::Astray, "records that were not asked for"),
    ] {
        server.mode(mode);
        assert_eq!(failure(&server).await, format!("a name server answers {said}, asked for A h.test."));
    }
    server.mode(Mode::Silent);
    assert_eq!(failure(&server).await, "a name server answers nothing in time, asked for A h.test.");
    server.mode(Mode::Garbage);
    assert_eq!(failure(&server).await, "a name server answers what is no answer, asked for A h.test.");
    let mut gone = config(&[&server]);
    gone.timeout = SECOND / 2;
    drop(server);
    assert!(said(&gone).await.starts_with("a name server answers nothing"));
}

#[tokio::test]
async fn a_name_that_is_not_there_is_an_absence_for_as_long_as_its_zone_says() {
    let server = Server::start(Mode::Well).await;
    server.put("h.test.", 60, [ip("10.0.0.1")]);
    let client = Client::new(&config(&[&server])).unwrap();
    for (owner, kind) in [("none.test.", RecordType::SRV), ("h.test.", RecordType::AAAA)] {
        let reply = ask(&client, owner, kind).await.unwrap();
        assert!(matches!(reply, Reply::Nobody { ttl: Some(7) }), "{reply:?}");
    }
    // Without an SOA, as small servers answer.
    server.mode(Mode::Code(ResponseCode::NXDomain));
    assert!(matches!(ask(&client, "h.test.", RecordType::A).await.unwrap(), Reply::Nobody { ttl: None }));
}

#[tokio::test]
async fn an_answer_too_large_for_udp_comes_over_tcp() {
    let server = Server::start(Mode::Well).await;
    server.put("big.test.", 60, (0..1_000u16).map(|n| srv(0, n, 80 + n, "h.test.")));
    let client = Client::new(&config(&[&server])).unwrap();
    for _ in 0..2 {
        let Reply::Found { records, ttl } = ask(&client, "big.test.", RecordType::SRV).await.unwrap() else {
            panic!("not found")
        };
        assert_eq!((records.len(), ttl), (1_000, 60));
        assert_eq!(server.asked(), ["udp", "tcp"]);
    }
}

#[tokio::test]
async fn an_alias_leads_to_records_in_another_answer_and_a_circle_is_a_failure() {
    let alias = |to: &str| [RData::CNAME(CNAME(name(to)))];
    let server = Server::start(Mode::Well).await;
    server.put("_http._tcp.strings.test.", 5, alias("_http._tcp.other.test."));
    server.put("_http._tcp.other.test.", 60, [srv(0, 1, 80, "h.test.")]);
    server.put("x.test.", 5, alias("y.test."));
    server.put("y.test.", 5, alias("x.test."));
    server.put("z.test.", 5, alias("none.test."));
    let client = Client::new(&config(&[&server])).unwrap();
    let reply = ask(&client, "_http._tcp.strings.test.", RecordType::SRV).await.unwrap();
    assert!(matches!(&reply, Reply::Found { records, ttl: 5 } if records.len() == 1), "{reply:?}");
    let error = ask(&client, "x.test.", RecordType::A).await.unwrap_err();
    assert!(error.message().ends_with("are too many, or lead in a circle"), "{error}");
    assert!(matches!(ask(&client, "z.test.", RecordType::A).await.unwrap(), Reply::Nobody { .. }));
}

#[tokio::test]
async fn a_server_that_fails_does_not_speak_for_the_next() {
    let (bad, good) = (Server::start(Mode::Code(ResponseCode::ServFail)).await, Server::start(Mode::Well).await);
    good.put("h.test.", 60, [ip("10.0.0.1")]);
    let client = Client::new(&config(&[&bad, &good])).unwrap();
    for bad_mode in [Mode::Code(ResponseCode::ServFail), Mode::Silent] {
        bad.mode(bad_mode);
        assert!(matches!(ask(&client, "h.test.", RecordType::A).await.unwrap(), Reply::Found { .. }));
    }
    // The one that answered is asked first from then on.
    bad.asked();
    assert!(matches!(ask(&client, "h.test.", RecordType::A).await.unwrap(), Reply::Found { .. }));
    assert_eq!(bad.asked(), Vec::<&str>::new());
    good.mode(Mode::Code(ResponseCode::Refused));
    assert!(ask(&client, "h.test.", RecordType::A).await.is_err());
}

#[tokio::test]
async fn a_stop_takes_at_most_100_ms_while_a_server_is_silent() {
    let server = Server::start(Mode::Silent).await;
    let discovery = Discovery::of("strings", DnsSource::new(config(&[&server])).unwrap()).start().unwrap();
    while server.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    discovery.stop();
    timeout(SECOND / 10, discovery.subscribe().stopped()).await.expect("stopped within 100 ms");
}
