use std::collections::VecDeque;
use std::future::pending;

use kit_core::sources::SeededRandom;

use super::*;

/// Plays its script, then waits for ever; says when it was asked.
struct Scripted {
    steps: VecDeque<Step>,
    asked: Arc<Mutex<Vec<Instant>>>,
}

#[derive(Clone)]
enum Step {
    Answer(Vec<u16>),
    Fail,
    Panic,
    Hang,
}

impl Source for Scripted {
    async fn next(&mut self) -> Result<Answer, Error> {
        self.asked.lock().unwrap().push(Instant::now());
        match self.steps.pop_front().unwrap_or(Step::Hang) {
            Step::Answer(ports) => Ok(answer(&ports)),
            Step::Fail => Err(down()),
            Step::Panic => panic!("the source was told to panic"),
            Step::Hang => pending().await,
        }
    }
}

fn scripted(steps: impl IntoIterator<Item = Step>) -> (Builder<Scripted>, Arc<Mutex<Vec<Instant>>>) {
    let asked = Arc::default();
    let source = Scripted { steps: steps.into_iter().collect(), asked: Arc::clone(&asked) };
    (Discovery::of("strings", source).random(SeededRandom::new(1)), asked)
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_or_panics_is_asked_again_with_back_off() {
    let steps = [Step::Fail, Step::Panic, Step::Fail, Step::Answer(vec![1]), Step::Fail, Step::Answer(vec![2])];
    let (builder, asked) = scripted(steps);
    let discovery = builder.start().unwrap();
    let state = timeout(10 * SECOND, discovery.ready()).await.unwrap().unwrap();
    assert_eq!((known(&state), state.totals().failures), (vec![1], 3));
    let mut subscription = discovery.subscribe();
    while known(&timeout(10 * SECOND, subscription.changed()).await.unwrap().unwrap()) != [2] {}
    let asked = asked.lock().unwrap().clone();
    let pauses: Vec<_> = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    let within = |at: usize, whole: u128| (whole * 4 / 5..=whole * 6 / 5).contains(&pauses[at]);
    // 100, 200, 400 ms by a fifth; none after an answer; then a first one again.
    assert!(within(0, 100) && within(1, 200) && within(2, 400) && pauses[3] == 0 && within(4, 100), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_always_answers_keeps_nobody_waiting() {
    struct Eager;
    impl Source for Eager {
        async fn next(&mut self) -> Result<Answer, Error> {
            Ok(answer(&[1]))
        }
    }
    let discovery = Discovery::of("strings", Eager).start().unwrap();
    discovery.ready().await.unwrap();
    discovery.stop();
    timeout(SECOND, discovery.subscribe().stopped()).await.expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_no_time_in_a_query_and_in_a_pause() {
    for steps in [vec![Step::Hang], vec![Step::Answer(vec![1]), Step::Hang], vec![Step::Fail; 100]] {
        for dropped in [false, true] {
            let (builder, _) = scripted(steps.clone());
            let discovery = builder.start().unwrap();
            advance(10 * SECOND).await;
            let subscription = discovery.subscribe();
            assert!(!subscription.is_stopped());
            if dropped {
                drop(discovery);
            } else {
                discovery.stop();
                discovery.stop();
            }
            timeout(Duration::from_millis(100), subscription.stopped()).await.expect("stopped within 100 ms");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ready_waits_for_an_answer_and_tells_who_stopped_before() {
    let (builder, _) = scripted([Step::Hang]);
    let discovery = builder.start().unwrap();
    assert!(timeout(SECOND, discovery.ready()).await.is_err());
    discovery.stop();
    assert_eq!(discovery.ready().await.unwrap_err(), Stopped);
    let (builder, _) = scripted([Step::Answer(vec![])]);
    let state = builder.start().unwrap().ready().await.unwrap();
    assert_eq!((state.instances().unwrap().len(), state.generation()), (0, 1));
}

#[tokio::test]
async fn a_bad_back_off_is_refused_before_anything_is_spawned() {
    let (builder, asked) = scripted([]);
    let error = builder.backoff(Backoff { first: Duration::ZERO, max: SECOND }).start().unwrap_err();
    assert_eq!(error.message(), "first is 0ns, it must be more than zero");
    assert!(asked.lock().unwrap().is_empty());
}
