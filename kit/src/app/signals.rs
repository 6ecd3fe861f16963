use kit_core::{Code, Error};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, listened to from before anything is started: the first one asks, the second one forces.
pub(super) struct Signals {
    first: Pair,
    second: Pair,
}

struct Pair {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn install() -> Result<Self, Error> {
        Ok(Self { first: Pair::install()?, second: Pair::install()? })
    }

    /// Two futures, since the first one may be gone when the second signal comes.
    pub(super) fn split(self) -> (impl Future<Output = ()>, impl Future<Output = ()> + Send + 'static) {
        let Self { mut first, mut second } = self;
        let asked = async move { first.next().await };
        let forced = async move {
            second.next().await;
            second.next().await;
        };
        (asked, forced)
    }
}

impl Pair {
    fn install() -> Result<Self, Error> {
        let handler = |kind| {
            signal(kind)
                .map_err(|cause| Error::boundary(Code::Unavailable, cause).with_message("signals cannot be handled"))
        };
        Ok(Self { terminate: handler(SignalKind::terminate())?, interrupt: handler(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
