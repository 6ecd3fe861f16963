//! Every pair of layers, in both orders, through every way that a call can end.
//!
//! Also orders that [`kit_core::order`] refuses: they may be unwise, but nothing may leak and every number must add up. The matrix is
//! generated from the table of [`layers`] and that of [`cases`]; what fails is listed by pair, order and case.
#![cfg(feature = "cache")]

mod backend;
mod cases;
mod layers;
mod run;

use cases::CASES;
use layers::LAYERS;

#[tokio::test(start_paused = true)]
async fn every_pair_in_both_orders_leaves_nothing_behind_and_counts_every_call_once() {
    let (mut cells, mut failures) = (0, Vec::new());
    for outer in LAYERS {
        for inner in LAYERS.iter().filter(|inner| inner.name != outer.name) {
            for case in CASES {
                cells += 1;
                let found = run::cell(outer, inner, case).await;
                let cell = format!("{} outside {}, {}", outer.name, inner.name, case.name);
                failures.extend(found.into_iter().map(|failure| format!("{cell}: {failure}")));
            }
        }
    }
    assert_eq!(cells, 8 * 7 * CASES.len());
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
