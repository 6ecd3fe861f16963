use crate::backend::State;
use crate::client::Stack;
use crate::run::{Figures, SECONDS, run};

const CALLS: u64 = 8_000;

/// The bound that the default budget promises: a fifth more than the calls, and ten a second.
fn bound(figures: &Figures) -> f64 {
    1.2 * figures.calls as f64 + 10.0 * SECONDS as f64
}

#[test]
fn a_dead_backend_sees_a_fifth_more_than_the_calls_and_ten_a_second() {
    for state in [State::Dead, State::Hanging] {
        for stack in [Stack::Budget, Stack::Breaker, Stack::Hedge, Stack::SlowCalls] {
            let figures = run(stack, state);
            assert_eq!((figures.calls, figures.good), (CALLS, 0));
            assert!(figures.attempts as f64 <= bound(&figures), "{stack:?}, {state:?}: {}", figures.attempts);
        }
    }
    // Without the budget it sees every attempt there may be.
    assert_eq!(run(Stack::Retry, State::Dead).attempts, 3 * CALLS);
}

#[test]
fn a_breaker_keeps_nearly_all_calls_from_a_dead_backend() {
    let figures = run(Stack::Breaker, State::Dead);
    assert!(figures.amplification() < 0.05, "{}", figures.attempts);
}

#[test]
fn each_layer_is_worth_its_place() {
    let [bare, retry, budget, breaker, slow, hedge] = Stack::ALL.map(|stack| run(stack, State::OneSlowOneFailing));
    // Repeats make good what one instance does, and its breaker makes most of them unnecessary.
    assert!(retry.good > bare.good && budget.good > bare.good && breaker.good > budget.good);
    assert!(breaker.attempts < budget.attempts && budget.attempts < retry.attempts);
    assert!(breaker.p99() < budget.p99() && budget.p99() < bare.p99());
    assert!(slow.good >= breaker.good && slow.p99() < breaker.p99());
    // What loses to a hedge leaves no trace, so the slow instance stays in use.
    assert!(hedge.good >= breaker.good && hedge.p99() < breaker.p99());
    assert!(slow.attempts < hedge.attempts && slow.p99() < hedge.p99());
    for figures in [&hedge, &slow] {
        assert!(figures.good * 1_000 >= figures.calls * 995, "{}", figures.good);
        assert!(figures.attempts as f64 <= bound(figures));
    }
}

#[test]
fn the_same_figures_each_time() {
    let figures = || run(Stack::Hedge, State::OneSlowOneFailing);
    assert_eq!(figures(), figures());
}
