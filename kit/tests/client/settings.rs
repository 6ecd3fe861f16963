use std::time::Duration;

use kit::circuit::breaker;
use kit::client::Config;
use kit::config::Loader;
use kit::discovery::Stale;

use crate::net::{Listed, Net, client, log, registry};

fn read(text: &str) -> Config {
    Loader::new("tests").toml("tests.toml", text).load().unwrap()
}

#[test]
fn every_part_of_a_client_is_set_in_a_file() {
    let config = read(
        r#"
        attempt_timeout = "250ms"
        deadline = { max = "2s" }
        retry = { attempts = 2 }
        budget = { ratio = 0.1, per_second = 1 }
        breaker = { consecutive = 3 }
        connections = { connect_timeout = "100ms" }
        [endpointer]
        drain = "3s"
        policy = { stale = "10m" }
        [endpointer.balance]
        zone = "eu-1a"
        ejection = { in_a_row = 4 }
        "#,
    );
    assert_eq!((config.attempt_timeout.as_millis(), config.deadline.max), (250, Some(Duration::from_secs(2))));
    assert_eq!((config.retry.attempts, config.budget.ratio, config.budget.per_second), (2, 0.1, 1));
    assert_eq!(config.breaker, Some(breaker::Config { consecutive: Some(3), ..Default::default() }));
    assert_eq!(config.connections.connect_timeout.as_millis(), 100);
    let endpointer = &config.endpointer;
    assert_eq!(endpointer.drain, Duration::from_secs(3));
    assert_eq!(endpointer.policy.stale, Stale::ServeFor(Duration::from_secs(600)));
    assert_eq!((endpointer.balance.zone.as_deref(), endpointer.balance.ejection.in_a_row), (Some("eu-1a"), 4));
    assert_eq!(read(""), Config::default());
}

#[tokio::test]
async fn a_setting_out_of_its_range_is_refused_by_the_name_it_has_in_the_file() {
    let refused = |text: &str| {
        let letters = client(&Listed::of(&["a:1"]), &Net::of(&["a:1"]), read(text));
        letters.start(&log(), &registry()).unwrap_err().message().to_owned()
    };
    for (text, line) in [
        ("attempt_timeout = '0s'", "attempt_timeout is 0ns, it must be more than zero"),
        ("deadline = { max = '0s' }", "deadline.max is 0ns, it must be more than zero"),
        ("breaker = { consecutive = 0 }", "breaker."),
        ("endpointer = { make = '0s' }", "endpointer.make is 0ns, it must be more than zero"),
        ("endpointer = { balance = { decay = '0s' } }", "endpointer."),
    ] {
        let told = refused(text);
        assert!(told.starts_with(line), "{text}: {told}");
    }
}

#[tokio::test]
async fn settings_of_a_part_that_is_given_besides_would_do_nothing_and_are_refused() {
    let letters = client(&Listed::of(&["a:1"]), &Net::of(&["a:1"]), read("retry = { attempts = 2 }"));
    let refused = letters.start(&log(), &registry()).unwrap_err();
    assert_eq!(refused.message(), "retry has settings, and is given besides");
    let letters = client(&Listed::of(&["a:1"]), &Net::of(&["a:1"]), read("[breaker]\nconsecutive = 3"));
    let breakers = breaker::registry::Registry::new(Default::default()).unwrap();
    let refused = letters.breakers(breakers).start(&log(), &registry()).unwrap_err();
    assert_eq!(refused.message(), "breaker has settings, and is given besides");
}
