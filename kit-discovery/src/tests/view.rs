use super::*;

fn view(publisher: &Publisher, stale: Stale, empty_grace: Duration) -> View {
    publisher.subscribe().view(Policy { stale, empty_grace }).unwrap()
}

fn served(view: &View) -> Result<Vec<u16>, String> {
    view.instances().map(|set| ports(&set)).map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn each_consumer_has_its_own_policy_on_one_state() {
    let mut publisher = Publisher::new("strings");
    let [ever, while_, never] =
        [Stale::Serve, Stale::ServeFor(10 * SECOND), Stale::Fail].map(|stale| view(&publisher, stale, Duration::ZERO));
    assert_eq!(served(&ever).unwrap_err(), "discovery has not answered yet");
    publisher.publish(answer(&[1]));
    advance(3_600 * SECOND).await;
    assert_eq!(served(&never).unwrap(), [1]);
    publisher.fail(down());
    assert_eq!(served(&never).unwrap_err(), "instances are stale, discovery has failed for 0ns");
    assert_eq!(served(&while_).unwrap(), [1]);
    advance(10 * SECOND).await;
    assert_eq!(served(&while_).unwrap_err(), "instances are stale, discovery has failed for 10s");
    advance(600 * SECOND).await;
    assert_eq!(served(&ever).unwrap(), [1]);
    publisher.publish(Answer::unchanged());
    for view in [ever, while_, never] {
        assert_eq!(served(&view).unwrap(), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_that_turns_empty_is_served_until_its_grace_is_over() {
    let mut publisher = Publisher::new("strings");
    let mut graceful = view(&publisher, Stale::Serve, 30 * SECOND);
    let strict = view(&publisher, Stale::Serve, Duration::ZERO);
    publisher.publish(answer(&[1]));
    assert_eq!(ports(&graceful.changed().await.unwrap().unwrap()), [1]);
    publisher.publish(answer(&[]));
    assert_eq!(served(&strict).unwrap_err(), "no instances are registered");
    // Who comes now is told the same.
    assert_eq!(served(&view(&publisher, Stale::Serve, 30 * SECOND)).unwrap(), [1]);
    let emptied = Instant::now();
    assert!(matches!(graceful.changed().await.unwrap(), Err(NoInstances::Empty)));
    assert_eq!(emptied.elapsed(), 30 * SECOND);
    publisher.publish(answer(&[2]));
    assert_eq!(ports(&graceful.changed().await.unwrap().unwrap()), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_empty_for_a_moment_changes_nothing_for_a_consumer() {
    let mut publisher = Publisher::new("strings");
    let mut view = view(&publisher, Stale::Serve, 30 * SECOND);
    publisher.publish(answer(&[1]));
    view.changed().await.unwrap().unwrap();
    // Down, back without its data, filled again: nobody saw anything.
    publisher.fail(down());
    advance(60 * SECOND).await;
    publisher.publish(answer(&[]));
    assert!(timeout(29 * SECOND, view.changed()).await.is_err());
    publisher.publish(answer(&[1]));
    assert!(timeout(3_600 * SECOND, view.changed()).await.is_err());
    assert_eq!(view.state().generation(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_empty_set_at_the_start_has_no_grace() {
    let mut publisher = Publisher::new("strings");
    let view = view(&publisher, Stale::Serve, 30 * SECOND);
    publisher.publish(answer(&[]));
    assert!(matches!(view.instances(), Err(NoInstances::Empty)));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_is_woken_when_the_time_of_a_stale_set_is_up() {
    let mut publisher = Publisher::new("strings");
    let mut view = view(&publisher, Stale::ServeFor(10 * SECOND), Duration::ZERO);
    publisher.publish(answer(&[1]));
    view.changed().await.unwrap().unwrap();
    publisher.fail(down());
    let failed = Instant::now();
    let Err(NoInstances::Stale { age, error }) = view.changed().await.unwrap() else { panic!("not stale") };
    assert_eq!((failed.elapsed(), age, error.message()), (10 * SECOND, 10 * SECOND, "the registry is down"));
    publisher.publish(Answer::unchanged());
    assert_eq!(ports(&view.changed().await.unwrap().unwrap()), [1]);
    drop(publisher);
    assert_eq!(view.changed().await.unwrap_err().to_string(), "discovery has stopped");
}

#[test]
fn a_policy_is_read_from_a_file_and_refused_by_name() {
    let read = |text: &str| toml::from_str::<Policy>(text).map_err(|error: toml::de::Error| error.message().to_owned());
    assert_eq!(read("").unwrap(), Policy::default());
    assert_eq!(read("stale = \"fail\"").unwrap().stale, Stale::Fail);
    let policy = Policy { stale: Stale::ServeFor(SECOND), empty_grace: 2 * SECOND };
    assert_eq!(read(&toml::to_string(&policy).unwrap()).unwrap(), policy);
    assert!(read("stale = \"never\"").unwrap_err().contains("it may be \"serve\", \"fail\" or a duration"));
    assert!(read("grace = \"1s\"").unwrap_err().contains("unknown field `grace`"));
    let policy = Policy { stale: Stale::ServeFor(Duration::ZERO), ..Policy::default() };
    let error = Publisher::new("strings").subscribe().view(policy).unwrap_err();
    assert_eq!(error.message(), "stale is 0ns, it must be more than zero, \"serve\" or \"fail\"");
}
