use super::*;
use crate::testing::contract::{BalancerRig, balancer};

struct Rig<B>(fn() -> B);

impl<B: Balancer> BalancerRig for Rig<B> {
    type Balancer = B;

    fn balancer(&self) -> B {
        (self.0)()
    }

    fn context(&self, number: u64, now: Instant) -> Context {
        let mut cx = Context::at(now);
        cx.extensions_mut().insert(number);
        cx
    }
}

#[tokio::test(start_paused = true)]
async fn every_balancer_keeps_the_contract() {
    assert_eq!(balancer(&Rig(RoundRobin::new)).held.len(), 10);
    assert_eq!(balancer(&Rig(SmoothWeighted::new)).held.len(), 10);
    assert_eq!(balancer(&Rig(|| Random::from_source(seeded()))).held.len(), 10);
    assert_eq!(balancer(&Rig(|| LeastRequests::from_source(seeded()))).held.len(), 10);
    assert_eq!(balancer(&Rig(|| PeakEwma::from_source(seeded()))).held.len(), 10);
    let by_number = || ConsistentHash::new(|cx| cx.extensions().get::<u64>().map(|number| hash(&number.to_le_bytes())));
    assert_eq!(balancer(&Rig(by_number)).held.len(), 10);
}

/// Looks at nothing.
struct Blind;

impl Balancer for Blind {
    fn pick(&self, _cx: &Context, set: &Candidates) -> Option<usize> {
        (!set.is_empty()).then_some(0)
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "rule \"tries another one first\" is broken")]
async fn a_balancer_that_looks_at_nothing_is_found() {
    balancer(&Rig(|| Blind));
}
