use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep};

use super::restart::Pauses;
use super::ward::State;
use super::{Care, NoPulse, Pulse, Restart, Restarting, Watcher};
use crate::error::{Code, Error};
use crate::observer::Observer;
use crate::sources::Random;
use crate::task::{Owned, caught};

/// What a steward's task does.
pub(super) struct Supervisor<M> {
    pub(super) name: Arc<str>,
    pub(super) make: M,
    pub(super) restart: Restart,
    pub(super) random: Arc<dyn Random>,
    pub(super) observer: Arc<dyn Observer<Restarting>>,
    pub(super) asked: watch::Receiver<bool>,
    pub(super) state: Publish,
}

/// The state, which says at its end that there is nobody left.
pub(super) struct Publish(pub(super) watch::Sender<State>);

impl Drop for Publish {
    fn drop(&mut self) {
        self.0.send_modify(|state| state.care = Care::Stopped);
    }
}

/// It was asked to stop, and the ward has ended.
struct Stopped;

impl<M, F> Supervisor<M>
where
    M: FnMut(Pulse) -> F + Send,
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    pub(super) async fn run(mut self, mut pulse: Pulse, mut watcher: Watcher) {
        let mut pauses = Pauses::new(self.restart);
        loop {
            let began = Instant::now();
            let Ok(cause) = self.lose(pulse, watcher).await else { return };
            let pause = pauses.after(began.elapsed(), &*self.random);
            let Ok(()) = self.pause(cause, pause).await else { return };
            (pulse, watcher) = Pulse::watched(&self.restart);
            let watcher = watcher.clone();
            self.state.0.send_modify(|state| {
                state.care = Care::Running;
                state.restarts += 1;
                state.watcher = watcher;
            });
        }
    }

    /// Runs one ward until it is lost, and says why.
    async fn lose(&mut self, pulse: Pulse, watcher: Watcher) -> Result<Error, Stopped> {
        // Making it may panic as running it may.
        let made = caught(async { Ok((self.make)(pulse)) }).await;
        let mut ward = match made {
            Ok(future) => Owned::spawn(caught(future)),
            Err(error) => return Ok(error),
        };
        let silence = tokio::select! {
            biased;
            () = asked(&mut self.asked) => return end(ward).await,
            ended = &mut ward => return Ok(cause(ended)),
            silence = watcher.silent() => silence,
        };
        self.state.0.send_modify(|state| {
            state.care = Care::Ending;
            state.cause = Some(silence.clone());
        });
        ward.abort();
        tokio::select! {
            biased;
            () = asked(&mut self.asked) => end(ward).await,
            ended = &mut ward => match ended {
                Err(error) if error.is_cancelled() => Ok(silence),
                // It had ended by itself, and that was not seen yet.
                ended => Ok(cause(ended)),
            },
        }
    }

    /// The pause before the next ward.
    async fn pause(&mut self, cause: Error, pause: Duration) -> Result<(), Stopped> {
        let mut restarts = 0;
        self.state.0.send_modify(|state| {
            state.care = Care::Pausing { until: Instant::now() + pause };
            state.cause = Some(cause.clone());
            restarts = state.restarts + 1;
        });
        self.observer.observe(&Restarting { steward: Arc::clone(&self.name), cause, pause, restarts });
        tokio::select! {
            biased;
            () = asked(&mut self.asked) => Err(Stopped),
            () = sleep(pause) => Ok(()),
        }
    }
}

/// Waits until the steward is to stop.
async fn asked(asked: &mut watch::Receiver<bool>) {
    if asked.wait_for(|&stop| stop).await.is_err() {
        // The steward was dropped: this task is about to be as well.
        std::future::pending().await
    }
}

async fn end(mut ward: Owned<Result<(), Error>>) -> Result<Error, Stopped> {
    ward.abort();
    let _ = (&mut ward).await;
    Err(Stopped)
}

/// Why a ward that ended by itself is started again.
fn cause(ended: Result<Result<(), Error>, JoinError>) -> Error {
    match ended {
        Ok(Ok(())) => Error::boundary(Code::Unavailable, NoPulse::Ended),
        Ok(Err(error)) => error,
        // A panic of its drop: those of its run are errors already.
        Err(error) => Error::bug(error),
    }
}
