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
