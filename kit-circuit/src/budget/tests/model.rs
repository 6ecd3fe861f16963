//! The budget against one that keeps every call and every repeat in a list.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Calls(u8),
    Spend(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![3 => 0..2_500u64, 1 => 0..70_000u64];
    let step = prop_oneof![
        2 => wait.prop_map(Step::Wait),
        3 => (0..20u8).prop_map(Step::Calls),
        4 => (1..=3u32).prop_map(Step::Spend),
    ];
    proptest::collection::vec(step, 0..200)
}

/// Times in milliseconds since the start.
#[derive(Default)]
struct Model {
    calls: Vec<u64>,
    spent: Vec<u64>,
}

impl Model {
    fn spend(&mut self, now: u64, cost: u32, (percent, per_second, window): (u64, u64, u64)) -> bool {
        let within = |times: &[u64], seconds: u64| {
            times.iter().filter(|&&time| now / 1_000 - time / 1_000 < seconds).count() as u64
        };
        let allowed = within(&self.calls, window) * percent / 100 + per_second * window;
        let granted = within(&self.spent, window + 1) + u64::from(cost) <= allowed;
        if granted {
            self.spent.extend((0..cost).map(|_| now));
        }
        granted
    }
}

proptest! {
    #[test]
    fn it_answers_as_a_plain_model_does(
        steps in steps(), percent in 0..300u64, per_second in 0..4u64, window in 1..=60u64,
    ) {
        let budget = budget(percent as f64 / 100.0, per_second as u32, window);
        let (began, mut now, mut model) = (Instant::now(), 0, Model::default());
        for step in steps {
            let at = began + Duration::from_millis(now);
            match step {
                Step::Wait(ms) => now += ms,
                Step::Calls(n) => for _ in 0..n {
                    budget.call(at);
                    model.calls.push(now);
                },
                Step::Spend(cost) => {
                    prop_assert_eq!(budget.spend(at, cost), model.spend(now, cost, (percent, per_second, window)));
                }
            }
        }
    }

    /// The promise itself, over every stretch as long as the window, wherever it begins.
    #[test]
    fn over_any_window_repeats_are_a_share_of_the_calls_and_a_few(
        steps in steps(), percent in 0..300u64, per_second in 0..4u64, window in 1..=20u64,
    ) {
        let budget = budget(percent as f64 / 100.0, per_second as u32, window);
        let (began, mut now) = (Instant::now(), 0);
        let (mut calls, mut spent) = (Vec::new(), Vec::new());
        for step in steps {
            let at = began + Duration::from_millis(now);
            match step {
                Step::Wait(ms) => now += ms,
                Step::Calls(n) => for _ in 0..n {
                    budget.call(at);
                    calls.push(now);
                },
                Step::Spend(cost) if budget.spend(at, cost) => spent.extend((0..cost).map(|_| now)),
                Step::Spend(_) => {}
            }
        }
        for &end in &spent {
            let within = |times: &[u64]| times.iter().filter(|&&t| t <= end && end - t < window * 1_000).count() as u64;
            prop_assert!(within(&spent) <= within(&calls) * percent / 100 + per_second * window);
        }
    }
}
