use std::sync::Mutex;

use tokio::time::advance;

use super::*;
use crate::Code;
use crate::recover::Panicked;

type Heard = Arc<Mutex<Vec<Changed>>>;

fn observed() -> (Health, Heard) {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    (Health::observed(move |changed: &Changed| told.lock().unwrap().push(changed.clone())), heard)
}

fn take(heard: &Heard) -> Vec<(String, Status, Option<Code>)> {
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    heard.into_iter().map(|c| (c.name.to_string(), c.status, c.error.as_ref().map(Error::code))).collect()
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_told_of_each_change_once_and_why() {
    let ((health, heard), check) = (observed(), Played::taking(S / 4));
    health.add(Probe::Liveness, "db", check.clone()).unwrap();
    let probe = async || {
        health.report(Probe::Liveness).await;
        health.report(Probe::Liveness).await;
        advance(S).await;
        take(&heard)
    };
    assert_eq!(probe().await, [], "as healthy as it was taken for");
    check.set(Error::unavailable("refused"));
    assert_eq!(probe().await, [("db".into(), Status::Unhealthy, Some(Code::Unavailable))]);
    check.set(Error::not_found("another reason is no change"));
    assert_eq!(probe().await, []);
    check.set(None);
    assert_eq!(probe().await, [("db".into(), Status::Healthy, None)]);
}

#[tokio::test(start_paused = true)]
async fn a_change_says_its_probe_how_long_the_check_took_and_what_was_wrong() {
    let (health, heard) = observed();
    health.add(Probe::Readiness, "hangs", Played::taking(60 * S)).unwrap();
    health.add(Probe::Readiness, "panics", async || panic!("oh")).unwrap();
    health.report(Probe::Readiness).await;
    let heard = heard.lock().unwrap();
    let [hangs, panics] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((hangs.probe, &*hangs.name, hangs.took), (Probe::Readiness, "hangs", S));
    let late = hangs.error.as_ref().unwrap();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert!(matches!(late.cause(), Some(NoAnswer::Late { deadline }) if *deadline == S));
    let error = panics.error.as_ref().unwrap();
    assert!(error.is_bug() && error.cause::<Panicked>().unwrap().message() == "oh");
}

#[tokio::test(start_paused = true)]
async fn probers_of_one_run_are_one_change() {
    let ((health, heard), check) = (observed(), Played::taking(S / 4));
    check.set(Error::unavailable("down"));
    health.add(Probe::Liveness, "db", check).unwrap();
    futures_util::future::join_all((0..20).map(|_| health.report(Probe::Liveness))).await;
    assert_eq!(take(&heard).len(), 1);
}

#[test]
fn a_gate_is_told_when_it_moves() {
    let (health, heard) = observed();
    health.set_ready(true);
    health.set_started();
    health.set_started();
    health.set_ready(false);
    health.set_ready(false);
    let expected = [(STARTED.into(), Status::Healthy, None), (READY.into(), Status::Unhealthy, None)];
    assert_eq!(take(&heard), expected);
}
