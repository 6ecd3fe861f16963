//! What is made of records, without anybody who is asked.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::rdata::CNAME;
use hickory_resolver::proto::rr::{Record, RecordType};
use proptest::prelude::*;

use super::*;
use crate::dns::records::{Step, by_address, walk};

fn record(owner: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(name(owner), ttl, data)
}

fn alias(owner: &str, ttl: u32, to: &str) -> Record {
    record(owner, ttl, RData::CNAME(CNAME(name(to))))
}

#[test]
fn an_alias_is_followed_to_its_records_and_the_shortest_time_holds() {
    let answers = [alias("a.", 30, "B."), record("c.", 5, ip("10.0.0.9")), record("b.", 60, ip("10.0.0.1"))];
    let found = Step::Found { records: vec![ip("10.0.0.1")], ttl: 30 };
    assert_eq!(walk(&answers, &name("A."), RecordType::A), found);
    assert_eq!(walk(&answers[..1], &name("a."), RecordType::A), Step::Alias { name: name("b."), ttl: 30 });
    // Another's records are nobody's answer, and a circle ends.
    assert_eq!(walk(&answers[1..2], &name("a."), RecordType::A), Step::Nothing);
    let circle = [alias("a.", 30, "b."), alias("b.", 30, "a.")];
    assert_eq!(walk(&circle, &name("a."), RecordType::A), Step::Nothing);
}

#[test]
fn addresses_of_one_target_share_its_weight() {
    let weights = |weight, addresses: &[&str]| {
        let RData::SRV(record) = srv(1, weight, 80, "h.test.") else { unreachable!() };
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let instances: Vec<_> = by_address(&record, &addresses).into_iter().map(Result::unwrap).collect();
        assert!(instances.iter().all(|instance| instance.priority == 1 && &*instance.metadata["target"] == "h.test"));
        instances.iter().map(|instance| (instance.address.to_string(), instance.weight)).collect::<Vec<_>>()
    };
    let pair = ["10.0.0.1", "2001:db8::1"];
    let both = |weight| vec![("10.0.0.1:80".to_owned(), weight), ("[2001:db8::1]:80".to_owned(), weight)];
    assert_eq!(weights(10, &pair), both(5));
    assert_eq!(weights(1, &pair), both(1));
    assert_eq!(weights(0, &pair), both(0));
    assert_eq!(weights(10, &pair[..1]), both(10)[..1]);
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config: Config| DnsSource::new(config).unwrap_err().message().to_owned();
    let server: SocketAddr = "127.0.0.1:53".parse().unwrap();
    let base = || Config::srv("_http._tcp.strings.test").server(server);
    assert_eq!(message(Config::srv("").server(server)), "name has no label: \"\"");
    assert_eq!(message(Config::srv("a b").server(server)), "name holds what no name holds: \"a b\"");
    assert_eq!(message(Config::srv("a..b").server(server)), "name is none, or too long: \"a..b\"");
    assert_eq!(message(Config::srv("a".repeat(64)).server(server)).len(), "name is none, or too long: ".len() + 66);
    assert_eq!(message(Config::host("a", 0).server(server)), "port is 0, it must be from 1 to 65535");
    let mut config = base();
    config.min_ttl = Duration::from_millis(999);
    assert_eq!(message(config), "min_ttl is 999ms, it must be at least 1s");
    let mut config = base();
    (config.min_ttl, config.max_ttl) = (Duration::from_secs(2), Duration::from_secs(1));
    assert_eq!(message(config), "max_ttl is 1s, it must be at least 2s, which is min_ttl");
    let mut config = base();
    config.timeout = Duration::ZERO;
    assert_eq!(message(config), "timeout is 0ns, it must be more than zero");
    let mut config = Config::host("a", 1).server(server);
    config.resolve = false;
    assert_eq!(message(config), "resolve is false, which means nothing beside a port");
    assert_eq!(
        message(base().server("127.0.0.1:0".parse().unwrap())),
        "a port of servers is 0, it must be from 1 to 65535"
    );
}

#[test]
fn settings_are_read_from_a_file() {
    let config: Config = toml::from_str(
        "name = \"_http._tcp.strings.test\"\nservers = [\"[::1]:53\"]\nfamily = \"v6_then_v4\"\nmax_ttl = \"2m\"",
    )
    .unwrap();
    assert_eq!((config.servers.len(), config.family, config.resolve), (1, Family::V6ThenV4, true));
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
    assert!(toml::from_str::<Config>("name = \"a\"\nttl = \"1s\"").is_err());
}

proptest! {
    #[test]
    fn no_set_of_aliases_panics_or_runs_for_ever(
        steps in proptest::collection::vec((0u8..6, 0u8..6, any::<u32>()), 0..20), start in 0u8..6,
    ) {
        let label = |n: u8| format!("n{n}.");
        let answers: Vec<_> = steps
            .iter()
            .map(|(from, to, ttl)| match to {
                5 => record(&label(*from), *ttl, ip("10.0.0.1")),
                to => alias(&label(*from), *ttl, &label(*to)),
            })
            .collect();
        if let Step::Found { records, ttl } = walk(&answers, &name(&label(start)), RecordType::A) {
            prop_assert!(!records.is_empty() && answers.iter().any(|record| record.ttl == ttl));
        }
    }
}
