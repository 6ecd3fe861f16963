//! Against a plain model, for any story of calls, time and settings.

use std::collections::VecDeque;

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A call that ends at once.
    Call(Ending),
    /// A call that begins now.
    Begin,
    /// The oldest that is running ends so.
    End(Fate),
    Wait(Duration),
    Force(Mode),
    Reset,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Worked,
    Failed,
    Dropped,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => prop_oneof![3 => Just(Fail), 3 => Just(Reply), 1 => Just(Business), 1 => Just(Rejected)]
            .prop_map(Step::Call),
        3 => Just(Step::Begin),
        3 => prop_oneof![Just(Fate::Worked), Just(Fate::Failed), Just(Fate::Dropped)].prop_map(Step::End),
        4 => prop_oneof![0_u64..1_500, 0_u64..15_000, 0_u64..60_000].prop_map(|ms| Step::Wait(Duration::from_millis(ms))),
        1 => prop_oneof![
            3 => Just(Mode::Automatic),
            1 => Just(Mode::ForcedOpen),
            1 => Just(Mode::ForcedClosed),
            1 => Just(Mode::Disabled),
        ].prop_map(Step::Force),
        1 => Just(Step::Reset),
    ];
    prop::collection::vec(step, 1..200)
}

fn configs() -> impl Strategy<Value = Config> {
    let window = prop_oneof![
        (4_u32..130).prop_map(Window::Calls),
        (1_u64..30).prop_map(|seconds| Window::Time(Duration::from_secs(seconds))),
    ];
    let failures = (1_u32..=4, 1_u32..=4, window).prop_map(|(quarters, min_calls, window)| Ratio {
        ratio: f64::from(quarters) / 4.0,
        min_calls,
        window,
    });
    let consecutive = prop::option::of(2_u32..6);
    let half_open =
        (1_u16..4, 1_u16..4).prop_map(|(probes, successes)| HalfOpen { probes, successes, stay: 7 * SECOND });
    (consecutive, failures, half_open).prop_map(|(consecutive, failures, half_open)| Config {
        consecutive,
        failures: Some(failures),
        slow: None,
        open: OpenTime { jitter: 0.0, ..OpenTime::default() },
        half_open,
    })
}

use proptest::strategy::Strategy;

/// The rules, written down without a thought of speed.
struct Model {
    config: Config,
    state: State,
    period: u32,
    /// When the state's time is over.
    until: Duration,
    row: u32,
    /// Calls that count while it is closed: when, and whether they failed.
    calls: VecDeque<(Duration, bool)>,
    out: u16,
    succeeded: u16,
    openings: u32,
    open_for: Duration,
    closed_at: Duration,
    counts: [u64; 4],
}

/// A call that the model let in.
#[derive(Clone, Copy)]
struct In {
    state: State,
    period: u32,
}

impl Model {
    fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Closed,
            period: 0,
            until: Duration::ZERO,
            row: 0,
            calls: VecDeque::new(),
            out: 0,
            succeeded: 0,
            openings: 0,
            open_for: Duration::ZERO,
            closed_at: Duration::ZERO,
            counts: [0; 4],
        }
    }

    fn change(&mut self, to: State, until: Duration) {
        (self.state, self.until, self.out, self.succeeded) = (to, until, 0, 0);
        self.period += 1;
    }

    fn open(&mut self, now: Duration) {
        if self.state == State::Closed && now - self.closed_at >= self.open_for {
            self.openings = 0;
        }
        let grown = self.config.open.first * 2_u32.pow(self.openings.min(10));
        self.open_for = grown.min(self.config.open.max);
        self.openings += 1;
        self.change(State::Open, now + self.open_for);
    }

    fn forget(&mut self) {
        self.row = 0;
        self.calls.clear();
    }

    fn begin(&mut self, now: Duration) -> Option<In> {
        let HalfOpen { probes, successes, stay } = self.config.half_open;
        if self.state == State::HalfOpen && now >= self.until {
            match self.out {
                0 => self.change(State::HalfOpen, now + stay),
                _ => self.open(now),
            }
        }
        if self.state == State::Open && now >= self.until {
            self.change(State::HalfOpen, now + stay);
        }
        let passes = match self.state {
            State::Closed | State::ForcedClosed | State::Disabled => true,
            State::Open | State::ForcedOpen => false,
            State::HalfOpen => self.out < probes && self.out + self.succeeded < probes.max(successes),
        };
        if !passes {
            self.counts[3] += 1;
            return None;
        }
        if self.state == State::HalfOpen {
            self.out += 1;
        }
        Some(In { state: self.state, period: self.period })
    }

    fn end(&mut self, call: In, fate: Fate, now: Duration) {
        if call.state == State::Disabled {
            return;
        }
        self.counts[fate as usize] += 1;
        if call.period != self.period {
            return;
        }
        match (call.state, fate) {
            (State::HalfOpen, Fate::Dropped) => self.out -= 1,
            (State::HalfOpen, Fate::Failed) => self.open(now),
            (State::HalfOpen, Fate::Worked) => {
                self.out -= 1;
                self.succeeded += 1;
                if self.succeeded >= self.config.half_open.successes {
                    self.closed_at = now;
                    self.forget();
                    self.change(State::Closed, Duration::ZERO);
                }
            }
            (_, Fate::Dropped) => {}
            (_, Fate::Worked) => {
                self.row = 0;
                self.calls.push_back((now, false));
            }
            (_, Fate::Failed) => {
                self.row += 1;
                self.calls.push_back((now, true));
                if self.too_many(now) && self.state == State::Closed {
                    self.open(now);
                }
            }
        }
    }

    fn too_many(&self, now: Duration) -> bool {
        let Ratio { ratio, min_calls, window } = self.config.failures.expect("every story has one");
        let seen: Vec<bool> = match window {
            Window::Calls(calls) => self.calls.iter().rev().take(calls as usize).map(|call| call.1).collect(),
            Window::Time(length) => {
                let tenth = |at: Duration| at.as_nanos() / (length.as_nanos() / 10);
                let recent = |at: Duration| tenth(at) + 10 > tenth(now);
                self.calls.iter().filter(|call| recent(call.0)).map(|call| call.1).collect()
            }
        };
        let failed = seen.iter().filter(|failed| **failed).count();
        let enough = seen.len() >= min_calls as usize;
        let share = enough && failed as f64 >= ratio * seen.len() as f64;
        share || self.config.consecutive.is_some_and(|limit| self.row >= limit)
    }

    fn force(&mut self, mode: Mode, now: Duration) {
        let to = match (mode, self.state) {
            (Mode::Automatic, State::ForcedOpen) => State::Open,
            (Mode::Automatic, State::ForcedClosed | State::Disabled) => State::Closed,
            (Mode::Automatic, _) => return,
            (Mode::ForcedOpen, _) => State::ForcedOpen,
            (Mode::ForcedClosed, _) => State::ForcedClosed,
            (Mode::Disabled, _) => State::Disabled,
        };
        if to == self.state {
            return;
        }
        let counted = matches!(self.state, State::Closed | State::ForcedClosed);
        if !counted && matches!(mode, Mode::Automatic | Mode::ForcedClosed) {
            self.closed_at = now;
            self.forget();
        }
        self.change(to, now);
    }

    fn reset(&mut self, now: Duration) {
        if matches!(self.state, State::Closed | State::Open | State::HalfOpen) {
            self.forget();
            (self.openings, self.open_for, self.closed_at) = (0, Duration::ZERO, now);
            self.change(State::Closed, Duration::ZERO);
        }
    }
}

/// A running call of the breaker's: told how to end by what is left in the slot.
type Slot = Arc<Mutex<Option<Fate>>>;

type Running = futures_util::future::BoxFuture<'static, Result<(), Error>>;

fn played(slot: Slot) -> impl Future<Output = Result<(), Error>> + Send {
    std::future::poll_fn(move |_| match *slot.lock().unwrap() {
        None => std::task::Poll::Pending,
        Some(Fate::Failed) => std::task::Poll::Ready(Err(Error::unavailable("down"))),
        Some(_) => std::task::Poll::Ready(Ok(())),
    })
}

async fn holds(config: Config, steps: Vec<Step>) {
    let layer = BreakerLayer::new(config).unwrap();
    let breaker = layer.handle();
    let endpoint = Arc::new(layer.layer(kit_core::endpoint_fn(async |cx, slot: Slot| {
        let result = played(slot).await;
        cx.stamp();
        result
    })));
    let at_once = layer.layer(backend(Arc::default()));
    let began = Instant::now();
    let mut model = Model::new(config);
    let mut running: VecDeque<(In, Slot, Running)> = VecDeque::new();
    for step in steps {
        let now = Instant::now() - began;
        match step {
            Step::Call(ending) => {
                let expected = model.begin(now);
                let result = at_once.call(&mut Context::new(), ending).await;
                let refused = result.err().is_some_and(|error| error.cause::<Open>().is_some());
                assert_eq!(refused, expected.is_none());
                if let Some(call) = expected {
                    let fate = match ending {
                        Fail => Fate::Failed,
                        Rejected => Fate::Dropped,
                        _ => Fate::Worked,
                    };
                    model.end(call, fate, now);
                }
            }
            Step::Begin => {
                let (slot, endpoint) = (Slot::default(), Arc::clone(&endpoint));
                let theirs = Arc::clone(&slot);
                let mut call = async move { endpoint.call(&mut Context::new(), theirs).await }.boxed();
                let pending = (&mut call).now_or_never().is_none();
                match model.begin(now) {
                    Some(expected) if pending => running.push_back((expected, slot, call)),
                    expected => assert!(expected.is_none() && !pending),
                }
            }
            Step::End(fate) => {
                if let Some((call, slot, running)) = running.pop_front() {
                    match fate {
                        Fate::Dropped => drop(running),
                        _ => {
                            *slot.lock().unwrap() = Some(fate);
                            let _ = running.await;
                        }
                    }
                    model.end(call, fate, now);
                }
            }
            Step::Wait(time) => advance(time).await,
            Step::Force(mode) => {
                breaker.force(mode);
                model.force(mode, now);
            }
            Step::Reset => {
                breaker.reset();
                model.reset(now);
            }
        }
        assert_eq!(breaker.state(), model.state);
        let counts = breaker.stats();
        assert_eq!([counts.ok, counts.failed, counts.cancelled, counts.refused], model.counts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_breaker_does_what_the_model_does(config in configs(), steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(holds(config, steps));
    }
}
