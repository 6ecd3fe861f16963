use super::*;

#[track_caller]
fn refused(config: Config) -> String {
    let error = Etcd::with(config).expect_err("a refusal");
    assert_eq!(error.code(), Code::InvalidArgument);
    error.message().to_owned()
}

fn endpoints(endpoints: &[&str]) -> Config {
    Config { endpoints: endpoints.iter().map(|endpoint| (*endpoint).to_owned()).collect(), ..Config::default() }
}

#[test]
fn a_setting_out_of_its_range_or_without_effect_is_refused_by_name() {
    assert_eq!(refused(endpoints(&[])), "endpoints is empty, it must name at least one");
    assert_eq!(refused(endpoints(&["a:1", "b"])), "no port in \"b\"");
    assert_eq!(refused(endpoints(&["ftp://a:1"])), "neither http nor https: \"ftp://a:1\"");
    assert_eq!(refused(endpoints(&["http://user:pass@a:1"])), "an IPv6 address without brackets in \"user:pass@a:1\"");
    assert_eq!(refused(endpoints(&["http://a:1/v3"])), "no port in \"a:1/v3\"");
    let zero = Config { keep_alive: Duration::ZERO, ..Config::default() };
    assert_eq!(refused(zero), "keep_alive is 0ns, it must be more than zero");
    let user = Config { user: Some("me".into()), ..Config::default() };
    assert_eq!(refused(user), "user has no password");
    let tls = Config { tls: Some(Tls::default()), ..Config::default() };
    assert_eq!(refused(tls), "tls is set, and the endpoint http://127.0.0.1:2379 does not use it: write https://");
    assert_eq!(Etcd::new(" , ").unwrap_err().message(), "endpoints is empty, it must name at least one");
    Etcd::new("a:1, http://b:2/, [::1]:3").unwrap();
}

#[test]
fn tls_is_there_or_the_refusal_names_the_feature() {
    let https = endpoints(&["https://a:1"]);
    if cfg!(feature = "etcd-tls") {
        Etcd::with(https.clone()).unwrap();
        let tls = Tls { ca: Some("/nonexistent/ca.pem".into()), ..Tls::default() };
        let message = refused(Config { tls: Some(tls), ..https.clone() });
        assert!(message.starts_with("tls.ca cannot be read from \"/nonexistent/ca.pem\": "), "{message}");
        let tls = Tls { key: Some("/nonexistent/key.pem".into()), ..Tls::default() };
        assert_eq!(refused(Config { tls: Some(tls), ..https }), "tls.cert and tls.key go together");
    } else {
        assert!(refused(https).ends_with("build kit-discovery with the feature etcd-tls"));
    }
}

#[test]
fn a_password_is_neither_shown_nor_written() {
    let config = Config { user: Some("me".into()), password: Some("guess".into()), ..Config::default() };
    let etcd = Etcd::with(config.clone()).unwrap();
    assert!(!format!("{config:?} {etcd:?}").contains("guess"));
    let written = toml::to_string(&config).unwrap();
    assert!(written.contains("user = \"me\"") && !written.contains("guess"));
    assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
}

#[test]
fn a_prefix_that_takes_everything_is_refused() {
    let etcd = Etcd::new("a:1").unwrap();
    assert_eq!(etcd.instancer("/").unwrap_err().message(), "a prefix that takes every key: \"/\"");
}
