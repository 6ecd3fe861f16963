//! The drain with a thread of its own: what a caller meets when the writer is slow, stuck, broken or gone.

mod support;

use std::io::{self, Read as _, Write};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use kit_log::{Config, ConfigError, Guard, Logger, Overflow, Queue, info, log, logfmt};
use support::{Gate, Writes};

/// The smallest queue there is.
const SMALL: Queue = Queue { bytes: 64 * 1024, overflow: Overflow::DropAndCount, patience: Duration::from_secs(600) };

fn start(queue: Queue, writer: impl Write + Send + 'static) -> (Logger, Guard) {
    let (drain, guard) = logfmt(writer).spawn(queue).expect("a thread");
    (Logger::new(drain), guard)
}

fn numbers(log: &Logger, range: std::ops::Range<u32>) {
    range.for_each(|n| log!(log; "n" => n));
}

fn expected(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("n={n}\n")).collect()
}

#[test]
fn lines_are_written_in_order_by_the_time_a_flush_returns() {
    let writes = Writes::default();
    let (log, guard) = start(Queue::default(), writes.clone());
    numbers(&log, 0..1000);
    assert!(guard.flush(Duration::from_secs(600)));
    assert_eq!(writes.take().concat(), expected(0..1000));
    numbers(&log, 1000..1001);
    log.flush().expect("a writer that takes all");
    assert_eq!(writes.take().concat(), "n=1000\n");
}

#[test]
fn the_guard_s_drop_writes_what_is_queued_and_ends_the_thread() {
    let writes = Writes::default();
    let (log, guard) = start(Queue::default(), writes.clone());
    numbers(&log, 0..1000);
    drop(guard);
    assert_eq!(writes.take().concat(), expected(0..1000));
    numbers(&log, 0..7);
    assert!(writes.take().is_empty());
    assert_eq!(log.counters().dropped(), 7);
}

#[test]
fn a_writer_that_never_returns_costs_a_caller_neither_time_nor_memory() {
    let gate = Gate::shut();
    let (log, guard) = start(Queue { patience: Duration::ZERO, ..SMALL }, gate.clone());
    numbers(&log, 0..1);
    gate.await_writer();
    numbers(&log, 1..2);
    let cost = allocation_counter::measure(|| numbers(&log, 0..100_000));
    // Were the caller to wait, the test would never come here. A growing vector holds its old and its new bytes.
    assert!(cost.bytes_max < 3 * SMALL.bytes as u64, "{cost:?}");
    assert!(log.counters().dropped() > 80_000);
    assert!(!guard.flush(Duration::ZERO));
    drop(guard);
    gate.open();
}

#[test]
fn what_was_dropped_is_told_where_it_is_missing_once_there_is_room() {
    let gate = Gate::shut();
    let (log, guard) = start(SMALL, gate.clone());
    numbers(&log, 0..1);
    gate.await_writer();
    let mut kept = 1;
    while log.counters().dropped() == 0 {
        numbers(&log, kept..kept + 1);
        kept += 1;
    }
    // The last of them found no room.
    kept -= 1;
    numbers(&log, 0..4);
    gate.open();
    assert!(guard.flush(Duration::from_secs(600)));
    numbers(&log, 0..1);
    drop(guard);
    let notice = "level=warn msg=\"log lines dropped\" dropped=5\n";
    assert_eq!(gate.writes.take().concat(), format!("{}{notice}n=0\n", expected(0..kept)));
}

#[test]
fn in_block_mode_a_caller_waits_for_room_and_nothing_is_lost() {
    let gate = Gate::shut();
    let (log, guard) = start(Queue { overflow: Overflow::Block, ..SMALL }, gate.clone());
    numbers(&log, 0..1);
    gate.await_writer();
    let caller = thread::spawn({
        let log = log.clone();
        move || numbers(&log, 1..20_000)
    });
    gate.open();
    caller.join().expect("a caller that got room");
    drop(guard);
    assert_eq!(gate.writes.take().concat(), expected(0..20_000));
    assert_eq!(log.counters().dropped(), 0);
}

#[test]
fn in_block_mode_shutting_down_frees_those_who_wait() {
    let gate = Gate::shut();
    let (log, guard) = start(Queue { overflow: Overflow::Block, patience: Duration::ZERO, ..SMALL }, gate.clone());
    let caller = thread::spawn({
        let log = log.clone();
        move || numbers(&log, 0..20_000)
    });
    gate.await_writer();
    drop(guard);
    caller.join().expect("a caller that was let go");
    assert!(log.counters().dropped() > 0);
    gate.open();
}

#[test]
fn lines_queued_behind_a_write_go_out_together_whole_and_at_most_4096_bytes_at_once() {
    let gate = Gate::shut();
    let (log, guard) = start(SMALL, gate.clone());
    numbers(&log, 0..1);
    gate.await_writer();
    numbers(&log, 1..2000);
    log!(log; "long" => "x".repeat(5000));
    gate.open();
    drop(guard);
    let writes = gate.writes.take();
    assert!(writes.len() < 10, "{} writes", writes.len());
    for write in &writes {
        assert!(write.ends_with('\n'));
        assert!(write.len() <= 4096 || write.matches('\n').count() == 1);
    }
    assert_eq!(writes.concat(), format!("{}long={}\n", expected(0..2000), "x".repeat(5000)));
}

#[test]
fn threads_do_not_tear_one_another_s_lines() {
    let writes = Writes::default();
    let (log, guard) = start(Queue::default(), writes.clone());
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (log, barrier) = (&log, &barrier);
            scope.spawn(move || {
                barrier.wait();
                (0..500).for_each(|n| log!(log; "thread" => thread, "n" => n));
            });
        }
    });
    drop(guard);
    let text = writes.take().concat();
    for thread in 0..4 {
        let own: Vec<_> = text.lines().filter(|line| line.starts_with(&format!("thread={thread} "))).collect();
        let expected: Vec<_> = (0..500).map(|n| format!("thread={thread} n={n}")).collect();
        assert_eq!(own, expected);
    }
    assert_eq!(text.lines().count(), 2000);
}

#[test]
fn a_full_pipe_stops_nobody_and_is_written_again_when_it_is_read() {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    let (log, guard) = start(SMALL, writer);
    // More than a pipe and the queue hold together.
    numbers(&log, 0..200_000);
    assert!(log.counters().dropped() > 0);
    let reading = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    assert!(guard.flush(Duration::from_secs(600)));
    log!(log; "last" => true);
    drop(guard);
    let text = reading.join().expect("a reader").expect("text");
    assert!(text.starts_with("n=0\nn=1\n") && text.ends_with("\nlast=true\n"));
    let told: u64 = text
        .lines()
        .filter_map(|line| line.strip_prefix("level=warn msg=\"log lines dropped\" dropped="))
        .map(|count| count.parse::<u64>().expect("a number"))
        .sum();
    assert_eq!(told, log.counters().dropped());
    let kept = text.lines().filter(|line| line.starts_with("n=")).count() as u64;
    assert_eq!(kept + told, 200_000);
}

#[test]
fn a_closed_pipe_loses_lines_and_counts_them() {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let (log, guard) = start(SMALL, writer);
    numbers(&log, 0..100);
    assert!(guard.flush(Duration::from_secs(600)));
    assert_eq!(log.counters().write_errors(), 100);
}

type Trouble = fn() -> io::Result<usize>;

/// Fails or panics for as long as it is told to.
#[derive(Clone, Default)]
struct Broken {
    trouble: Arc<Mutex<Option<Trouble>>>,
    writes: Writes,
}

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let trouble = *self.trouble.lock().expect("no holder panics");
        trouble.map_or_else(|| self.writes.write(bytes), |trouble| trouble())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_or_panics_is_tried_again_with_the_next_line() {
    for trouble in [|| Err(io::ErrorKind::StorageFull.into()), || panic!("a broken writer")] as [Trouble; 2] {
        let broken = Broken::default();
        *broken.trouble.lock().expect("no holder panics") = Some(trouble);
        let (log, guard) = start(SMALL, broken.clone());
        numbers(&log, 0..1);
        assert!(guard.flush(Duration::from_secs(600)));
        assert_eq!(log.counters().write_errors(), 1);
        *broken.trouble.lock().expect("no holder panics") = None;
        numbers(&log, 1..3);
        drop(guard);
        assert_eq!(broken.writes.take().concat(), "n=1\nn=2\n");
        assert_eq!(log.counters().write_errors(), 1);
    }
}

#[test]
fn a_panicking_program_still_gets_its_lines() {
    let writes = Writes::default();
    let program = thread::spawn({
        let writes = writes.clone();
        move || {
            let (log, _guard) = start(Queue::default(), writes);
            info!(log, "last words");
            panic!("boom");
        }
    });
    assert!(program.join().is_err());
    assert_eq!(writes.line(), "level=info msg=\"last words\"");
}

#[test]
fn a_writer_that_logs_to_its_own_drain_is_heard_and_blocks_nobody() {
    struct Chatty(Arc<Mutex<Option<Logger>>>, Writes);
    impl Write for Chatty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(log) = self.0.lock().expect("no holder panics").take() {
                (0..20_000).for_each(|_| log!(log; "from" => "writer"));
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (slot, writes) = (Arc::new(Mutex::new(None)), Writes::default());
    let queue = Queue { overflow: Overflow::Block, ..SMALL };
    let (log, guard) = start(queue, Chatty(Arc::clone(&slot), writes.clone()));
    *slot.lock().expect("no holder panics") = Some(log.clone());
    log!(log; "from" => "caller");
    assert!(guard.flush(Duration::from_secs(600)));
    drop(guard);
    assert!(writes.take().concat().starts_with("from=caller\nfrom=writer\n"));
}

#[test]
fn a_configured_queue_needs_its_guard_and_a_size_that_holds_lines() {
    let config = |bytes, line_max| Config {
        queue: Some(Queue { bytes, ..Queue::default() }),
        line_max,
        timestamp: false,
        ..Config::default()
    };
    assert!(matches!(config(65_536, 16_384).logger(io::sink()), Err(ConfigError::QueueUnguarded)));
    for (bytes, line_max) in [(65_535, 16_384), (usize::MAX, 16_384), (65_536, 32_769)] {
        let error = config(bytes, line_max).start(io::sink()).map(drop).expect_err("out of range");
        assert!(matches!(error, ConfigError::QueueBytes(size) if size == bytes), "{error}");
    }
    let writes = Writes::default();
    let (log, guard) = config(65_536, 16_384).start(writes.clone()).expect("good settings");
    info!(log, "hello");
    drop(guard);
    assert_eq!(writes.line(), "level=info msg=hello");
}
