use std::time::Duration;

use kit_core::Instance;
use tokio::time::{Instant, timeout};

use super::wait::{Rule, addresses};
use super::{Fault, NotShown, RegistrarRig, Report};
use crate::registrar::Registrar as _;
use crate::registration::{Registration, Standing};

type Played = Result<(), NotShown>;

/// Plays the rules of a registrar, each on a fresh rig.
///
/// # Panics
/// At the first rule that is broken.
pub async fn registrar<R: RegistrarRig>(mut rig: impl AsyncFnMut() -> R) -> Report {
    let mut report = Report::default();
    macro_rules! play {
        ($($name:literal => $rule:ident)*) => {$({
            let mut rig = rig().await;
            let rule = Rule { name: $name, patience: rig.patience() };
            report.note($name, $rule(&mut rig, rule).await);
        })*};
    }
    play! {
        "announces until it is withdrawn" => announce
        "withdraws what is dropped" => dropped
        "keeps registrations apart" => apart
        "announces again what was withdrawn" => again
        "says that it could not announce" => refused
        "announces again what the registry has lost" => forgotten
        "outlasts a registry that is down" => outlasts
        "bounds a withdrawal" => bounded
    }
    report
}

fn instance(number: u16) -> Instance {
    let host = if number % 2 == 1 { "[::1]" } else { "127.0.0.1" };
    Instance::new(format!("{host}:{}", 20_000 + number))
}

async fn broken<R: RegistrarRig>(rig: &mut R, fault: Fault) -> Played {
    if rig.fault(fault).await { Ok(()) } else { Err(NotShown) }
}

async fn registered<R: RegistrarRig>(rule: Rule, registrar: &R::Registrar, number: u16) -> Registration {
    match timeout(rule.patience, registrar.register(instance(number))).await {
        Ok(Ok(registration)) => registration,
        Ok(Err(error)) => panic!("rule {:?} is broken: registering failed: {error}", rule.name),
        Err(_) => panic!("rule {:?} is broken: registering took more than {:?}", rule.name, rule.patience),
    }
}

/// Waits until others see exactly these.
async fn seen<R: RegistrarRig>(rig: &mut R, rule: Rule, numbers: &[u16]) {
    let wanted = addresses(&numbers.iter().copied().map(instance).collect::<Vec<_>>());
    rule.until_true(&format!("others see {wanted:?}"), async || addresses(&rig.registered().await) == wanted).await;
}

async fn withdrawn(rule: Rule, registration: Registration) {
    let withdrawn = timeout(rule.patience, registration.withdraw()).await;
    assert!(matches!(withdrawn, Ok(Ok(()))), "rule {:?} is broken: not withdrawn: {withdrawn:?}", rule.name);
}

async fn announce<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    let registration = registered::<R>(rule, &registrar, 0).await;
    assert!(registration.standing().is_registered(), "rule {:?} is broken: {registration:?}", rule.name);
    seen(rig, rule, &[0]).await;
    withdrawn(rule, registration).await;
    seen(rig, rule, &[]).await;
    Ok(())
}

async fn dropped<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    let registration = registered::<R>(rule, &registrar, 1).await;
    seen(rig, rule, &[1]).await;
    drop(registration);
    seen(rig, rule, &[]).await;
    Ok(())
}

async fn apart<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let (one, two) = (rig.start().await, rig.start().await);
    let first = registered::<R>(rule, &one, 0).await;
    let second = registered::<R>(rule, &one, 1).await;
    let third = registered::<R>(rule, &two, 2).await;
    seen(rig, rule, &[0, 1, 2]).await;
    withdrawn(rule, second).await;
    seen(rig, rule, &[0, 2]).await;
    drop((first, third));
    seen(rig, rule, &[]).await;
    Ok(())
}

async fn again<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    for _ in 0..3 {
        let registration = registered::<R>(rule, &registrar, 0).await;
        seen(rig, rule, &[0]).await;
        withdrawn(rule, registration).await;
    }
    seen(rig, rule, &[]).await;
    Ok(())
}

async fn refused<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    broken(rig, Fault::Fails).await?;
    let answer = timeout(rule.patience, registrar.register(instance(0))).await;
    assert!(matches!(answer, Ok(Err(_))), "rule {:?} is broken: {answer:?}", rule.name);
    rig.heal().await;
    seen(rig, rule, &[]).await;
    let registration = registered::<R>(rule, &registrar, 0).await;
    seen(rig, rule, &[0]).await;
    withdrawn(rule, registration).await;
    Ok(())
}

async fn forgotten<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    let registration = registered::<R>(rule, &registrar, 0).await;
    seen(rig, rule, &[0]).await;
    let mut standing = registration.watch();
    broken(rig, Fault::Forgets).await?;
    let remade = |standing: &Standing| matches!(standing, Standing::Registered { times } if *times >= 2);
    let remade = timeout(rule.patience, standing.wait_for(remade)).await.is_ok_and(|standing| standing.is_ok());
    assert!(remade, "rule {:?} is broken: {:?}", rule.name, registration.standing());
    seen(rig, rule, &[0]).await;
    withdrawn(rule, registration).await;
    seen(rig, rule, &[]).await;
    Ok(())
}

async fn outlasts<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    let registration = registered::<R>(rule, &registrar, 0).await;
    broken(rig, Fault::Fails).await?;
    let standing = &mut registration.watch();
    let lost = |standing: &Standing| matches!(standing, Standing::Lost { .. });
    let lost = timeout(rule.patience, standing.wait_for(lost)).await.is_ok_and(|standing| standing.is_ok());
    assert!(lost, "rule {:?} is broken: nobody noticed: {:?}", rule.name, registration.standing());
    rig.heal().await;
    let back = timeout(rule.patience, standing.wait_for(Standing::is_registered)).await;
    assert!(back.is_ok_and(|standing| standing.is_ok()), "rule {:?} is broken: {registration:?}", rule.name);
    seen(rig, rule, &[0]).await;
    withdrawn(rule, registration).await;
    seen(rig, rule, &[]).await;
    Ok(())
}

async fn bounded<R: RegistrarRig>(rig: &mut R, rule: Rule) -> Played {
    let registrar = rig.start().await;
    let registration = registered::<R>(rule, &registrar, 0).await;
    broken(rig, Fault::Hangs).await?;
    let began = Instant::now();
    let answer = timeout(rule.patience, registration.withdraw()).await;
    assert!(matches!(answer, Ok(Err(_))), "rule {:?} is broken: {answer:?}", rule.name);
    assert!(began.elapsed() < Duration::from_secs(6), "rule {:?} is broken: {:?}", rule.name, began.elapsed());
    rig.heal().await;
    Ok(())
}
