use super::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_readers_of_a_cold_key_are_one_load_and_the_first_may_leave() {
    let (seen, layer) = (Seen::default(), layer());
    let (endpoint, handle) = (Arc::new(backend(&seen).layer(layer.clone())), layer.handle());
    let began = Instant::now();
    let mut readers: Vec<_> = (0..1_000)
        .map(|_| {
            let endpoint = Arc::clone(&endpoint);
            tokio::spawn(async move { endpoint.call(&mut Context::new(), 7).await })
        })
        .collect();
    tokio::task::yield_now().await;
    sleep(Duration::from_millis(10)).await;
    let first = readers.remove(0);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap(), "row 7, load 0");
    }
    assert_eq!((seen.loads(), began.elapsed()), (1, LOAD));
    let stats = handle.stats();
    assert_eq!(numbers(stats.calls), [1_000, 0, 999, 0, 1]);
    assert_eq!((numbers(stats.flights), stats.joined, stats.under_way), ([1, 0, 1, 0, 0], 999, 0));
    // Kept for nobody.
    assert_eq!(endpoint.call(&mut Context::new(), 7).await.unwrap(), "row 7, load 1");
}

#[tokio::test(start_paused = true)]
async fn when_all_have_left_a_flight_is_cancelled_at_once_and_the_next_begins_anew() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let (seen, layer) = (Seen::default(), layer().observe(move |e: &Event| hears.lock().unwrap().push(e.clone())));
    let (endpoint, handle) = (backend(&seen).layer(layer.clone()), layer.handle());
    let (mut one, mut two) = (Context::new(), Context::new());
    let mut first = Box::pin(endpoint.call(&mut one, 7));
    let mut second = Box::pin(endpoint.call(&mut two, 7));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    drop(first);
    assert!(!seen.token(0).is_cancelled(), "one still waits");
    drop(second);
    assert!(seen.token(0).is_cancelled());
    let stats = handle.stats();
    assert_eq!((numbers(stats.flights), stats.under_way), ([1, 0, 0, 0, 1], 0));
    assert!(matches!(heard.lock().unwrap()[..], [Event::Abandoned]));
    assert_eq!(endpoint.call(&mut Context::new(), 7).await.unwrap(), "row 7, load 1");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_and_not_kept() {
    let (seen, layer) = (Seen::default(), layer());
    let endpoint = backend(&seen).layer(layer.clone());
    let (mut one, mut two) = (Context::new(), Context::new());
    let (a, b) = tokio::join!(endpoint.call(&mut one, MISSING), endpoint.call(&mut two, MISSING));
    let (a, b) = (a.unwrap_err(), b.unwrap_err());
    assert_eq!((a.code(), a.id()), (Code::NotFound, b.id()), "one error");
    assert_eq!(seen.loads(), 1);
    endpoint.call(&mut Context::new(), MISSING).await.unwrap_err();
    assert_eq!(seen.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_for_all_and_leaves_nothing_behind() {
    let (seen, layer) = (Seen::default(), layer());
    let (endpoint, handle) = (backend(&seen).layer(layer.clone()), layer.handle());
    let (mut one, mut two) = (Context::new(), Context::new());
    let (a, b) = tokio::join!(endpoint.call(&mut one, PANICS), endpoint.call(&mut two, PANICS));
    for error in [a.unwrap_err(), b.unwrap_err()] {
        assert!(error.is_bug() && error.cause::<Panicked>().is_some());
    }
    assert_eq!((numbers(handle.stats().flights), handle.stats().under_way), ([1, 0, 0, 1, 0], 0));
}

#[tokio::test(start_paused = true)]
async fn a_flight_has_its_own_limit_and_each_caller_its_own_deadline() {
    let (seen, layer) = (Seen::default(), layer());
    let (endpoint, handle) = (backend(&seen).layer(layer.clone()), layer.handle());
    handle.set(Config { limit: 10 * LOAD }).unwrap();
    let began = Instant::now();
    let mut short = Context::at(began).with_deadline(Some(began + LOAD / 2));
    let mut long = Context::at(began);
    let leader = async {
        let error = endpoint.call(&mut short, HANGS).await.unwrap_err();
        assert_eq!((error.cause::<Elapsed>().unwrap().limit(), began.elapsed()), (LOAD / 2, LOAD / 2));
        assert!(!seen.token(0).is_cancelled());
    };
    let follower = async {
        let error = endpoint.call(&mut long, HANGS).await.unwrap_err();
        assert_eq!((error.cause::<Elapsed>().unwrap().limit(), began.elapsed()), (10 * LOAD, 10 * LOAD));
    };
    tokio::join!(leader, follower);
    assert_eq!(seen.deadline(0), Some(began + 10 * LOAD), "not the leader's");
    assert!(seen.token(0).is_cancelled());
    assert_eq!(long.now(), Instant::now(), "the wait is stamped");
    assert_eq!(numbers(handle.stats().calls), [2, 0, 0, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_each_call_is_its_own() {
    let (seen, layer) = (Seen::default(), layer());
    let (endpoint, handle) = (backend(&seen).layer(layer.clone()), layer.handle());
    let (mut one, mut two) = (Context::new(), Context::new());
    let (a, b) = tokio::join!(endpoint.call(&mut one, 1_000), endpoint.call(&mut two, 1_000));
    assert_ne!(a.unwrap(), b.unwrap());
    assert_eq!((handle.stats().calls.ok, handle.stats().flights.admitted), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_wait_for_one_another() {
    let (seen, layer) = (Seen::default(), layer());
    let endpoint = backend(&seen).layer(layer.clone());
    let mut contexts: Vec<_> = (0..20).map(|_| Context::new()).collect();
    let began = Instant::now();
    let answers = join_all(contexts.iter_mut().zip(0..).map(|(cx, id)| endpoint.call(cx, id % 10))).await;
    assert_eq!((answers.len(), seen.loads(), began.elapsed()), (20, 10, LOAD));
    for (id, answer) in (0..).zip(&answers) {
        assert!(answer.as_ref().unwrap().starts_with(&format!("row {},", id % 10)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_types_do_not_show_is_everybodys() {
    let endpoint = backend(&Seen::default()).layer(layer());
    let (mut one, mut two) = (Context::new(), Context::new());
    let (a, b) = tokio::join!(endpoint.call(&mut one, STATUS_500), endpoint.call(&mut two, STATUS_500));
    assert_eq!((one.outcome_of(&a), two.outcome_of(&b)), (Outcome::BackendError, Outcome::BackendError));
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_forget_begins_anew_and_the_old_flight_goes_on() {
    let (seen, layer) = (Seen::default(), layer());
    let (endpoint, handle) = (backend(&seen).layer(layer.clone()), layer.handle());
    let (mut one, mut two, mut three) = (Context::new(), Context::new(), Context::new());
    let mut before = Box::pin(endpoint.call(&mut one, 7));
    assert!(before.as_mut().now_or_never().is_none());
    handle.forget(&7);
    advance(LOAD / 2).await;
    let mut after = Box::pin(endpoint.call(&mut two, 7));
    assert!(after.as_mut().now_or_never().is_none());
    assert_eq!(before.await.unwrap(), "row 7, load 0");
    // Its landing did not take the new one's entry away.
    assert_eq!(handle.stats().under_way, 1);
    assert_eq!(endpoint.call(&mut three, 7).await.unwrap(), "row 7, load 1");
    assert_eq!(after.await.unwrap(), "row 7, load 1");
}

#[test]
fn a_limit_of_zero_is_refused() {
    let zero = Config { limit: Duration::ZERO };
    assert_eq!(layer().handle().set(zero).unwrap_err().field(), "limit");
    assert!(toml::from_str::<Config>("limits = \"1s\"").is_err());
    assert_eq!(toml::to_string(&Config::default()).unwrap(), "limit = \"30s\"\n");
}

/// Three runtimes, each on a thread of its own, call the same four keys; every third call is dropped after one poll.
#[test]
fn flights_joined_and_left_on_many_threads_leave_nothing_behind() {
    let slow = kit_core::request_fn(async |id: u32| {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        Ok(format!("row {id}"))
    });
    let layer = layer();
    let (endpoint, handle) = (slow.layer(layer.clone()), layer.handle());
    let calls = async |thread: u32| {
        for n in 0..2_000 {
            let mut cx = Context::new();
            let call = endpoint.call(&mut cx, n % 4);
            match (n + thread) % 3 {
                0 => drop(call.now_or_never()),
                _ => assert_eq!(call.await.unwrap(), format!("row {}", n % 4)),
            }
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let calls = &calls;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                let bounded = async { tokio::time::timeout(Duration::from_secs(60), calls(thread)).await };
                runtime.block_on(bounded).expect("no caller waits for ever");
            });
        }
    });
    let stats = handle.stats();
    assert_eq!((stats.calls.admitted, stats.calls.running()), (6_000, 0));
    assert_eq!((stats.flights.running(), stats.under_way), (0, 0));
    assert!(stats.calls.ok >= 4_000 && stats.flights.ok <= stats.calls.ok);
}
