//! A line below the level in force, with a value that would cost something.

use std::hint::black_box;

use kit::log::{Level, Logger};
use slog::Drain as _;
use tracing::dispatcher::{Dispatch, with_default};

use super::memory::Memory;
use crate::cases::Cases;

pub(super) fn cases(cases: &mut impl Cases) {
    let log = Logger::with_levels(kit::log::logfmt(Memory::default()), Level::Info);
    cases.case("refused/kit", || kit::log::debug!(log, "not now"; "value" => costly()));

    let json = std::sync::Mutex::new(slog_json::Json::new(Memory::default()).build()).fuse();
    let log = slog::Logger::root(slog::LevelFilter::new(json, slog::Level::Error).fuse(), slog::o!());
    // At a level that slog leaves in a release build.
    cases.case("refused/slog", || slog::info!(log, "not now"; "value" => costly()));

    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO);
    let dispatch = Dispatch::new(lines.with_writer(std::sync::Mutex::new(Memory::default())).finish());
    with_default(&dispatch, || cases.case("refused/tracing", || tracing::debug!(value = costly(), "not now")));
}

fn costly() -> u64 {
    black_box((0..100).fold(1u64, |product, factor| product.wrapping_mul(black_box(factor | 1))))
}
