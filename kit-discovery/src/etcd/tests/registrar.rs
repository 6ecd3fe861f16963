use tonic::Status;

use super::*;
use crate::registration::Standing;

const KEY: &str = "/services/strings/10.0.0.1:1";

fn here() -> Vec<(String, String)> {
    vec![(KEY.to_owned(), "10.0.0.1:1".to_owned())]
}

async fn registered(members: usize) -> (Cluster, Registration) {
    let cluster = Cluster::of(members);
    let registrar = cluster.etcd().registrar(SERVICE).unwrap();
    let registration = registrar.register(at(1)).await.unwrap();
    assert_eq!(cluster.store.below(SERVICE), here());
    (cluster, registration)
}

/// Waits until it was announced so many times, for at most a minute; the time it took.
async fn announced(registration: &Registration, so_often: u64) -> Duration {
    let start = Instant::now();
    let mut standing = registration.watch();
    let done = |standing: &Standing| matches!(standing, Standing::Registered { times } if *times >= so_often);
    timeout(60 * SECOND, standing.wait_for(done)).await.expect("announced in time").expect("not ended");
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_at_a_third_of_its_time_and_nothing_is_written() {
    let (cluster, registration) = registered(1).await;
    cluster.store.calls();
    sleep(601 * SECOND).await;
    let calls = cluster.store.calls();
    let count = |name| calls.iter().filter(|call| **call == name).count();
    assert_eq!((count("renew"), count("ask"), calls.len()), (121, 121, 242));
    assert!(matches!(registration.standing(), Standing::Registered { times: 1 }));
    assert_eq!(cluster.store.below(SERVICE), here());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_leaves_its_key_for_the_time_of_the_lease() {
    let (cluster, registration) = registered(1).await;
    sleep(2 * SECOND).await;
    // A line that is cut for good is what a registry sees of a dead process.
    cluster.lines(Line::Cut);
    sleep(12 * SECOND).await;
    assert_eq!(cluster.store.below(SERVICE), here());
    sleep(4 * SECOND).await;
    assert!(cluster.store.below(SERVICE).is_empty());
    assert!(matches!(registration.standing(), Standing::Lost { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_takes_the_key_away_is_made_good_within_half_of_the_time() {
    type Loss = fn(&Cluster);
    let losses: [(&str, Loss); 4] = [
        ("revoked", |cluster| cluster.store.revoke_all()),
        ("deleted", |cluster| cluster.store.delete(KEY)),
        ("overwritten", |cluster| cluster.store.put(KEY, "10.0.0.1:9")),
        ("forgotten", |cluster| cluster.store.forget()),
    ];
    for (name, lose) in losses {
        for after in 0..5 {
            let (cluster, registration) = registered(1).await;
            sleep(20 * SECOND + after * SECOND).await;
            lose(&cluster);
            let took = announced(&registration, 2).await;
            assert!(took <= 15 * SECOND / 2, "{name}: {took:?}");
            assert_eq!(cluster.store.below(SERVICE), here(), "{name}");
            registration.withdraw().await.unwrap();
            assert!(cluster.store.below(SERVICE).is_empty(), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_is_left_for_another_endpoint_before_the_lease_runs_out() {
    for after in 0..5 {
        let (cluster, registration) = registered(3).await;
        sleep(20 * SECOND + after * SECOND).await;
        assert_eq!(cluster.lines_in_use(Line::Frozen), 1);
        let watching = async {
            loop {
                assert_eq!(cluster.store.below(SERVICE), here(), "never gone");
                sleep(SECOND / 10).await;
            }
        };
        tokio::select! {
            () = watching => {}
            took = announced(&registration, 2) => assert!(took <= 15 * SECOND / 2, "{took:?}"),
        }
        registration.withdraw().await.unwrap();
        assert!(cluster.store.below(SERVICE).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_longer_than_the_lease_ends_with_the_key_back_at_once() {
    let (cluster, registration) = registered(1).await;
    for line in [Line::Cut, Line::Frozen] {
        let Standing::Registered { times } = registration.standing() else { panic!("{registration:?}") };
        cluster.lines(line);
        sleep(600 * SECOND).await;
        assert!(cluster.store.below(SERVICE).is_empty());
        assert!(matches!(registration.standing(), Standing::Lost { .. }));
        cluster.lines(Line::Open);
        let took = announced(&registration, times + 1).await;
        // The longest pause, and the time a frozen attempt still takes.
        assert!(took <= 8 * SECOND, "{took:?}");
        assert_eq!(cluster.store.below(SERVICE), here());
        sleep(40 * SECOND).await;
        assert_eq!(cluster.store.leases(), 1, "old ones run out");
    }
}

#[tokio::test(start_paused = true)]
async fn an_announcement_that_is_not_answered_leaves_nothing_behind() {
    for call in ["grant", "put"] {
        let cluster = Cluster::of(1);
        cluster.store.hang(call);
        let registrar = cluster.etcd().registrar(SERVICE).unwrap();
        let error = registrar.register(at(1)).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded, "{call}");
        assert!(cluster.store.below(SERVICE).is_empty() && cluster.store.leases() == 0, "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_error_with_its_code() {
    let cluster = Cluster::of(1);
    cluster.store.refuse(Some(Status::permission_denied("etcdserver: permission denied")));
    let registrar = cluster.etcd().registrar(SERVICE).unwrap();
    let error = registrar.register(at(1)).await.unwrap_err();
    assert_eq!(error.code(), Code::PermissionDenied);
    assert_eq!(error.message(), "getting a lease from etcd failed: \"etcdserver: permission denied\"");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_look_after_the_key_still_keeps_the_lease() {
    let cluster = Cluster::of(1);
    cluster.store.keep_secret();
    let registrar = cluster.etcd().registrar(SERVICE).unwrap();
    let registration = registrar.register(at(1)).await.unwrap();
    sleep(600 * SECOND).await;
    assert!(matches!(registration.standing(), Standing::Registered { times: 1 }));
    cluster.store.revoke_all();
    assert!(announced(&registration, 2).await <= 15 * SECOND / 2);
}

#[tokio::test(start_paused = true)]
async fn a_withdrawal_goes_by_another_endpoint_when_the_first_is_silent() {
    let (cluster, registration) = registered(2).await;
    sleep(SECOND).await;
    assert_eq!(cluster.lines_in_use(Line::Frozen), 1);
    let start = Instant::now();
    registration.withdraw().await.unwrap();
    assert!(start.elapsed() < 5 * SECOND, "{:?}", start.elapsed());
    assert!(cluster.store.below(SERVICE).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_drop_withdraws_in_the_background_and_a_silent_registry_bounds_it() {
    let (cluster, registration) = registered(1).await;
    sleep(7 * SECOND).await;
    drop(registration);
    sleep(SECOND / 10).await;
    assert!(cluster.store.below(SERVICE).is_empty());
    sleep(SECOND).await;
    assert_eq!(cluster.connections(), 0);

    let (cluster, registration) = registered(1).await;
    sleep(SECOND).await;
    cluster.lines(Line::Frozen);
    let start = Instant::now();
    let error = registration.withdraw().await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(start.elapsed() <= 5 * SECOND + SECOND / 10, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_old_one_of_an_id_takes_nothing_from_the_new_one() {
    let (cluster, old) = registered(1).await;
    let mut moved = at(2);
    moved.id = at(1).id;
    let registrar = cluster.etcd().registrar(SERVICE).unwrap();
    let new = registrar.register(moved).await.unwrap();
    old.withdraw().await.unwrap();
    sleep(SECOND).await;
    let below = cluster.store.below(SERVICE);
    assert!(below.len() == 1 && below[0].1.contains("10.0.0.1:2"), "{below:?}");
    assert!(new.standing().is_registered());
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_read_back_as_it_was_announced() {
    let cluster = Cluster::of(1);
    let mut full = at(1);
    full.id = "strings-1".into();
    full.priority = 1;
    full.weight = 7;
    full.zone = Some("b".into());
    full.tags = vec!["blue".into()];
    full.metadata = [("version".into(), "2".into())].into();
    let discovery = cluster.etcd().instancer(SERVICE).unwrap().start().unwrap();
    let registration = cluster.etcd().registrar(SERVICE).unwrap().register(full.clone()).await.unwrap();
    let mut subscription = discovery.subscribe();
    until(&mut subscription, &[1]).await;
    assert_eq!(*subscription.state().instances().unwrap()[0], full);
    registration.withdraw().await.unwrap();
    until(&mut subscription, &[]).await;
}

#[tokio::test]
async fn what_could_never_be_announced_is_refused_before_etcd_is_asked() {
    let registrar = || Etcd::new("127.0.0.1:1").unwrap().registrar(SERVICE).unwrap();
    let error = registrar().register(Instance::new("nowhere")).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "no port in \"nowhere\""));
    let mut nameless = at(1);
    nameless.id = "".into();
    assert_eq!(registrar().register(nameless).await.unwrap_err().code(), Code::InvalidArgument);
    let refused = |config| registrar().config(config).unwrap_err().message().to_owned();
    for ttl in [Duration::ZERO, SECOND, 5 * SECOND / 2, 3_601 * SECOND] {
        let message = refused(RegistrarConfig { ttl, ..RegistrarConfig::default() });
        assert_eq!(message, format!("ttl is {ttl:?}, it must be whole seconds from 2s to 1h"));
    }
    let message = refused(RegistrarConfig { ttl: 4 * SECOND, ..RegistrarConfig::default() });
    assert_eq!(message, "registration.backoff.max is 3s, it must be at most 2s, half of ttl");
}
