//! A line of six pairs into memory: text and JSON, without the time and with it, on a thread of its own.

use std::hint::black_box;
use std::sync::Mutex;

use kit::log::{Config, Format, Logger, Queue};
use slog::Drain as _;
use tracing::dispatcher::{Dispatch, with_default};
use tracing_subscriber::fmt;

use super::memory::Memory;
use crate::cases::Cases;

pub(super) fn cases(cases: &mut impl Cases) {
    let log = kit(Format::Logfmt, false);
    cases.case("text/kit", || six(&log));
    cases.case("text/kit, with level and message", || six_answered(&log));
    traced(cases, "text/tracing-subscriber", fmt().without_time().with_ansi(false).with_writer(memory()).finish());

    let log = kit(Format::Logfmt, true);
    cases.case("text with the time/kit", || six(&log));
    traced(cases, "text with the time/tracing-subscriber", fmt().with_ansi(false).with_writer(memory()).finish());

    let log = kit(Format::Json, false);
    cases.case("JSON/kit", || six(&log));
    let log = slog::Logger::root(Mutex::new(slog_json::Json::new(Memory::default()).build()).fuse(), slog::o!());
    cases.case("JSON/slog-json", || six_slog(&log));
    traced(cases, "JSON/tracing-subscriber", fmt().json().without_time().with_writer(memory()).finish());

    cases.timed("on a thread of its own/kit", {
        let config = Config { timestamp: false, queue: Some(Queue::default()), ..Config::default() };
        let (log, guard) = config.start(Memory::default()).expect("a thread");
        move || {
            let _guard = &guard;
            six(&log);
        }
    });
    cases.timed("on a thread of its own/slog-async of slog-json", {
        let json = slog_json::Json::new(Memory::default()).build().fuse();
        // As many lines as kit's queue has bytes for; its default holds 128.
        let queued = slog_async::Async::new(json).chan_size(8 * 1024);
        let dropping = queued.overflow_strategy(slog_async::OverflowStrategy::Drop);
        let log = slog::Logger::root(dropping.build().fuse(), slog::o!());
        move || six_slog(&log)
    });
}

fn kit(format: Format, timestamp: bool) -> Logger {
    let config = Config { format, timestamp, ..Config::default() };
    config.logger(Memory::default()).expect("the defaults are good")
}

// Six pairs, as a service has them: what was asked, what came of it. Behind `black_box`, so that no compiler prints them.

fn six(log: &Logger) {
    kit::log::log!(log;
        "method" => black_box("uppercase"), "path" => black_box("/uppercase"), "status" => black_box(200u32),
        "bytes" => black_box(13u64), "peer" => black_box("127.0.0.1:4711"), "took_us" => black_box(213u64));
}

fn six_answered(log: &Logger) {
    kit::log::info!(log, "answered";
        "method" => black_box("uppercase"), "path" => black_box("/uppercase"), "status" => black_box(200u32),
        "bytes" => black_box(13u64), "peer" => black_box("127.0.0.1:4711"), "took_us" => black_box(213u64));
}

fn six_slog(log: &slog::Logger) {
    slog::info!(log, "";
        "method" => black_box("uppercase"), "path" => black_box("/uppercase"), "status" => black_box(200u32),
        "bytes" => black_box(13u64), "peer" => black_box("127.0.0.1:4711"), "took_us" => black_box(213u64));
}

fn six_traced() {
    tracing::info!(
        method = black_box("uppercase"),
        path = black_box("/uppercase"),
        status = black_box(200u32),
        bytes = black_box(13u64),
        peer = black_box("127.0.0.1:4711"),
        took_us = black_box(213u64),
    );
}

fn traced(cases: &mut impl Cases, name: &'static str, lines: impl Into<Dispatch>) {
    with_default(&lines.into(), || cases.case(name, six_traced));
}

fn memory() -> Mutex<Memory> {
    Mutex::default()
}
