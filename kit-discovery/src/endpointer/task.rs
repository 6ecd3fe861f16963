use kit_core::Factory;
use tokio::sync::watch;

use super::members::Members;
use super::overview::Overview;
use crate::instancer::Instancer;
use crate::instances::Instances;
use crate::policy::NoInstances;
use crate::subscription::Stopped;
use crate::view::View;

/// The life of an endpointer. Every way out leads past the end of its channels.
pub(super) async fn run<F: Factory + 'static>(
    mut members: Members<F>,
    mut view: View,
    tell: watch::Sender<Overview>,
    mut end: watch::Receiver<bool>,
    owned: Option<Box<dyn Instancer>>,
) {
    let mut stopped = false;
    loop {
        tokio::select! {
            () = ended(&mut end) => break,
            verdict = said(&mut view, stopped) => match verdict {
                Ok(verdict) => members.follow(verdict),
                // What it said last holds, as far as the policy lets it.
                Err(Stopped) => stopped = true,
            },
            Some(done) = members.next() => {
                members.done(done);
                while let Some(done) = members.another() {
                    members.done(done);
                }
                members.publish();
            }
        }
        tell.send_replace(members.overview(stopped));
    }
    drop(owned);
    members.follow(Err(NoInstances::Closed));
    tell.send_replace(members.overview(stopped));
    while let Some(done) = members.next().await {
        members.done(done);
        tell.send_replace(members.overview(stopped));
    }
}

/// The last handle that is dropped ends it as a close does.
async fn ended(end: &mut watch::Receiver<bool>) {
    let _ = end.wait_for(|ended| *ended).await;
}

async fn said(view: &mut View, stopped: bool) -> Result<Result<Instances, NoInstances>, Stopped> {
    if stopped { Ok(view.outlived().await) } else { view.changed().await }
}
