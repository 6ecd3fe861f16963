//! Instances that are killed, hang, flap, are new, or are all gone: what a client with a retry sees of it.

use std::collections::HashMap;

use tokio::sync::watch;

use super::*;

/// What an instance does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// It answers within 10 ms.
    Works,
    /// Nobody listens there.
    Dead,
    /// It is stopped: what it is asked is answered when it goes on.
    Hangs,
}

type World = Arc<watch::Sender<HashMap<String, Doing>>>;

const PER_TRY: Duration = Duration::from_millis(250);
const ATTEMPTS: u32 = 4;

/// Four instances under steady traffic of idempotent calls.
struct Client {
    stage: Stage,
    world: World,
    /// When calls reached whom.
    reached: Arc<Mutex<Vec<(String, Instant)>>>,
    /// What calls that failed were told.
    lost: Arc<Mutex<Vec<Error>>>,
}

impl Client {
    async fn of(ids: &str) -> Self {
        let stage = Stage::of(ids).await;
        Self { stage, world: Arc::default(), reached: Arc::default(), lost: Arc::default() }
    }

    fn make(&self, ids: &str, doing: Doing) {
        self.world.send_modify(|world| world.extend(ids.chars().map(|id| (id.to_string(), doing))));
    }

    /// So many calls a second, for so long; those that run when it ends go on.
    async fn run(&self, rps: u32, lasting: Duration) {
        let call = instance(&self.world, &self.reached);
        let call = call.layer(self.stage.endpointer.layer(PeakEwma::from_source(Arc::new(SeededRandom::new(11)))));
        let (call, until) = (Arc::new(call), Instant::now() + lasting);
        while Instant::now() < until {
            let (call, lost) = (Arc::clone(&call), Arc::clone(&self.lost));
            tokio::spawn(async move {
                let result = retried(&*call).await;
                lost.lock().unwrap().extend(result.err());
            });
            sleep(SECOND / rps).await;
        }
    }

    async fn rest(&self) {
        sleep(ATTEMPTS * PER_TRY).await;
    }

    fn lost(&self) -> Vec<Error> {
        self.lost.lock().unwrap().clone()
    }

    /// How many calls reached each in this while.
    fn reached(&self, from: Instant, to: Instant) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for (id, _) in self.reached.lock().unwrap().iter().filter(|(_, at)| (from..to).contains(at)) {
            *counts.entry(id.clone()).or_default() += 1;
        }
        counts
    }

    fn share(&self, id: &str, from: Instant, to: Instant) -> f64 {
        let reached = self.reached(from, to);
        let all: usize = reached.values().sum();
        reached.get(id).copied().unwrap_or_default() as f64 / all as f64
    }

    fn ejected(&self) -> usize {
        let candidates = self.stage.endpointer.roster().candidates();
        let now = Instant::now();
        candidates.iter().filter(|one| matches!(one.standing(now), Standing::Ejected { .. })).count()
    }
}

fn instance(
    world: &World,
    reached: &Arc<Mutex<Vec<(String, Instant)>>>,
) -> impl Endpoint<Routed<Arc<Line>, ()>, Response = ()> + use<> {
    let state = (Arc::clone(world), Arc::clone(reached));
    endpoint_with(state, async |(world, reached), _cx, call: Routed<Arc<Line>, ()>| {
        call.channel.used();
        let id = call.instance.id.to_string();
        let mut world = world.subscribe();
        let doing = world.borrow_and_update().get(&id).copied().unwrap_or(Doing::Works);
        if doing == Doing::Dead {
            return Err(Error::unavailable("connection refused").with_retry(kit_core::Retry::Safe));
        }
        reached.lock().unwrap().push((id.clone(), Instant::now()));
        if doing == Doing::Hangs {
            let goes_on = |world: &HashMap<String, Doing>| world.get(&id) != Some(&Doing::Hangs);
            let _ = world.wait_for(goes_on).await;
        }
        sleep(10 * MS).await;
        Ok(())
    })
}

/// Again at once, each attempt bounded.
async fn retried(call: &impl Endpoint<(), Response = ()>) -> Result<(), Error> {
    let mut cx = Context::new();
    cx.attempts_mut().track();
    let mut failed = None;
    for _ in 0..ATTEMPTS {
        let mut attempt = cx.fork();
        let mut scope = attempt.scope_after(PER_TRY);
        let ended = timeout(PER_TRY, call.call(&mut scope, ())).await;
        drop(scope);
        match ended {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => failed = Some(error),
            Err(_) => failed = Some(Error::deadline_exceeded("no answer in time")),
        }
        *cx.attempts_mut() = attempt.attempts().clone();
    }
    Err(failed.expect("it was tried"))
}

#[tokio::test(start_paused = true)]
async fn of_one_that_is_killed_no_call_is_lost_and_none_goes_there_once_discovery_drops_it() {
    let client = Client::of("abcd").await;
    client.run(1_000, SECOND).await;
    client.make("b", Doing::Dead);
    let killed = Instant::now();
    client.run(1_000, SECOND).await;
    assert_eq!(client.ejected(), 1, "before discovery knows");
    client.stage.registry.set("strings", named("acd"));
    settle().await;
    let dropped = Instant::now();
    // As if it listened again: nobody asks.
    client.make("b", Doing::Works);
    client.run(1_000, 2 * SECOND).await;
    client.rest().await;
    assert!(client.lost().is_empty(), "{:?}", client.lost());
    assert!(!client.reached(killed, Instant::now()).contains_key("b"));
    assert_eq!(client.reached(dropped, Instant::now()).len(), 3);
    assert_eq!(client.stage.lines.closed(), "b");
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_is_out_after_five_timeouts_and_back_within_10_s() {
    let client = Client::of("abcd").await;
    client.run(1_000, SECOND).await;
    client.make("b", Doing::Hangs);
    let hung = Instant::now();
    client.run(1_000, 4 * SECOND).await;
    let heard = client.stage.heard();
    assert!(heard.contains(&"b ejected, 1".to_owned()), "{heard:?}");
    // What was sent to it before its first calls had timed out reached it, and nothing after that.
    let during = client.share("b", hung + 2 * PER_TRY, Instant::now());
    assert!(during <= 0.01, "{during}");
    client.make("b", Doing::Works);
    let goes_on = Instant::now();
    client.run(1_000, 10 * SECOND).await;
    client.rest().await;
    assert!(client.reached(goes_on, Instant::now()).contains_key("b"));
    assert!(client.lost().is_empty(), "{:?}", client.lost());
}

#[tokio::test(start_paused = true)]
async fn of_those_that_flap_at_most_half_is_out_each_time_for_longer_and_no_call_is_lost() {
    let client = Client::of("abcd").await;
    client.run(100, 2 * SECOND).await;
    let (begun, mut most) = (Instant::now(), 0);
    let mut heard = Vec::new();
    while begun.elapsed() < 60 * SECOND {
        for doing in [Doing::Dead, Doing::Works] {
            client.make("abc", doing);
            for _ in 0..20 {
                client.run(100, 100 * MS).await;
                most = most.max(client.ejected());
            }
        }
        heard.extend(client.stage.heard());
    }
    client.rest().await;
    assert_eq!(most, 2);
    assert!(client.lost().is_empty(), "{:?}", client.lost());
    for id in ["a", "b", "c"] {
        let ejections: Vec<_> = heard.iter().filter(|line| line.starts_with(&format!("{id} ejected"))).collect();
        // Out and back are two changes.
        assert!(ejections.len() * 2 <= 10, "{ejections:?}");
    }
    assert!(heard.iter().any(|line| line.ends_with("ejected, 3")), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn when_all_are_gone_an_error_comes_at_once_and_calls_work_within_2_s_of_the_first_return() {
    let client = Client::of("abcd").await;
    for id in ["a", "b", "c", "d"] {
        client.stage.lines.order(id, Order::Fail);
    }
    // Restarted all at once, at other addresses.
    let elsewhere = |id: char| at(&id.to_string(), 9_000 + id as u16);
    client.stage.set("abcd".chars().map(elsewhere).collect()).await;
    client.run(100, 5 * SECOND).await;
    let lost = client.lost();
    assert_eq!(lost.len(), 500, "each ends when it begins");
    assert!(lost.iter().all(|error| error.reason() == Some(NoInstances::REASON)));
    let cause = lost[0].cause::<NoInstances>();
    assert!(matches!(cause, Some(NoInstances::NotConnected { instances: 4, .. })), "{cause:?}");
    let back = Instant::now();
    client.stage.lines.order("c", Order::Work);
    client.stage.endpointer.ready().await.unwrap();
    assert!(back.elapsed() < 2 * SECOND, "{:?}", back.elapsed());
    client.run(100, SECOND).await;
    client.rest().await;
    assert_eq!(client.lost().len(), 500);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_of_all_the_first_that_is_back_does_not_carry_the_others() {
    let client = Client::of("abcd").await;
    client.run(100, 12 * SECOND).await;
    client.stage.set(vec![]).await;
    // The grace of an empty set.
    sleep(31 * SECOND).await;
    let back = Instant::now();
    for listed in ["a", "ab", "abc", "abcd"] {
        client.stage.set(named(listed)).await;
        client.run(500, 300 * MS).await;
    }
    client.run(500, 3 * SECOND).await;
    let share = client.share("a", back + SECOND, Instant::now());
    assert!(share < 0.4, "{share}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_new_gets_no_more_than_its_share_from_the_start() {
    let client = Client::of("abc").await;
    client.run(200, 10 * SECOND).await;
    client.stage.set(named("abcd")).await;
    let came = Instant::now();
    client.run(200, 20 * SECOND).await;
    let share = |from: u32, to: u32| client.share("d", came + from * SECOND, came + to * SECOND);
    let (first, middle, last) = (share(0, 2), share(4, 6), share(12, 20));
    assert!(first <= 0.1, "{first}");
    assert!(first < middle && middle < 0.25, "{first} {middle}");
    assert!((0.2..0.3).contains(&last), "{last}");
}
