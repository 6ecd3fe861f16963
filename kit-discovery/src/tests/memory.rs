use super::*;

const SOON: Duration = Duration::from_millis(50);

#[tokio::test(start_paused = true)]
async fn who_registers_is_seen_and_who_withdraws_is_not() {
    let registry = Registry::new();
    let discovery = registry.instancer("strings").start().unwrap();
    let mut subscription = discovery.subscribe();
    let registration = registry.registrar("strings").register(at(1)).await.unwrap();
    while known(&timeout(SOON, subscription.changed()).await.unwrap().unwrap()) != [1] {}
    registration.withdraw().await.unwrap();
    assert_eq!(known(&timeout(SOON, subscription.changed()).await.unwrap().unwrap()), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_forgets_is_told_again() {
    let registry = Registry::new();
    let registration = registry.registrar("strings").register(at(1)).await.unwrap();
    let mut standing = registration.watch();
    registry.forget();
    let again = |standing: &registration::Standing| matches!(standing, registration::Standing::Registered { times: 2 });
    timeout(SECOND, standing.wait_for(again)).await.unwrap().unwrap();
    assert_eq!(registry.registered("strings"), [at(1)]);
    assert!(registration.standing().is_registered());
}

#[tokio::test(start_paused = true)]
async fn a_fault_lasts_until_it_is_healed() {
    let registry = Registry::new();
    registry.set("strings", [at(1)]);
    registry.hang();
    let discovery = registry.instancer("strings").start().unwrap();
    assert!(timeout(60 * SECOND, discovery.ready()).await.is_err());
    assert_eq!(
        registry.registrar("strings").register(at(2)).await.unwrap_err().code(),
        kit_core::Code::DeadlineExceeded
    );
    registry.fail(down());
    let mut subscription = discovery.subscribe();
    assert_eq!(
        timeout(SOON, subscription.changed()).await.unwrap().unwrap().error().unwrap().message(),
        down().message()
    );
    registry.heal();
    assert_eq!(known(&timeout(5 * SECOND, discovery.ready()).await.unwrap().unwrap()), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_restarts_without_its_data_takes_nobody_from_a_consumer() {
    let registry = Registry::new();
    let discovery = registry.instancer("strings").start().unwrap();
    let mut view = discovery.subscribe().view(Policy::default()).unwrap();
    let registration = registry.registrar("strings").register(at(1)).await.unwrap();
    while view.changed().await.unwrap().is_err() {}
    // Down for ten minutes: nobody is lost, and the age says for how long.
    registry.fail(down());
    assert!(timeout(600 * SECOND, view.changed()).await.is_err());
    assert!(view.state().age(Instant::now()) > 599 * SECOND && !registration.standing().is_registered());
    // Back, and empty until everybody has registered again.
    registry.forget();
    let back = Instant::now();
    registry.heal();
    assert!(timeout(60 * SECOND, view.changed()).await.is_err());
    assert_eq!(ports(&view.instances().unwrap()), [1]);
    let state = view.state();
    assert!(state.error().is_none() && state.answered_at().unwrap() - back <= 5 * SECOND);
    assert_eq!(known(&state), [1]);
}
