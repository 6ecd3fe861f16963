use super::*;

/// Those with an even port, at the port after it.
fn moved(registry: &Registry) -> Mapped {
    let each = |mut instance: Instance| {
        let port = instance.address.parse::<Address>().unwrap().port();
        instance.address = format!("10.0.0.1:{}", port + 1).into();
        (port % 2 == 0).then_some(instance)
    };
    Mapped::new(registry.instancer("strings").start().unwrap(), each)
}

async fn until(subscription: &mut Subscription, what: impl Fn(&State) -> bool) -> State {
    loop {
        let state = timeout(10 * SECOND, subscription.changed()).await.expect("in time").expect("it runs");
        if what(&state) {
            return state;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_instance_is_what_the_function_makes_of_it_and_keeps_its_id() {
    let registry = Registry::new();
    registry.set("strings", [at(1), at(2), at(4)]);
    let mapped = moved(&registry);
    let mut subscription = mapped.subscribe();
    assert_eq!(subscription.service(), "strings");
    let state = until(&mut subscription, |state| known(state) == [3, 5]).await;
    assert_eq!(state.instances().unwrap().get("10.0.0.1:2").unwrap().address.as_ref(), "10.0.0.1:3");
    // Who stays is the same allocation; a change of those that are left out is none.
    registry.set("strings", [at(2), at(7)]);
    let next = until(&mut subscription, |state| known(state) == [3]).await;
    assert!(Arc::ptr_eq(&state.instances().unwrap()[0], &next.instances().unwrap()[0]));
    registry.set("strings", [at(2), at(9)]);
    assert!(timeout(SECOND, subscription.changed()).await.is_err());
    registry.set("strings", [at(2), at(6)]);
    assert_eq!(until(&mut subscription, |state| known(state) == [3, 7]).await.generation(), next.generation() + 1);
}

#[tokio::test(start_paused = true)]
async fn a_set_of_which_nobody_is_left_is_empty_and_no_failure() {
    let registry = Registry::new();
    registry.set("strings", [at(2)]);
    let mapped = moved(&registry);
    let mut subscription = mapped.subscribe();
    until(&mut subscription, |state| known(state) == [3]).await;
    registry.garble("strings", "who knows");
    until(&mut subscription, |state| state.skipped_count() == 1).await;
    registry.set("strings", [at(1)]);
    let state = until(&mut subscription, |state| known(state).is_empty()).await;
    assert!(state.error().is_none() && state.empty_for(Instant::now()).is_some(), "{state:?}");
    assert_eq!(state.last_full().map(ports), Some(vec![3]));
}

#[tokio::test(start_paused = true)]
async fn a_set_and_the_failure_after_it_are_both_told() {
    let registry = Registry::new();
    registry.set("strings", [at(2)]);
    let inner = registry.instancer("strings").start().unwrap();
    inner.ready().await.unwrap();
    registry.fail(down());
    until(&mut inner.subscribe(), |state| state.error().is_some()).await;
    let mapped = Mapped::new(inner, Some);
    let state = until(&mut mapped.subscribe(), |state| state.error().is_some()).await;
    assert_eq!((known(&state), state.error().unwrap().message()), (vec![2], down().message()));
}

#[tokio::test(start_paused = true)]
async fn a_function_that_panics_is_a_failure_until_the_next_change() {
    let registry = Registry::new();
    registry.set("strings", [at(2)]);
    let each = |instance: Instance| match instance.address.ends_with(":13") {
        true => panic!("the function was told to panic"),
        false => Some(instance),
    };
    let mapped = Mapped::new(registry.instancer("strings").start().unwrap(), each);
    let mut subscription = mapped.subscribe();
    until(&mut subscription, |state| known(state) == [2]).await;
    registry.set("strings", [at(2), at(13)]);
    let state = until(&mut subscription, |state| state.error().is_some()).await;
    assert_eq!(known(&state), [2]);
    registry.set("strings", [at(2), at(14)]);
    until(&mut subscription, |state| known(state) == [14, 2] && state.error().is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_instancer_that_it_maps() {
    let registry = Registry::new();
    registry.set("strings", [at(2)]);
    let inner = Arc::new(registry.instancer("strings").start().unwrap());
    let mapped = Mapped::new(Arc::clone(&inner), Some);
    mapped.subscribe().ready().await.unwrap();
    inner.stop();
    timeout(SECOND, mapped.subscribe().stopped()).await.expect("it has stopped");
    // And the other way round.
    let inner = Arc::new(registry.instancer("strings").start().unwrap());
    Mapped::new(Arc::clone(&inner), Some).stop();
    timeout(SECOND, inner.subscribe().stopped()).await.expect("it has stopped");
}
