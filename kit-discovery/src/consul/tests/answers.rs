use super::*;

/// An answer, the code and the message of the failure it is.
fn bad_answers() -> Vec<(&'static str, Play, Code, &'static str)> {
    let list = "[]";
    let index = "X-Consul-Index: 12\r\n";
    let no_list = "consul's answer is no list of instances";
    let broke_off = "consul's answer broke off";
    let no_answer = "consul did not answer";
    let status = |status, said| Play::answer(status, index, said);
    let cut = |text: &str| Play::Cut(text.as_bytes().to_vec());
    vec![
        ("500", status("500 Internal Server Error", "No cluster leader"), Code::Unavailable, "consul answered 500"),
        ("503 with a list", status("503 Service Unavailable", list), Code::Unavailable, "consul answered 503"),
        ("403", status("403 Forbidden", "Permission denied"), Code::PermissionDenied, "consul answered 403"),
        ("404", status("404 Not Found", ""), Code::NotFound, "consul answered 404"),
        ("429", status("429 Too Many Requests", ""), Code::ResourceExhausted, "consul answered 429"),
        ("301", status("301 Moved Permanently", list), Code::Unknown, "consul answered 301"),
        ("204", Play::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), Code::Unknown, "consul answered 204"),
        ("a page", status("200 OK", "<html>sign in</html>"), Code::DataLoss, no_list),
        ("an object", status("200 OK", "{}"), Code::DataLoss, no_list),
        ("null", status("200 OK", "null"), Code::DataLoss, no_list),
        ("nothing", status("200 OK", ""), Code::DataLoss, no_list),
        ("half a list", status("200 OK", "[{\"Node\":{"), Code::DataLoss, no_list),
        ("a short body", cut("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]"), Code::Unavailable, broke_off),
        (
            "a chunked body without an end",
            cut("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"),
            Code::Unavailable,
            broke_off,
        ),
        ("half a list up to the close", cut("HTTP/1.0 200 OK\r\n\r\n[{"), Code::DataLoss, no_list),
        ("half a head", cut("HTTP/1.1 200 OK\r\nContent-Le"), Code::Unavailable, no_answer),
        ("no answer but the end", cut(""), Code::Unavailable, no_answer),
        ("no HTTP", cut("+PONG\r\n"), Code::Unavailable, no_answer),
        ("silence", Play::Hang, Code::DeadlineExceeded, "consul did not answer within 13.625s"),
        (
            "a length beyond what is read",
            Play::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n[".to_vec()),
            Code::ResourceExhausted,
            "consul's answer has more than 8388608 bytes, which is max_answer_bytes",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_keeps_the_set_and_is_known_until_a_good_one() {
    for (name, play, code, message) in bad_answers() {
        let double = Double::new();
        double.set(&["10.0.0.1:1"]);
        let discovery = follow(&double, Query::default());
        let mut subscription = discovery.subscribe();
        discovery.ready().await.unwrap();
        sleep(5 * SECOND).await;
        double.requests();
        double.play([play]);
        let state = until(&mut subscription, |state| state.error().is_some()).await;
        let error = state.error().unwrap();
        assert_eq!((error.code(), error.message()), (code, message), "{name}: {}", error.report());
        assert_eq!((ports(&state), state.generation()), (vec![1], 1), "{name}");
        double.set(&["10.0.0.1:2"]);
        let state = until(&mut subscription, |state| ports(state) == [2]).await;
        assert!(state.error().is_none(), "{name}");
        // What comes next waits for nothing.
        let indexes: Vec<_> = double.requests().iter().map(|request| request.parameter("index")).collect();
        assert_eq!(indexes[0], None, "{name}: {indexes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_fails_is_asked_twice_at_once_then_once_a_second_then_less() {
    let mut faults: Vec<_> = bad_answers().into_iter().map(|(name, play, ..)| (name, play)).collect();
    faults.push(("no connection", Play::Refuse));
    faults.push(("a connection that never comes about", Play::DialHangs));
    for (name, fault) in faults {
        let double = Double::new();
        double.set(&["10.0.0.1:1"]);
        let discovery = follow(&double, Query::default());
        let mut subscription = discovery.subscribe();
        discovery.ready().await.unwrap();
        sleep(5 * SECOND).await;
        let (dials, _) = double.connections();
        double.requests();
        double.fault(Some(fault));
        sleep(200 * SECOND).await;
        let state = subscription.state();
        assert_eq!((ports(&state), state.generation()), (vec![1], 1), "{name}");
        assert!(state.error().is_some() && state.age(Instant::now()) >= 180 * SECOND, "{name}");
        let polls = double.polls();
        for pair in polls.windows(3) {
            assert!(pair[2] - pair[0] >= Duration::from_millis(999), "{name}: {pair:?}");
        }
        let tries = polls.len().max(double.connections().0 - dials);
        assert!((14..=120).contains(&tries), "{name}: {tries}");
        double.fault(None);
        double.set(&["10.0.0.1:2"]);
        let back = Instant::now();
        until(&mut subscription, |state| ports(state) == [2]).await;
        // One pause, and what a query that hangs has left.
        assert!(back.elapsed() <= 8 * SECOND, "{name}: {:?}", back.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_hangs_is_noticed_within_14_s() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let discovery = follow(&double, Query::default());
    discovery.ready().await.unwrap();
    double.play([Play::Hang]);
    let began = Instant::now();
    let state = until(&mut discovery.subscribe(), |state| state.error().is_some()).await;
    assert!(began.elapsed() <= 14 * SECOND, "{:?}", began.elapsed());
    assert_eq!(ports(&state), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_end_is_cut_at_the_limit() {
    let double = Double::new();
    let mut endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..100 {
        endless.extend(b"400\r\n");
        endless.extend([b' '; 0x400]);
        endless.extend(b"\r\n");
    }
    double.play([Play::Bytes(endless)]);
    let config = Config { max_answer_bytes: 64 * 1024, ..Config::default() };
    let consul = Consul::over(config, double.clone()).unwrap();
    let discovery = consul.instancer(SERVICE, Query::default()).unwrap().start().unwrap();
    let state = until(&mut discovery.subscribe(), |state| state.error().is_some()).await;
    let message = "consul's answer has more than 65536 bytes, which is max_answer_bytes";
    assert_eq!(state.error().unwrap().message(), message);
    assert!(state.instances().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_drips_is_cut_off_in_time() {
    let double = Double::new();
    double.play([Play::Drip]);
    let discovery = follow(&double, Query::default());
    let began = Instant::now();
    let state = until(&mut discovery.subscribe(), |state| state.error().is_some()).await;
    assert_eq!(state.error().unwrap().message(), "consul did not answer within 3s");
    assert_eq!(began.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_nobody_asked_for_end_the_connection_and_not_the_discovery() {
    let double = Double::new();
    let Play::Bytes(mut more) = Play::answer("200 OK", "X-Consul-Index: 12\r\n", "[]") else {
        unreachable!("it is bytes")
    };
    more.extend(b"HTTP/1.1 200 OK\r\nX-Consul-Index: 99\r\nContent-Length: 2\r\n\r\n[]");
    double.play([Play::Bytes(more)]);
    let discovery = follow(&double, Query::default());
    let mut subscription = discovery.subscribe();
    discovery.ready().await.unwrap();
    double.set(&["10.0.0.1:1"]);
    until(&mut subscription, |state| ports(state) == [1]).await;
    assert_eq!((double.connections(), subscription.state().totals().failures), ((2, 1), 0));
}

#[tokio::test(start_paused = true)]
async fn what_consul_says_is_for_the_log_escaped_and_cut() {
    let double = Double::new();
    double.play([Play::answer("500 Oops", "", &format!("no leader\n{}", "x".repeat(10_000)))]);
    let discovery = follow(&double, Query::default());
    let state = until(&mut discovery.subscribe(), |state| state.error().is_some()).await;
    let error = state.error().unwrap();
    let fields: Vec<_> = error.fields().collect();
    let said = fields.iter().find(|(key, _)| *key == "said").unwrap().1;
    assert!(said.starts_with("\"no leader\\nxxx") && said.len() < 120, "{said}");
    assert!(fields.contains(&("service", "\"strings\"")), "{fields:?}");
    assert_eq!((error.message(), error.reason()), ("consul answered 500", Some("consul_status")));
}

#[tokio::test(start_paused = true)]
async fn an_answer_older_than_may_be_is_a_failure() {
    for (mode, header, old, young) in
        [(Mode::Stale, "X-Consul-LastContact", "60001", "60000"), (Mode::Cached, "Age", "61", "60")]
    {
        let double = Double::new();
        double.set(&["10.0.0.1:1"]);
        double.headers(&[("X-Consul-Index", "7"), (header, young)]);
        let discovery = follow(&double, Query { mode, max_age: Some(60 * SECOND), ..Query::default() });
        let mut subscription = discovery.subscribe();
        assert_eq!(ports(&discovery.ready().await.unwrap()), [1]);
        double.headers(&[("X-Consul-Index", "7"), (header, old)]);
        double.set(&[]);
        let state = until(&mut subscription, |state| state.error().is_some()).await;
        let message = "consul's answer is older than 60s, which is max_age";
        assert_eq!((state.error().unwrap().message(), ports(&state)), (message, vec![1]));
        // Without a limit any age will do.
        let any = follow(&double, Query { mode, ..Query::default() });
        assert!(any.ready().await.unwrap().error().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn an_element_that_is_no_instance_is_skipped_and_named() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    double.add(serde_json::json!({ "Node": { "Node": "n2" }, "Service": { "ID": "s", "Port": 0 }, "Checks": [] }));
    double.add(serde_json::json!(7));
    let discovery = follow(&double, Query::default());
    let state = discovery.ready().await.unwrap();
    let skipped: Vec<_> = state.skipped().iter().map(ToString::to_string).collect();
    assert_eq!((ports(&state), skipped.len()), (vec![1], 2));
    assert_eq!(skipped[0], "\"n2/s\": the port is 0");
    assert!(skipped[1].starts_with("\"element 2\": no instance: "), "{}", skipped[1]);
}
