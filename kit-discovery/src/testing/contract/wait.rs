use std::time::Duration;

use kit_core::Instance;
use tokio::time::{Instant, sleep, timeout_at};

use crate::address::Address;
use crate::state::State;
use crate::subscription::Subscription;

/// One rule that is being played.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) patience: Duration,
}

impl Rule {
    /// Waits until the state is as it should be; `what` says how.
    #[track_caller]
    pub(super) fn until<'a>(
        self,
        subscription: &'a mut Subscription,
        what: &'a str,
        mut is: impl FnMut(&State) -> bool + 'a,
    ) -> impl Future<Output = State> + 'a {
        let by = Instant::now() + self.patience;
        async move {
            loop {
                let state = subscription.state();
                if is(&state) {
                    return state;
                }
                match timeout_at(by, subscription.changed()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(stopped)) => self.broken(&format!("{what}: {stopped}"), &state),
                    Err(_) => self.broken(&format!("{what}: not within {:?}", self.patience), &subscription.state()),
                }
            }
        }
    }

    /// Waits until the set has these addresses and the source works.
    pub(super) async fn until_set(self, subscription: &mut Subscription, set: &[Instance]) -> State {
        let wanted = addresses(set);
        let what = format!("the set is {wanted:?}");
        self.until(subscription, &what, |state| state.error().is_none() && known(state).as_ref() == Some(&wanted)).await
    }

    /// Waits until the source is known to fail.
    pub(super) async fn until_failing(self, subscription: &mut Subscription) -> State {
        self.until(subscription, "the source is known to fail", |state| state.error().is_some()).await
    }

    /// Waits until `poll` gives true.
    pub(super) async fn until_true(self, what: &str, mut poll: impl AsyncFnMut() -> bool) {
        let by = Instant::now() + self.patience;
        while !poll().await {
            assert!(Instant::now() < by, "rule {:?} is broken: {what}: not within {:?}", self.name, self.patience);
            sleep(Duration::from_millis(20)).await;
        }
    }

    #[track_caller]
    pub(super) fn check(self, what: &str, state: &State, holds: bool) {
        if !holds {
            self.broken(what, state);
        }
    }

    #[track_caller]
    fn broken(self, what: &str, state: &State) -> ! {
        panic!("rule {:?} is broken: {what}; the state is {state:#?}", self.name)
    }
}

/// The addresses of the set that the source gave last, in their one spelling and sorted.
pub(super) fn known(state: &State) -> Option<Vec<String>> {
    state.instances().map(|set| addresses(set.iter().map(|instance| &**instance)))
}

pub(super) fn addresses<'a>(set: impl IntoIterator<Item = &'a Instance>) -> Vec<String> {
    let mut addresses: Vec<_> = set
        .into_iter()
        .map(|i| i.address.parse::<Address>().map_or_else(|_| i.address.to_string(), |address| address.to_string()))
        .collect();
    addresses.sort();
    addresses
}
