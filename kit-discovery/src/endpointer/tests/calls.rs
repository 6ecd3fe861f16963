//! What becomes of a call.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;
use kit_core::{Gate, GateState};

use super::*;

/// What an instance answers, by its id; each that was asked is noted.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    refusing: String,
    failing: String,
    asked: String,
}

impl Answers {
    fn of(refusing: &str, failing: &str) -> Self {
        let (refusing, failing) = (refusing.into(), failing.into());
        Self(Arc::new(Mutex::new(Noted { refusing, failing, asked: String::new() })))
    }

    fn endpoint(&self) -> impl Endpoint<Routed<Arc<Line>, ()>, Response = String> + use<> {
        endpoint_with(self.clone(), async |answers, _cx, call: Routed<Arc<Line>, ()>| {
            let mut noted = answers.0.lock().unwrap();
            let id = &*call.instance.id;
            noted.asked.push_str(id);
            match () {
                () if noted.refusing.contains(id) => {
                    Err(Error::unavailable("its breaker is open").with_outcome(Outcome::Rejected))
                }
                () if noted.failing.contains(id) => Err(Error::unavailable("it is down")),
                () => Ok(id.to_owned()),
            }
        })
    }

    fn asked(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

/// As a retry does it: a fork for each attempt, and what one has tried is known to the next.
async fn attempts<E>(endpoint: &E, most: u32) -> Result<E::Response, Vec<Error>>
where
    E: Endpoint<()>,
{
    let (mut cx, mut errors) = (Context::new(), Vec::new());
    cx.attempts_mut().track();
    for number in 0..most {
        let mut attempt = cx.fork();
        attempt.attempts_mut().set_number(number);
        match endpoint.call(&mut attempt, ()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => errors.push(error),
        }
        *cx.attempts_mut() = attempt.attempts().clone();
    }
    Err(errors)
}

#[tokio::test(start_paused = true)]
async fn a_repeat_goes_elsewhere_and_never_to_one_that_refused() {
    let stage = Stage::of("abc").await;
    let answers = Answers::of("abc", "");
    let call = answers.endpoint().layer(stage.endpointer.layer(RoundRobin::new()));
    let errors = attempts(&call, 5).await.unwrap_err();
    assert_eq!(answers.asked(), "abc", "each once, though five attempts were made");
    let Some(NoInstances::AllOut { declined: 3, ejected: 0, refused: 0, .. }) = errors[3].cause() else {
        panic!("{:?}", errors[3])
    };
    assert_eq!(errors[3].message(), "all instances are out: 3 refused this call already");
    assert_eq!((errors[3].reason(), errors[3].retry()), (Some("no_endpoint"), kit_core::Retry::Never));
    // Another call is another call.
    attempts(&call, 1).await.unwrap_err();
    assert_eq!(answers.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_failed_is_asked_again_when_nobody_else_is_left() {
    let stage = Stage::of("ab").await;
    let answers = Answers::of("a", "b");
    let call = answers.endpoint().layer(stage.endpointer.layer(RoundRobin::new()));
    assert_eq!(attempts(&call, 4).await.unwrap_err().len(), 4);
    assert_eq!(answers.asked(), "abbb");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_beside_another_goes_elsewhere_and_knows_who_refused_that() {
    let stage = Stage::of("abc").await;
    let answers = Answers::of("ab", "");
    let call = answers.endpoint().layer(stage.endpointer.layer(RoundRobin::new()));
    let mut cx = Context::new();
    cx.attempts_mut().share();
    let (mut one, mut two, mut three) = (cx.fork(), cx.fork(), cx.fork());
    call.call(&mut one, ()).await.unwrap_err();
    call.call(&mut two, ()).await.unwrap_err();
    assert_eq!(call.call(&mut three, ()).await.unwrap(), "c");
    assert_eq!(answers.asked(), "abc");
    assert!(cx.attempts().was_refused("a") && cx.attempts().was_refused("b") && !cx.attempts().was_refused("c"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_on_this_side_is_no_word_on_the_instance_and_a_failure_is() {
    let stage = Stage::of("ab").await;
    let call = Answers::of("a", "b").endpoint().layer(stage.endpointer.layer(RoundRobin::new()));
    for _ in 0..20 {
        call.call(&mut Context::new(), ()).await.unwrap_err();
    }
    let [a, b] = &stage.endpointer.roster().candidates()[..] else { panic!("two") };
    let now = Instant::now();
    assert_eq!((a.failing(now), a.latency(now), a.in_flight()), (0.0, None, 0));
    assert_eq!((b.failing(now), b.in_flight()), (1.0, 0));
    assert!(matches!(b.standing(now), Standing::Ejected { .. }), "{:?}", b.standing(now));
    assert_eq!(stage.heard(), ["a made, 1", "b made, 1", "b ejected, 1"]);
}

#[tokio::test(start_paused = true)]
async fn with_nobody_to_call_an_error_is_there_before_anything_is_awaited() {
    /// Shut while it is above zero.
    #[derive(Default)]
    struct Shut(AtomicU32);

    impl Gate for Shut {
        fn state(&self, _now: Instant) -> GateState {
            match self.0.load(Ordering::Relaxed) {
                0 => GateState::Open,
                _ => GateState::Refused { until: None },
            }
        }
    }

    let shut = Arc::new(Shut::default());
    let gate = Arc::clone(&shut);
    let gates = move |_: &Instance| Arc::clone(&gate) as Arc<dyn Gate>;
    let stage = Stage::with("abcd", Lines::default(), |builder| builder.gates(gates)).await;
    let call = echo().layer(stage.endpointer.layer(PeakEwma::new()));
    shut.0.store(1, Ordering::Relaxed);
    let error = call.call(&mut Context::new(), SECOND).now_or_never().expect("polled once").unwrap_err();
    assert_eq!((error.code(), error.reason()), (kit_core::Code::Unavailable, Some(NoInstances::REASON)));
    let Some(NoInstances::AllOut { refused: 4, ejected: 0, .. }) = error.cause() else { panic!("{error:?}") };
    // Whatever the reason is.
    stage.set(vec![]).await;
    sleep(31 * SECOND).await;
    let error = call.call(&mut Context::new(), SECOND).now_or_never().expect("polled once").unwrap_err();
    assert!(matches!(error.cause(), Some(NoInstances::Empty)), "{error:?}");
    // And the first that is back is called at once.
    shut.0.store(0, Ordering::Relaxed);
    stage.set(named("c")).await;
    assert_eq!(call.call(&mut Context::new(), MS).await.unwrap(), "c");
}

#[tokio::test(start_paused = true)]
async fn a_call_reads_the_clock_once_at_its_end_whoever_measures() {
    let stage = Stage::of("a").await;
    let call = echo().layer(stage.endpointer.layer(RoundRobin::new()));
    let mut cx = Context::new();
    let begun = cx.begin();
    call.call(&mut cx, Duration::ZERO).await.unwrap();
    assert_eq!(cx.end().saturating_duration_since(begun), Duration::ZERO);
    assert_eq!(cx.clock_reads(), 2, "when it came, and when it ended");
}

#[tokio::test(start_paused = true)]
async fn endpoints_of_one_layer_take_turns() {
    let stage = Stage::of("ab").await;
    let layer = stage.endpointer.layer(RoundRobin::new());
    let (one, other) = (echo().layer(layer.clone()), echo().layer(layer));
    let mut answers = String::new();
    for _ in 0..2 {
        answers += &one.call(&mut Context::new(), Duration::ZERO).await.unwrap();
        answers += &other.clone().call(&mut Context::new(), Duration::ZERO).await.unwrap();
    }
    assert_eq!(answers, "abab");
    assert_eq!(one.endpointer().service(), "strings");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_in_flight_no_more() {
    let stage = Stage::of("a").await;
    let call = echo().layer(stage.endpointer.layer(RoundRobin::new()));
    let a = stage.endpointer.roster().candidates().remove(0);
    let mut cx = Context::new();
    {
        let mut running = Box::pin(call.call(&mut cx, 5 * SECOND));
        assert!(running.as_mut().now_or_never().is_none());
        assert_eq!(a.in_flight(), 1);
    }
    assert_eq!((a.in_flight(), a.failing(Instant::now())), (0, 0.0));
    // Dropped at its deadline it has timed out.
    let mut scope = cx.scope_after(SECOND);
    let late = timeout(SECOND, call.call(&mut scope, 5 * SECOND)).await;
    assert!(late.is_err());
    assert_eq!((a.in_flight(), a.failing(Instant::now())), (0, 1.0));
}
