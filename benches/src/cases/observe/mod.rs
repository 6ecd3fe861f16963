//! What an event costs: a line, a refused line, an increment, an observation, and a scrape; kit's, and what others take for the same.
//!
//! A name is `event/who`; `Go kit` joins them from `benches/go/events.go`, by the same names.

mod lines;
mod memory;
mod metrics;
mod refused;
mod scrape;

use super::Cases;

pub(super) fn cases(cases: &mut impl Cases) {
    lines::cases(cases);
    refused::cases(cases);
    metrics::cases(cases);
    scrape::cases(cases);
}
