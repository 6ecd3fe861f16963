use super::*;

#[track_caller]
fn refused(change: impl FnOnce(&mut Config)) -> String {
    let mut config = Config::default();
    change(&mut config);
    Consul::new(config).unwrap_err().message().to_owned()
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    assert_eq!(refused(|c| c.answer = Duration::ZERO), "answer is 0s, it must be within [1ms, 1h]");
    assert_eq!(refused(|c| c.connect = 3_601 * SECOND), "connect is 1h 1s, it must be within [1ms, 1h]");
    assert!(refused(|c| c.max_answer_bytes = 0).starts_with("max_answer_bytes is 0, it must be within"));
    assert!(refused(|c| c.address = "https://a:8501".into()).contains("this client has no TLS of its own"));
    for (address, reason) in [
        ("consul", "no port in \"consul\""),
        ("http://a:8500/v1", "no port in \"a:8500/v1\""),
        ("ftp://a:1", "a URL where host:port belongs: \"ftp://a:1\""),
        ("http://[::1", "no closing bracket in \"[::1\""),
    ] {
        let address = address.to_owned();
        assert_eq!(refused(|c| c.address = address), format!("address is no http://host:port: {reason}"));
    }
    for token in ["", "a\nb"] {
        assert_eq!(refused(|c| c.token = Some(Token::new(token))), "token is empty or holds what no header may");
    }
    let consul = Consul::new(Config::default()).unwrap();
    for name in ["", "a\nb", &"x".repeat(2_000)] {
        let error = consul.instancer(name, Query::default()).unwrap_err();
        assert!(error.message().starts_with("service is empty, longer than 1024 bytes or not plain:"), "{error}");
    }
}

#[test]
fn settings_are_read_from_a_file_and_a_token_is_never_written() {
    let read = |text: &str| toml::from_str::<Config>(text);
    assert_eq!(read("").unwrap(), Config::default());
    assert!(read("adress = \"a\"").unwrap_err().message().contains("unknown field `adress`"));
    let config = read("token = \"s3cret\"\nanswer = \"5s\"").unwrap();
    assert_eq!((config.token.as_ref(), config.answer), (Some(&Token::new("s3cret")), 5 * SECOND));
    let consul = Consul::new(config.clone()).unwrap();
    for written in [format!("{config:?}"), format!("{consul:?}"), toml::to_string(&config).unwrap()] {
        assert!(!written.contains("s3cret") && written.contains("[redacted]"), "{written}");
    }
    let query: Query = toml::from_str("passing = false\nwait = \"1m\"").unwrap();
    assert_eq!((query.passing, query.wait), (false, 60 * SECOND));
    assert!(toml::from_str::<Query>("tag = \"x\"").is_err());
}
