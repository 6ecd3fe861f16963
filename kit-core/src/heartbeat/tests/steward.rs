use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::*;
use crate::health::Probe;
use crate::recover::Panicked;
use crate::sources::SeededRandom;
use crate::{Code, Health};

/// Counts the wards that live.
#[derive(Clone, Default)]
struct Living(Arc<AtomicU32>);

struct Life(Living);

impl Living {
    fn begin(&self) -> Life {
        assert_eq!(self.0.fetch_add(1, Ordering::SeqCst), 0, "one ward at a time");
        Life(self.clone())
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Pauses of [1/2, 1), [1, 2), [2, 4) … seconds.
fn usual() -> StewardBuilder {
    let restart = Restart { silence: 2 * S, first_pulse: 2 * S, ..Restart::default() };
    Steward::of("poller").restart(restart).random(SeededRandom::new(7))
}

#[tokio::test(start_paused = true)]
async fn a_silent_ward_is_stopped_and_started_again_after_a_pause() {
    let (living, began) = (Living::default(), Instant::now());
    let lives = living.clone();
    let steward = usual().start(move |pulse: Pulse| {
        let life = lives.begin();
        async move {
            let _life = life;
            pulse.unit();
            std::future::pending().await
        }
    });
    let steward = steward.unwrap();
    let mut ward = steward.ward();
    assert_eq!((ward.care(), ward.restarts()), (Care::Running, 0));

    let Care::Pausing { until } = pausing(&mut ward).await else { unreachable!() };
    assert_eq!((began.elapsed(), living.count()), (2 * S, 0));
    let pause = until - Instant::now();
    assert!(pause >= S / 2 && pause < S, "{pause:?}");
    assert!(matches!(ward.cause().unwrap().cause(), Some(NoPulse::Silent { pulses: 1, .. })));

    assert_eq!(ward.changed().await, Care::Running);
    assert!(until.elapsed() < S / 100, "timers go by milliseconds");
    yield_now().await;
    assert_eq!((ward.restarts(), living.count()), (1, 1));
    assert_eq!(ward.last().unwrap().number, 1, "the second ward's own");
    // Who comes now waits for what happens next.
    assert!(matches!(steward.ward().changed().await, Care::Ending | Care::Pausing { .. }));
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_a_ward_starts_it_again_and_is_kept_as_the_cause() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (told, turns) = (Arc::clone(&heard), AtomicU32::new(0));
    let builder = usual().observer(move |event: &Restarting| told.lock().unwrap().push(event.clone()));
    let steward = builder.start(move |_pulse| {
        let turn = turns.fetch_add(1, Ordering::Relaxed);
        if turn == 3 {
            panic!("while it is made");
        }
        async move {
            match turn {
                0 => Ok(()),
                1 => Err(Error::not_found("the queue")),
                2 => panic!("on the way"),
                _ => std::future::pending().await,
            }
        }
    });
    let steward = steward.unwrap();
    while steward.ward().restarts() < 4 {
        sleep(S).await;
    }
    let heard = heard.lock().unwrap();
    let causes: Vec<_> = heard.iter().map(|event| event.cause.clone()).collect();
    assert!(matches!(causes[0].cause(), Some(NoPulse::Ended)));
    assert_eq!(causes[1].code(), Code::NotFound);
    assert_eq!(causes[2].cause::<Panicked>().unwrap().message(), "on the way");
    assert_eq!(causes[3].cause::<Panicked>().unwrap().message(), "while it is made");
    assert_eq!(heard.iter().map(|event| event.restarts).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for (event, whole) in heard.iter().zip([1, 2, 4, 8]) {
        assert_eq!(&*event.steward, "poller");
        assert!(event.pause >= whole * S / 2 && event.pause < whole * S, "{:?} of {whole} s", event.pause);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ward_that_gives_its_pulse_away_is_silent_from_then_on() {
    let (steward, began) = (usual(), Instant::now());
    let steward = steward.start(|pulse| {
        drop(pulse);
        std::future::pending()
    });
    let steward = steward.unwrap();
    pausing(&mut steward.ward()).await;
    assert_eq!(began.elapsed(), 2 * S);
    assert!(matches!(steward.ward().cause().unwrap().cause(), Some(NoPulse::Silent { pulses: 0, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_ward_that_is_heard_is_left_alone() {
    let steward = usual().start(async |pulse: Pulse| pulse.every(S)?.wait(std::future::pending()).await);
    let steward = steward.unwrap();
    sleep(3_600 * S).await;
    assert_eq!((steward.ward().care(), steward.ward().restarts()), (Care::Running, 0));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_steward_stops_the_ward() {
    let living = Living::default();
    let lives = living.clone();
    let steward = usual().start(move |pulse: Pulse| {
        let life = lives.begin();
        async move {
            let _life = life;
            pulse.every(S)?.wait(std::future::pending()).await
        }
    });
    let steward = steward.unwrap();
    let mut ward = steward.ward();
    yield_now().await;
    assert_eq!(living.count(), 1);
    drop(steward);
    assert_eq!(ward.changed().await, Care::Stopped);
    yield_now().await;
    assert_eq!(living.count(), 0);
    assert!(matches!(ward.check().unwrap_err().cause(), Some(NoPulse::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_the_ward_before_it_answers_in_a_pause_as_well() {
    let (living, began) = (Living::default(), Instant::now());
    let lives = living.clone();
    let steward = usual().start(move |_pulse| {
        let life = lives.begin();
        async move {
            let _life = life;
            std::future::pending().await
        }
    });
    let steward = steward.unwrap();
    let mut ward = steward.ward();
    yield_now().await;
    assert!(steward.stop(S).await);
    assert_eq!((living.count(), ward.changed().await, began.elapsed()), (0, Care::Stopped, Duration::ZERO));

    let steward = usual().start(async |_pulse| Ok(())).unwrap();
    pausing(&mut steward.ward()).await;
    assert!(steward.stop(S).await);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn health_names_a_ward_until_it_runs_again() {
    let steward = usual().start(async |pulse: Pulse| {
        pulse.unit();
        std::future::pending().await
    });
    let (steward, health) = (steward.unwrap(), Health::new());
    let mut ward = steward.ward();
    health.add(Probe::Liveness, "poller", steward.ward()).unwrap();
    sleep(2 * S - S / 100).await;
    assert!(health.report(Probe::Liveness).await.is_healthy());
    // No answer is served twice: it shows at once.
    pausing(&mut ward).await;
    assert_eq!(health.report(Probe::Liveness).await.failing().collect::<Vec<_>>(), ["poller"]);
    assert_eq!(ward.changed().await, Care::Running);
    sleep(S).await;
    assert!(health.report(Probe::Liveness).await.is_healthy());
}

/// Nothing here depends on how fast the real clock goes: the ward blocks until it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ward_that_blocks_its_thread_is_reported_and_not_doubled() {
    let (release, blocked) = std::sync::mpsc::sync_channel::<()>(0);
    let blocked = Mutex::new(Some(blocked));
    let short = Duration::from_millis(1);
    let restart = Restart { silence: short, ..Restart::default() };
    let steward = Steward::of("stuck").restart(restart).start(move |pulse: Pulse| {
        let blocked = blocked.lock().unwrap().take();
        async move {
            pulse.unit();
            let _ = blocked.expect("one ward").recv();
            Ok(())
        }
    });
    let steward = steward.unwrap();
    let mut ward = steward.ward();
    assert_eq!(ward.changed().await, Care::Ending);
    assert_eq!(ward.restarts(), 0);
    assert!(matches!(ward.check().unwrap_err().cause(), Some(NoPulse::Silent { .. })));
    assert!(!steward.stop(short).await, "it cannot be stopped");
    drop(release);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let restart = Restart { silence: Duration::ZERO, ..Restart::default() };
    let error = Steward::of("x").restart(restart).start(async |_pulse| Ok(())).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

async fn pausing(ward: &mut Ward) -> Care {
    loop {
        if let pausing @ Care::Pausing { .. } = ward.changed().await {
            return pausing;
        }
    }
}
