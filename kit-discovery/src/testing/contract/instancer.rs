use std::time::Duration;

use kit_core::Instance;
use tokio::time::{Instant, sleep, timeout};

use super::wait::{Rule, known};
use super::{Fault, InstancerRig, NotShown, Report};
use crate::instancer::Instancer as _;
use crate::policy::{NoInstances, Policy};

type Played = Result<(), NotShown>;

/// How long stopping may take.
const STOP: Duration = Duration::from_millis(100);

/// Plays the rules of an instancer, each on a fresh rig.
///
/// # Panics
/// At the first rule that is broken.
pub async fn instancer<R: InstancerRig>(mut rig: impl AsyncFnMut() -> R) -> Report {
    let mut report = Report::default();
    macro_rules! play {
        ($($name:literal => $rule:ident)*) => {$({
            let mut rig = rig().await;
            let rule = Rule { name: $name, patience: rig.patience() };
            report.note($name, $rule(&mut rig, rule).await);
        })*};
    }
    play! {
        "gives the state at once" => at_once
        "sees every change" => changes
        "ends a flap at the truth" => flap
        "neither loses nor reorders a set" => order
        "takes the same set for no change" => same
        "waits for no slow subscriber" => slow
        "believes an empty set and keeps the last full one" => empty
        "keeps the set while the source fails" => failing
        "becomes ready when the source recovers" => late
        "stops while it waits" => stop_waiting
        "stops while it fails" => stop_failing
        "stops while a query hangs" => stop_hanging
        "skips what is malformed" => garbled
        "keeps the set when nothing can be read" => unreadable
    }
    report
}

fn some<R: InstancerRig>(rig: &R, numbers: impl IntoIterator<Item = u16>) -> Vec<Instance> {
    numbers.into_iter().map(|number| rig.instance(number)).collect()
}

async fn broken<R: InstancerRig>(rig: &mut R, fault: Fault) -> Played {
    if rig.fault(fault).await { Ok(()) } else { Err(NotShown) }
}

async fn at_once<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0, 3]);
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut early = instancer.subscribe();
    let state = rule.until_set(&mut early, &set).await;
    rule.check("the first set has the number 1", &state, state.generation() == 1);
    let mut late = instancer.subscribe();
    let state = late.state();
    rule.check("a late subscriber has the set at once", &state, known(&state) == known(&early.state()));
    let first = timeout(STOP, late.changed()).await;
    rule.check("its first wait gives what is known", &state, matches!(first, Ok(Ok(_))));
    let ready = timeout(STOP, late.ready()).await;
    rule.check("it is ready at once", &state, matches!(ready, Ok(Ok(_))));
    Ok(())
}

async fn changes<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let sets = [some(rig, [0]), some(rig, [0, 1, 3]), some(rig, [1, 3]), some(rig, [2])];
    rig.set(&sets[0]).await;
    let instancer = rig.start().await;
    let (mut one, mut other) = (instancer.subscribe(), instancer.subscribe());
    let mut last = 0;
    for set in &sets {
        rig.set(set).await;
        let state = rule.until_set(&mut one, set).await;
        rule.check("the number of the set rises", &state, state.generation() > last);
        last = state.generation();
        let theirs = rule.until_set(&mut other, set).await;
        rule.check("all subscribers see one number", &theirs, theirs.generation() == last);
    }
    Ok(())
}

async fn flap<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let (both, one) = (some(rig, [0, 1]), some(rig, [0]));
    rig.set(&both).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    rule.until_set(&mut subscription, &both).await;
    for _ in 0..10 {
        rig.set(&one).await;
        rig.set(&both).await;
    }
    rig.set(&one).await;
    rule.until_set(&mut subscription, &one).await;
    Ok(())
}

async fn order<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let first = some(rig, [0]);
    rig.set(&first).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    rule.until_set(&mut subscription, &first).await;
    let mut watcher = instancer.subscribe();
    let spellings: Vec<_> = (0..20).map(|number| super::wait::addresses(&some(rig, [number]))).collect();
    for number in 1..20 {
        rig.set(&some(rig, [number])).await;
        sleep(Duration::ZERO).await;
    }
    let (mut place, mut generation) = (0, 0);
    let what = "each set that is seen is newer than the last, and the last one is seen";
    rule.until(&mut watcher, what, |state| {
        if let Some(set) = known(state) {
            let now = spellings.iter().position(|spelling| *spelling == set);
            rule.check("the set is one of those that were given", state, now.is_some());
            let now = now.unwrap_or_default();
            rule.check("no older set comes after a newer one", state, now >= place);
            rule.check("no number comes twice or falls", state, state.generation() > generation || now == place);
            (place, generation) = (now, state.generation());
        }
        place == 19
    })
    .await;
    Ok(())
}

async fn same<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let (set, more) = (some(rig, [0, 1]), some(rig, [0, 1, 2]));
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    rule.until_set(&mut subscription, &set).await;
    let reversed: Vec<_> = set.iter().rev().cloned().collect();
    let mut twice = set.clone();
    twice.extend(set.iter().cloned());
    for set in [&set, &reversed, &twice] {
        rig.set(set).await;
        sleep(rig.period()).await;
    }
    let state = subscription.state();
    rule.check("the number stays", &state, state.generation() == 1);
    rig.set(&more).await;
    let state = rule.until_set(&mut subscription, &more).await;
    rule.check("one change is one number", &state, state.generation() == 2);
    Ok(())
}

async fn slow<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let first = some(rig, [0]);
    rig.set(&first).await;
    let instancer = rig.start().await;
    let (mut quick, mut slow) = (instancer.subscribe(), instancer.subscribe());
    rule.until_set(&mut slow, &first).await;
    for number in 1..5 {
        let set = some(rig, [number]);
        rig.set(&set).await;
        rule.until_set(&mut quick, &set).await;
    }
    let state = slow.state();
    let latest = timeout(STOP, slow.changed()).await;
    rule.check("a slow subscriber gets the latest at once", &state, {
        matches!(&latest, Ok(Ok(latest)) if known(latest) == known(&quick.state()))
    });
    Ok(())
}

async fn empty<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0, 1]);
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    rule.until_set(&mut subscription, &set).await;
    let believing = Policy { empty_grace: Duration::ZERO, ..Policy::default() };
    let views = [Policy::default(), believing].map(|policy| instancer.subscribe().view(policy));
    rig.set(&[]).await;
    let state = rule.until_set(&mut subscription, &[]).await;
    let kept = state.last_full().map(|set| set.len());
    rule.check("the last full set is kept", &state, kept == Some(2));
    rule.check("the time is known", &state, state.empty_for(Instant::now()).is_some());
    for (view, empty) in views.into_iter().flatten().zip([false, true]) {
        let served = view.instances();
        rule.check("the grace is the consumer's", &state, matches!(served, Err(NoInstances::Empty)) == empty);
    }
    rig.set(&set).await;
    rule.until_set(&mut subscription, &set).await;
    Ok(())
}

async fn failing<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let (set, other) = (some(rig, [0, 1]), some(rig, [1, 2]));
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    let before = rule.until_set(&mut subscription, &set).await;
    broken(rig, Fault::Fails).await?;
    let state = rule.until_failing(&mut subscription).await;
    rule.check("the set is the same", &state, known(&state) == known(&before));
    rule.check("its number is the same", &state, state.generation() == before.generation());
    sleep(rig.period() * 3).await;
    let state = subscription.state();
    rule.check("it ages", &state, state.age(Instant::now()) >= rig.period() && known(&state) == known(&before));
    rig.set(&other).await;
    rig.heal().await;
    let state = rule.until_set(&mut subscription, &other).await;
    rule.check("it ages no more", &state, state.age(Instant::now()).is_zero());
    Ok(())
}

async fn late<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0]);
    rig.set(&set).await;
    broken(rig, Fault::Fails).await?;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    let state = rule.until_failing(&mut subscription).await;
    rule.check("there is no set", &state, state.instances().is_none() && state.generation() == 0);
    let ready = timeout(STOP, subscription.ready()).await;
    rule.check("it is not ready", &state, ready.is_err());
    rig.heal().await;
    rule.until_set(&mut subscription, &set).await;
    let ready = timeout(STOP, subscription.ready()).await;
    rule.check("it is ready", &subscription.state(), matches!(ready, Ok(Ok(_))));
    Ok(())
}

async fn stop_waiting<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0]);
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    rule.until_set(&mut subscription, &set).await;
    sleep(rig.period() / 2).await;
    stops(&instancer, rule).await;
    let state = instancer.subscribe().state();
    rule.check("the last set outlives the stop", &state, known(&state) == known(&subscription.state()));
    // A second one, stopped by its drop.
    let dropped = rig.start().await;
    let mut subscription = dropped.subscribe();
    rule.until_set(&mut subscription, &set).await;
    drop(dropped);
    let stopped = timeout(STOP, subscription.stopped()).await;
    rule.check("a drop stops it within 100 ms", &subscription.state(), stopped.is_ok());
    Ok(())
}

async fn stop_failing<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    broken(rig, Fault::Fails).await?;
    let instancer = rig.start().await;
    rule.until_failing(&mut instancer.subscribe()).await;
    stops(&instancer, rule).await;
    Ok(())
}

async fn stop_hanging<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0]);
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    let before = rule.until_set(&mut subscription, &set).await;
    broken(rig, Fault::Hangs).await?;
    sleep(rig.period()).await;
    let state = subscription.state();
    rule.check("the set is the same", &state, known(&state) == known(&before));
    stops(&instancer, rule).await;
    let never = rig.start().await;
    sleep(rig.period()).await;
    stops(&never, rule).await;
    Ok(())
}

/// That it stops in time, and that to stop it again does nothing.
async fn stops(instancer: &impl crate::Instancer, rule: Rule) {
    let mut subscription = instancer.subscribe();
    let state = subscription.state();
    rule.check("it runs until it is stopped", &state, !subscription.is_stopped());
    instancer.stop();
    let stopped = timeout(STOP, async { while subscription.changed().await.is_ok() {} }).await;
    rule.check("a stop takes at most 100 ms", &state, stopped.is_ok());
    instancer.stop();
    rule.check("it stays stopped", &state, instancer.subscribe().is_stopped());
}

async fn garbled<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0, 1]);
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    rule.until_set(&mut subscription, &set).await;
    broken(rig, Fault::Garbles).await?;
    let state = rule.until(&mut subscription, "an entry is skipped", |state| state.skipped_count() > 0).await;
    rule.check("the others are served", &state, known(&state).is_some_and(|set| set.len() == 2));
    rule.check("the source works", &state, state.error().is_none());
    rule.check("it is named, with its reason", &state, {
        state.skipped().iter().all(|skipped| !skipped.item.is_empty() && !skipped.reason.is_empty())
            && !state.skipped().is_empty()
    });
    rig.heal().await;
    rule.until(&mut subscription, "nothing is skipped", |state| state.skipped_count() == 0).await;
    Ok(())
}

async fn unreadable<R: InstancerRig>(rig: &mut R, rule: Rule) -> Played {
    let set = some(rig, [0, 1]);
    rig.set(&set).await;
    let instancer = rig.start().await;
    let mut subscription = instancer.subscribe();
    let before = rule.until_set(&mut subscription, &set).await;
    broken(rig, Fault::Unreadable).await?;
    let state = rule.until_failing(&mut subscription).await;
    rule.check("the set is the same", &state, known(&state) == known(&before));
    rig.heal().await;
    rule.until_set(&mut subscription, &set).await;
    Ok(())
}
