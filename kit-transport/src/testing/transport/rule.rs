use std::fmt::Debug;
use std::time::Duration;

use tokio::time::timeout;

/// One rule that is being played.
pub(super) struct Rule {
    name: &'static str,
    pub(super) patience: Duration,
}

impl Rule {
    pub(super) fn new(name: &'static str, patience: Duration) -> Self {
        Self { name, patience }
    }

    /// Plays it, for as long as three waits may take: what waits for ever fails.
    pub(super) async fn whole<T>(&self, playing: impl Future<Output = T>) -> T {
        let limit = 3 * self.patience;
        match timeout(limit, Box::pin(playing)).await {
            Ok(played) => played,
            Err(_) => self.broken(&format!("it has no end within {limit:?}")),
        }
    }

    /// What comes, if it comes in time; `what` says what it is.
    pub(super) async fn within<T>(&self, what: &str, coming: impl Future<Output = T>) -> T {
        match timeout(self.patience, coming).await {
            Ok(come) => come,
            Err(_) => self.broken(&format!("{what}: not within {:?}", self.patience)),
        }
    }

    #[track_caller]
    pub(super) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(&what());
        }
    }

    #[track_caller]
    pub(super) fn same<T: Debug + PartialEq>(&self, what: &str, is: T, should: T) {
        self.check(is == should, || format!("{what} is {is:?}, and should be {should:?}"));
    }

    /// What succeeded.
    #[track_caller]
    pub(super) fn good<T, E: Debug>(&self, what: &str, result: Result<T, E>) -> T {
        result.unwrap_or_else(|error| self.broken(&format!("{what}: {error:?}")))
    }

    /// What failed.
    #[track_caller]
    pub(super) fn bad<T, E>(&self, what: &str, result: Result<T, E>) -> E {
        match result {
            Err(error) => error,
            Ok(_) => self.broken(&format!("{what}: it should fail, and succeeds")),
        }
    }

    #[track_caller]
    pub(super) fn broken(&self, what: &str) -> ! {
        panic!("rule {:?} is broken: {what}", self.name)
    }
}
