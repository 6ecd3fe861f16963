use super::*;

#[tokio::test(start_paused = true)]
async fn a_change_is_seen_at_once_and_one_connection_serves_all_queries() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let discovery = follow(&double, Query::default());
    let mut subscription = discovery.subscribe();
    assert_eq!(ports(&discovery.ready().await.unwrap()), [1]);
    for round in 2..20 {
        sleep(25 * SECOND).await;
        double.set(&["10.0.0.1:1", &format!("10.0.0.2:{round}")]);
        let began = Instant::now();
        until(&mut subscription, |state| ports(state) == [1, round]).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
    assert_eq!(double.connections(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_query_says_what_was_set_and_waits_for_the_index_it_was_told() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let config = Config { token: Some(Token::new("s3cret")), address: "[::1]:8500".into(), ..Config::default() };
    let query = Query { tags: vec!["blue".into()], wait: 30 * SECOND, mode: Mode::Cached, ..Query::default() };
    let discovery = Consul::over(config, double.clone()).unwrap().instancer("a/b", query).unwrap().start().unwrap();
    discovery.ready().await.unwrap();
    sleep(SECOND).await;
    let requests = double.requests();
    let targets: Vec<_> = requests.iter().map(|request| &*request.target).collect();
    assert_eq!(
        targets,
        [
            "/v1/health/service/a%2Fb?passing=1&tag=blue&cached",
            "/v1/health/service/a%2Fb?passing=1&tag=blue&cached&index=11&wait=30000ms"
        ]
    );
    for request in requests {
        assert!(request.head.contains("x-consul-token: s3cret\r\n"), "{}", request.head);
        assert!(request.head.contains("host: [::1]:8500\r\n") && request.method == "GET");
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_goes_backwards_starts_anew_and_the_set_is_followed_on() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let discovery = follow(&double, Query::default());
    let mut subscription = discovery.subscribe();
    discovery.ready().await.unwrap();
    sleep(5 * SECOND).await;
    double.requests();
    // The query that waits for 11 is woken by the time alone: what it waits for is long past there.
    double.index(3);
    sleep(15 * SECOND).await;
    let asked: Vec<_> = double.requests().iter().map(|request| request.parameter("index")).collect();
    assert_eq!(asked, [None, Some("3".to_owned())]);
    double.set(&["10.0.0.1:2"]);
    until(&mut subscription, |state| ports(state) == [2]).await;
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_no_index_does_not_run_hot() {
    for headers in [
        vec![("X-Consul-Index", "0")],
        vec![("X-Consul-Index", "-5")],
        vec![("X-Consul-Index", "soon")],
        vec![("X-Consul-Index", "99999999999999999999")],
        vec![("X-Consul-Index", "7"), ("X-Consul-Index", "8")],
        vec![("X-Other", "1")],
    ] {
        let double = Double::new();
        double.headers(&headers);
        double.set(&["10.0.0.1:1"]);
        let discovery = follow(&double, Query::default());
        discovery.ready().await.unwrap();
        sleep(10 * SECOND).await;
        let requests = double.requests();
        assert!((2..=12).contains(&requests.len()), "{headers:?}: {}", requests.len());
        let indexes: Vec<_> = requests.iter().map(|request| request.parameter("index")).collect();
        assert_eq!(indexes[..2], [None, Some("1".to_owned())], "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn churn_is_followed_twice_then_once_a_second_then_each_15_s_and_ends_at_the_truth() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let discovery = follow(&double, Query::default());
    let mut subscription = discovery.subscribe();
    discovery.ready().await.unwrap();
    sleep(20 * SECOND).await;
    double.requests();
    let start = Instant::now();
    for step in 0..1_800_u32 {
        double.set(&[&format!("10.0.0.1:{}", 1 + step)]);
        sleep(Duration::from_millis(100)).await;
    }
    let times: Vec<_> = double.polls().iter().map(|at| (*at - start).as_secs_f64()).collect();
    let within = |from: f64, to: f64| times.iter().filter(|at| (from..to).contains(*at)).count();
    for from in 0..180 {
        assert!(within(f64::from(from), f64::from(from) + 1.0) <= 2, "{times:?}");
    }
    assert!((55..=62).contains(&within(0.0, 60.0)), "{times:?}");
    assert!((6..=8).contains(&within(70.0, 170.0)), "{times:?}");
    assert!(times.windows(2).all(|pair| pair[0] < 70.0 || pair[1] - pair[0] >= 14.999), "{times:?}");
    double.set(&["10.0.0.1:9"]);
    let state = until(&mut subscription, |state| ports(state) == [9]).await;
    assert!(state.error().is_none());
    // A quiet query later, changes are followed at once again.
    sleep(60 * SECOND).await;
    double.set(&["10.0.0.1:10"]);
    let began = Instant::now();
    until(&mut subscription, |state| ports(state) == [10]).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_lost_its_data_empties_no_set_before_the_grace() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let discovery = follow(&double, Query::default());
    discovery.ready().await.unwrap();
    let mut view = discovery.subscribe().view(Policy::default()).unwrap();
    view.changed().await.unwrap().unwrap();
    double.fault(Some(Play::Refuse));
    sleep(20 * SECOND).await;
    double.forget();
    double.fault(None);
    let mut subscription = discovery.subscribe();
    let back = Instant::now();
    until(&mut subscription, |state| state.error().is_none()).await;
    assert!(back.elapsed() <= 5 * SECOND, "{:?}", back.elapsed());
    assert_eq!(subscription.state().instances().map(|set| set.len()), Some(0));
    assert_eq!(view.instances().unwrap().len(), 1);
    sleep(20 * SECOND).await;
    double.set(&["10.0.0.1:1"]);
    assert!(timeout(60 * SECOND, view.changed()).await.is_err(), "a consumer saw it");
    double.set(&[]);
    let emptied = Instant::now();
    assert!(matches!(view.changed().await.unwrap(), Err(NoInstances::Empty)));
    assert_eq!(emptied.elapsed(), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_no_time_in_any_state_and_closes_the_connection() {
    let faults = [None, Some(Play::Hang), Some(Play::Refuse), Some(Play::DialHangs), Some(Play::Cut(vec![]))];
    for fault in faults {
        for wait in [0, 1, 30, 950, 2_000, 7_000] {
            for dropped in [false, true] {
                let double = Double::new();
                double.set(&["10.0.0.1:1"]);
                double.fault(fault.clone());
                let discovery = follow(&double, Query::default());
                sleep(Duration::from_millis(wait)).await;
                let subscription = discovery.subscribe();
                if dropped {
                    drop(discovery)
                } else {
                    discovery.stop()
                }
                let stopped = timeout(Duration::from_millis(100), subscription.stopped()).await;
                assert!(stopped.is_ok(), "{fault:?} after {wait} ms");
                sleep(Duration::from_millis(1)).await;
                double.requests();
                assert_eq!(double.connections().1, 0, "{fault:?} after {wait} ms");
                sleep(60 * SECOND).await;
                assert_eq!(double.requests().len(), 0);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_instances_are_in_the_set_if_asked_for_and_say_how_they_are() {
    let double = Double::new();
    double.set(&["10.0.0.1:1"]);
    let element = |port: u16, status: &str| {
        serde_json::json!({ "Node": { "Node": "n2", "Address": "10.0.0.2" },
            "Service": { "ID": format!("s{port}"), "Port": port }, "Checks": [{ "Status": status }] })
    };
    double.add(element(2, "warning"));
    double.add(element(3, "critical"));
    // Consul gives them although they do not pass: they are left out all the same.
    let passing = follow(&double, Query::default());
    assert_eq!(ports(&passing.ready().await.unwrap()), [1]);
    let every = follow(&double, Query { passing: false, ..Query::default() });
    let state = every.ready().await.unwrap();
    let health: Vec<_> = state.instances().unwrap().iter().map(|i| (&*i.id, i.health.as_str())).collect();
    assert_eq!(health, [("n1/10.0.0.1:1", "healthy"), ("n2/s2", "healthy"), ("n2/s3", "unhealthy")]);
}
