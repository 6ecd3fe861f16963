use std::time::Duration;

use kit_core::task::caught;
use kit_core::{Code, Error};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::{Builder, Event, Keeper, News, Standing};
use crate::backoff::Pauses;
use crate::trouble::Trouble;

/// The life of one registration. Every way out leads past the withdrawal.
pub(super) async fn run<K: Keeper>(mut of: Builder<K>, tell: watch::Sender<Standing>, mut end: oneshot::Receiver<()>) {
    let failed = tokio::select! {
        announced = of.announce() => announced.err(),
        _ = &mut end => None,
    };
    if let Some(error) = failed {
        // An attempt that seemed to fail may have succeeded. Told afterwards: who tries again must not be withdrawn by this.
        let _ = of.withdraw().await;
        tell.send_replace(Standing::Failed { error });
        return;
    }
    if end.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
        tell.send_replace(Standing::Registered { times: 1 });
        of.tell(News::Registered);
        tokio::select! {
            never = of.stay(&tell) => match never {},
            _ = &mut end => {}
        }
    }
    match of.withdraw().await {
        Ok(()) => {
            of.tell(News::Withdrawn);
            tell.send_replace(Standing::Withdrawn);
        }
        Err(error) => {
            of.tell(News::Left { error: error.clone() });
            tell.send_replace(Standing::Left { error });
        }
    }
}

impl<K: Keeper> Builder<K> {
    /// Keeps it registered for ever, and says how it stands.
    async fn stay(&mut self, tell: &watch::Sender<Standing>) -> std::convert::Infallible {
        let mut trouble = Trouble::default();
        let mut pauses = Pauses::new(self.config.backoff);
        for times in 2.. {
            let kept_from = Instant::now();
            let mut error = self.keep().await;
            let since = Instant::now();
            // At once, unless it was lost as soon as it was announced: that must not run hot.
            let mut wait = since.saturating_duration_since(kept_from) <= self.config.backoff.max;
            if !wait {
                pauses.reset();
            }
            loop {
                tell.send_replace(Standing::Lost { since, error: error.clone() });
                let now = Instant::now();
                if let Some(untold) = trouble.tell(now) {
                    self.tell(News::Lost { error, lasting: now.saturating_duration_since(since), untold });
                }
                if wait {
                    sleep(pauses.pause(&*self.random)).await;
                }
                wait = true;
                match self.announce().await {
                    Ok(()) => break,
                    Err(again) => error = again,
                }
            }
            tell.send_replace(Standing::Registered { times });
            if trouble.told_since(since) {
                self.tell(News::Remade { lasted: since.elapsed() });
            }
        }
        unreachable!("a u64 of losses")
    }

    async fn announce(&mut self) -> Result<(), Error> {
        let limit = self.config.announce;
        timeout(limit, caught(self.keeper.announce())).await.unwrap_or_else(|_| Err(late("announced", limit)))
    }

    async fn keep(&mut self) -> Error {
        let keep = async { Err::<std::convert::Infallible, _>(self.keeper.keep().await) };
        match caught(keep).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn withdraw(&mut self) -> Result<(), Error> {
        let limit = self.config.withdraw;
        timeout(limit, caught(self.keeper.withdraw())).await.unwrap_or_else(|_| Err(late("withdrawn", limit)))
    }

    fn tell(&self, news: News) {
        let (service, instance) = (self.service.clone(), self.instance.id.clone());
        self.observer.observe(&Event { service, instance, news });
    }
}

fn late(done: &str, limit: Duration) -> Error {
    Error::new(Code::DeadlineExceeded, format!("the instance was not {done} within {limit:?}"))
}
