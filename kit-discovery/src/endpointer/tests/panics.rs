//! What a user gave may panic: that is a bug of the user's, and the set is followed all the same.

use kit_core::error::bugs;

use super::*;

fn panics() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_keeps_no_instance_from_coming_and_going() {
    let before = bugs();
    let observed = |builder: Builder<Lines>| builder.observer(|_: &Event| panics());
    let stage = Stage::with("ab", Lines::default(), observed).await;
    assert_eq!(stage.roster(), "ab");
    stage.set(named("bc")).await;
    assert_eq!((stage.roster().as_str(), stage.lines.closed().as_str()), ("bc", "a"));
    // Three were made, one has left and was closed.
    assert!(bugs() >= before + 5, "{}", bugs() - before);
    stage.endpointer.close().await;
    assert_eq!(stage.lines.closed(), "abc");
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_gate_cannot_be_made_has_none() {
    let before = bugs();
    let gates = |instance: &Instance| match &*instance.id {
        "b" => panics(),
        _ => Arc::new(()) as Arc<dyn kit_core::Gate>,
    };
    let stage = Stage::with("ab", Lines::default(), |builder| builder.gates(gates)).await;
    assert_eq!((stage.roster().as_str(), stage.standing("b")), ("ab", Standing::In));
    stage.set(named("bc")).await;
    assert_eq!(stage.roster(), "bc");
    assert!(bugs() > before);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_failure_ejects_is_no_worse_for_an_observer_that_panics() {
    let stage = Stage::with("ab", Lines::default(), |builder| builder.observer(|_: &Event| panics())).await;
    let down = endpoint_fn(async |_cx, _: Routed<Arc<Line>, ()>| Err::<(), _>(Error::unavailable("down")));
    let down = down.layer(stage.endpointer.layer(RoundRobin::new()));
    for _ in 0..20 {
        let error = down.call(&mut Context::new(), ()).await.unwrap_err();
        assert_eq!(error.message(), "down");
    }
    assert!(matches!(
        (stage.standing("a"), stage.standing("b")),
        (Standing::Ejected { .. }, _) | (_, Standing::Ejected { .. })
    ));
}
