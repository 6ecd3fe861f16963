//! The rules of a registration. Time stands still until a test moves it.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kit_core::sources::SeededRandom;
use kit_core::{Code, Error, Instance};
use tokio::time::{Instant, advance, timeout};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// How a call of the keeper ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Well,
    Fails,
    Hangs,
    Panics,
}

use Ending::*;

#[derive(Default)]
struct Script {
    announce: VecDeque<Ending>,
    /// How long it is kept each time; for ever if there is none left.
    keep: VecDeque<Duration>,
    withdraw: VecDeque<Ending>,
    calls: Vec<(&'static str, Instant)>,
    news: Vec<String>,
}

#[derive(Clone, Default)]
struct Played(Arc<Mutex<Script>>);

impl Played {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    fn calls(&self) -> Vec<&'static str> {
        self.script().calls.iter().map(|call| call.0).collect()
    }

    fn called(&self, name: &'static str) {
        self.script().calls.push((name, Instant::now()));
    }

    fn news(&self) -> Vec<String> {
        std::mem::take(&mut self.script().news)
    }

    fn builder(&self) -> Builder<Self> {
        let heard = self.clone();
        Registration::of("strings", Instance::new("10.0.0.1:80"), self.clone()).random(SeededRandom::new(1)).observer(
            move |event: &Event| {
                let line = match &event.news {
                    News::Registered => "registered".to_owned(),
                    News::Lost { error, untold, .. } => format!("lost: {error} ({untold} untold)"),
                    News::Remade { .. } => "remade".to_owned(),
                    News::Withdrawn => "withdrawn".to_owned(),
                    News::Left { error } => format!("left: {error}"),
                };
                heard.script().news.push(line);
            },
        )
    }
}

async fn end(ending: Ending) -> Result<(), Error> {
    match ending {
        Well => Ok(()),
        Fails => Err(Error::unavailable("the registry is down")),
        Hangs => pending().await,
        Panics => panic!("the keeper was told to panic"),
    }
}

impl Keeper for Played {
    async fn announce(&mut self) -> Result<(), Error> {
        self.called("announce");
        let ending = self.script().announce.pop_front().unwrap_or(Well);
        end(ending).await
    }

    async fn keep(&mut self) -> Error {
        self.called("keep");
        let kept = self.script().keep.pop_front();
        match kept {
            Some(kept) => tokio::time::sleep(kept).await,
            None => pending().await,
        }
        Error::unavailable("the lease is gone")
    }

    async fn withdraw(&mut self) -> Result<(), Error> {
        self.called("withdraw");
        let ending = self.script().withdraw.pop_front().unwrap_or(Well);
        end(ending).await
    }
}

/// Waits until it was announced so many times.
async fn announced(registration: &Registration, so_often: u64) {
    let mut standing = registration.watch();
    let done = |standing: &Standing| matches!(standing, Standing::Registered { times } if *times >= so_often);
    timeout(3_600 * SECOND, standing.wait_for(done)).await.expect("announced in time").expect("not ended");
}

#[tokio::test(start_paused = true)]
async fn it_is_announced_kept_and_withdrawn_once() {
    let played = Played::default();
    let registration = played.builder().start().await.unwrap();
    assert!(registration.standing().is_registered());
    assert_eq!(&*registration.instance().id, "10.0.0.1:80");
    advance(3_600 * SECOND).await;
    let watch = registration.watch();
    registration.withdraw().await.unwrap();
    assert!(matches!(*watch.borrow(), Standing::Withdrawn));
    assert_eq!(played.calls(), ["announce", "keep", "withdraw"]);
    assert_eq!(played.news(), ["registered", "withdrawn"]);
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_ends_no_registration() {
    let played = Played::default();
    played.script().keep = [60 * SECOND].into();
    let observed = |_: &Event| std::panic::resume_unwind(Box::new("on purpose"));
    let registration = played.builder().observer(observed).start().await.unwrap();
    announced(&registration, 2).await;
    registration.withdraw().await.unwrap();
    assert_eq!(played.calls(), ["announce", "keep", "announce", "keep", "withdraw"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_announced_is_an_error_and_leaves_nothing_behind() {
    for (ending, code) in [(Fails, Code::Unavailable), (Hangs, Code::DeadlineExceeded), (Panics, Code::Internal)] {
        let played = Played::default();
        played.script().announce = [ending].into();
        let error = timeout(6 * SECOND, played.builder().start()).await.expect("in time").unwrap_err();
        assert_eq!(error.code(), code, "{ending:?}");
        advance(3_600 * SECOND).await;
        // It may have succeeded all the same.
        assert_eq!(played.calls(), ["announce", "withdraw"], "{ending:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_made_good_at_once_and_a_failed_attempt_with_back_off() {
    let played = Played::default();
    played.script().keep = [60 * SECOND].into();
    played.script().announce = [Well, Fails, Panics, Well].into();
    let registration = played.builder().start().await.unwrap();
    announced(&registration, 2).await;
    let script = played.script();
    let times: Vec<_> = script.calls.iter().map(|call| (call.0, (call.1 - script.calls[0].1).as_millis())).collect();
    assert_eq!(times[..3], [("announce", 0), ("keep", 0), ("announce", 60_000)]);
    assert!((60_080..60_120).contains(&times[3].1) && (60_240..60_360).contains(&times[4].1), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_lost_as_soon_as_it_is_made_does_not_run_hot_nor_fill_the_log() {
    let played = Played::default();
    played.script().keep = [Duration::ZERO; 1_000].into();
    let registration = played.builder().start().await.unwrap();
    let _ =
        timeout(55 * SECOND, registration.watch().wait_for(|standing| matches!(standing, Standing::Left { .. }))).await;
    let announced = played.calls().iter().filter(|call| **call == "announce").count();
    assert!((15..30).contains(&announced), "{announced}");
    assert_eq!(played.news(), ["registered", "lost: the lease is gone (0 untold)", "remade"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_it_withdraws_in_the_background_whatever_it_was_doing() {
    for (announce, keep) in
        [(vec![], vec![]), (vec![Well, Hangs], vec![60 * SECOND]), (vec![Well, Fails, Hangs], vec![60 * SECOND])]
    {
        let played = Played::default();
        played.script().announce = announce.into();
        played.script().keep = keep.into();
        let registration = played.builder().start().await.unwrap();
        let mut watch = registration.watch();
        tokio::time::sleep(60 * SECOND + SECOND / 20).await;
        drop(registration);
        let withdrawn = |standing: &Standing| matches!(standing, Standing::Withdrawn);
        timeout(SECOND / 10, watch.wait_for(withdrawn)).await.expect("withdrawn within 100 ms").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_is_given_up_on_is_withdrawn() {
    let played = Played::default();
    played.script().announce = [Hangs].into();
    assert!(timeout(SECOND, played.builder().start()).await.is_err());
    tokio::time::sleep(SECOND / 10).await;
    assert_eq!(played.calls(), ["announce", "withdraw"]);
}

#[tokio::test(start_paused = true)]
async fn withdrawing_is_bounded_and_says_what_was_left() {
    for (ending, line) in
        [(Hangs, "left: the instance was not withdrawn within 5s"), (Fails, "left: the registry is down")]
    {
        let played = Played::default();
        played.script().withdraw = [ending].into();
        let registration = played.builder().start().await.unwrap();
        let watch = registration.watch();
        let began = Instant::now();
        let error = registration.withdraw().await.unwrap_err();
        assert!(began.elapsed() <= 5 * SECOND && matches!(error.code(), Code::DeadlineExceeded | Code::Unavailable));
        assert!(matches!(*watch.borrow(), Standing::Left { .. }));
        assert_eq!(played.news(), ["registered", line]);
    }
}

#[tokio::test]
async fn a_setting_out_of_its_range_is_refused_by_name() {
    let played = Played::default();
    let config = Config { withdraw: Duration::ZERO, ..Config::default() };
    let error = played.builder().config(config).start().await.unwrap_err();
    assert_eq!(error.message(), "withdraw is 0ns, it must be more than zero");
    assert!(played.calls().is_empty());
}
