//! What a context costs.

use std::hint::black_box;
use std::time::Duration;

use kit::Context;
use tokio::time::Instant;

use super::Cases;

pub(super) fn cases(cases: &mut impl Cases) {
    let now = Instant::now();
    cases.case("context/make", || Context::at(black_box(now)).finish());
    cases.case("context/make, clock read", || Context::new().finish());

    let mut cx = Context::at(now);
    cases.case("context/scope", || {
        let scope = black_box(&mut cx).scope_after(black_box(Duration::from_secs(1)));
        black_box(&scope);
        scope.finish();
    });

    let mut cx = Context::at(now);
    cases.case("context/fork, clock read", || black_box(&mut cx).fork().finish());
}
