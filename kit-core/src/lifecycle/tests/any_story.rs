use proptest::prelude::*;

use super::*;

/// What a part does, in its own time.
#[derive(Clone, Debug)]
struct Script {
    job: bool,
    start: Duration,
    then: Then,
}

#[derive(Clone, Debug)]
enum Then {
    Stops(Duration),
    Deaf,
    Fails(Duration),
    Panics(Duration),
    Ends(Duration),
    FailsToStop,
    NeverReady,
}

fn seconds(most: u64) -> impl Strategy<Value = Duration> {
    (0..=most).prop_map(Duration::from_secs)
}

fn script() -> impl Strategy<Value = Script> {
    let then = prop_oneof![
        6 => seconds(15).prop_map(Then::Stops),
        1 => Just(Then::Deaf),
        1 => seconds(60).prop_map(Then::Fails),
        1 => seconds(60).prop_map(Then::Panics),
        1 => seconds(60).prop_map(Then::Ends),
        1 => Just(Then::FailsToStop),
        1 => Just(Then::NeverReady),
    ];
    (any::<bool>(), seconds(10), then).prop_map(|(job, start, then)| Script { job, start, then })
}

impl Script {
    async fn play(self, part: Part, stage: Stage) -> Result<(), Error> {
        let _life = stage.enter();
        sleep(self.start).await;
        if let Then::NeverReady = self.then {
            pending::<()>().await;
        }
        part.ready();
        match self.then {
            Then::Fails(after) => {
                sleep(after).await;
                return Err(Error::unavailable("as written"));
            }
            Then::Panics(after) => {
                sleep(after).await;
                panic!("as written");
            }
            Then::Ends(after) => {
                sleep(after).await;
                return Ok(());
            }
            Then::Deaf => pending().await,
            _ => part.stopping().await,
        }
        match self.then {
            Then::Stops(after) => {
                sleep(after).await;
                Ok(())
            }
            _ => Err(Error::data_loss("as written")),
        }
    }
}

/// The places of a step among what was heard, with the part's number.
fn places(heard: &[Event], steps: &[Step]) -> Vec<(usize, usize)> {
    let number = |event: &Event| event.part.parse().expect("parts are numbered");
    heard.iter().enumerate().filter(|(_, event)| steps.contains(&event.step)).map(|(at, e)| (number(e), at)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_the_parts_do_order_bounds_and_answer_hold_and_nothing_is_left(
        scripts in proptest::collection::vec(script(), 1..6),
        shutdown in seconds(60),
        force in proptest::option::of(seconds(60)),
        notice in seconds(5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let stage = Stage::default();
        let mut lifecycle = stage.lifecycle().notice(notice);
        let count = scripts.len();
        for (number, script) in scripts.iter().cloned().enumerate() {
            let (job, stage) = (script.job, stage.clone());
            let run = move |part| script.play(part, stage);
            lifecycle = if job { lifecycle.job(number.to_string(), run) } else { lifecycle.part(number.to_string(), run) };
        }
        let (result, took) = runtime.block_on(async {
            let began = Instant::now();
            if let Some(after) = force {
                lifecycle = lifecycle.force(sleep(shutdown + after));
            }
            let result = lifecycle.run(sleep(shutdown)).await;
            (result, began.elapsed())
        });
        prop_assert_eq!(stage.living(), 0, "nothing is left");
        let heard = stage.heard.lock().unwrap();
        let ends = [Step::Done, Step::Stopped, Step::Failed, Step::Aborted, Step::Forced];

        // Started in order, each when the one before was ready or done.
        let started = places(&heard, &[Step::Starting]);
        prop_assert!(started.iter().map(|&(part, _)| part).eq(0..started.len()));
        for &(part, at) in started.iter().skip(1) {
            let before = places(&heard[..at], &[Step::Ready, Step::Done]);
            prop_assert!(before.iter().any(|&(ready, _)| ready == part - 1), "{:?}", &heard);
        }
        // Asked to stop in reverse, each when those above it had ended.
        let asked = places(&heard, &[Step::Stopping]);
        prop_assert!(asked.is_sorted_by(|one, next| one.0 > next.0));
        for &(part, at) in &asked {
            let ended = places(&heard[..at], &ends);
            for above in part + 1..started.len() {
                prop_assert!(ended.iter().any(|&(end, _)| end == above), "{:?}", &heard);
            }
        }
        // Each that started ended once.
        let mut ended: Vec<_> = places(&heard, &ends).into_iter().map(|(part, _)| part).collect();
        ended.sort();
        prop_assert!(ended.into_iter().eq(0..started.len()), "{:?}", &heard);
        // The answer is the first failure, or none.
        let first = heard.iter().find(|event| event.step == Step::Failed);
        prop_assert_eq!(result.as_ref().err().map(|e| e.id()), first.and_then(|e| e.error.as_ref()).map(|e| e.id()));
        if let Ok(stopped) = &result {
            let cut = heard.iter().filter(|event| [Step::Aborted, Step::Forced].contains(&event.step)).count();
            prop_assert_eq!((stopped.aborted.len(), stopped.stuck.len()), (cut, 0));
        }
        // Bounded: the shutdown, the notice, and ten seconds a part; a start that fails does so within thirty.
        let latest = shutdown + notice + S * 10 * count as u32;
        prop_assert!(took <= latest, "{:?}", took);
        if let Some(after) = force {
            prop_assert!(took <= shutdown + after, "{:?}", took);
        }
    }
}
