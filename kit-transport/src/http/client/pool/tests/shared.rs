use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::shared::Shared;
use super::super::{Grant, Taken};
use super::*;
use crate::http::client::Config;

fn config(http2_connections: usize, max_waiting: usize) -> Config {
    Config { http2_connections, max_waiting, idle_timeout: 4 * SECOND, ..Config::default() }
}

/// A pool, its connections, and the calls on them.
struct World {
    shared: Shared<Fake>,
    now: Instant,
    room: usize,
    calls: Vec<Call>,
    connecting: usize,
    open: Vec<Fake>,
    next: u64,
}

enum Call {
    Waits(Ticket<Grant<Fake>>),
    Runs { connection: Fake, line: u64 },
}

#[derive(Clone, Debug)]
enum Step {
    Arrive,
    /// Those that wait look whether they have their turn, and what must hold is looked at.
    Look,
    /// A call ends, is cancelled or panics.
    Leave(usize),
    /// A connection that is being opened is, or is not.
    Dialled(bool),
    /// A connection ends, with all that is on it.
    Die(usize),
    /// A call finds that its connection takes no more.
    Retire(usize),
    Pass(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let call = 0..24_usize;
    prop_oneof![
        6 => Just(Step::Arrive),
        6 => Just(Step::Look),
        5 => call.clone().prop_map(Step::Leave),
        4 => any::<bool>().prop_map(Step::Dialled),
        1 => call.clone().prop_map(Step::Die),
        1 => call.prop_map(Step::Retire),
        1 => (0..3_u32).prop_map(|seconds| Step::Pass(seconds * SECOND)),
    ]
}

impl World {
    fn new(config: &Config, room: usize) -> Self {
        Self {
            shared: Shared::new(config),
            now: Instant::now(),
            room,
            calls: Vec::new(),
            connecting: 0,
            open: Vec::new(),
            next: 0,
        }
    }

    fn arrive(&mut self) -> bool {
        let (taken, grow) = self.shared.take(false, self.now, &mut Vec::new());
        self.connecting += usize::from(grow);
        match taken {
            Taken::Granted(Grant::Line(connection, line)) => self.calls.push(Call::Runs { connection, line }),
            Taken::Granted(_) => panic!("not of this pool"),
            Taken::Waits(ticket) => self.calls.push(Call::Waits(ticket)),
            Taken::Full => return false,
        }
        true
    }

    fn settle(&mut self) {
        while let Some((tell, grant)) = self.shared.pump(self.now, &mut Vec::new()) {
            if let Err(grant) = tell.send(grant) {
                self.shared.unfetched(grant, self.now);
            }
        }
    }

    fn leave(&mut self, call: Call) {
        match call {
            Call::Waits(mut ticket) => {
                self.shared.leave(&ticket);
                if let Some(grant) = ticket.unfetched() {
                    self.shared.unfetched(grant, self.now);
                }
            }
            Call::Runs { line, .. } => {
                self.shared.leave_line(line, self.now);
            }
        }
        self.settle();
    }

    fn look(&mut self) {
        for call in std::mem::take(&mut self.calls) {
            let Call::Waits(mut ticket) = call else {
                self.calls.push(call);
                continue;
            };
            match fetch(&mut ticket) {
                None => self.calls.push(Call::Waits(ticket)),
                Some(Grant::Line(connection, line)) => self.calls.push(Call::Runs { connection, line }),
                // Told to open one: it does, and stands first again.
                Some(Grant::Place) => {
                    self.connecting += 1;
                    let (taken, grow) = self.shared.take(true, self.now, &mut Vec::new());
                    self.connecting += usize::from(grow);
                    self.calls.push(match taken {
                        Taken::Waits(ticket) => Call::Waits(ticket),
                        Taken::Granted(Grant::Line(connection, line)) => Call::Runs { connection, line },
                        _ => panic!("who has waited is not refused"),
                    });
                }
                Some(Grant::Failed(_)) => {}
                Some(Grant::Connection(_)) => panic!("not of this pool"),
            }
        }
    }

    fn dialled(&mut self, well: bool) {
        if self.connecting == 0 {
            return;
        }
        self.connecting -= 1;
        if well {
            let connection = Fake { expires: Some(self.now + 9 * SECOND), ..Fake::new(self.next, self.room) };
            self.next += 1;
            self.open.push(connection.clone());
            self.shared.opened(connection, self.now);
        } else {
            self.shared.release();
            for tell in self.shared.failed(self.now, &mut Vec::new()) {
                let _ = tell.send(Grant::Failed(kit_core::Error::unavailable("refused")));
            }
        }
        self.settle();
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Arrive => {
                self.arrive();
            }
            Step::Look => self.look(),
            Step::Leave(at) => {
                if at < self.calls.len() {
                    let call = self.calls.swap_remove(at);
                    self.leave(call);
                }
            }
            Step::Dialled(well) => self.dialled(well),
            Step::Die(at) => {
                if at < self.open.len() {
                    let dead = self.open.swap_remove(at);
                    dead.die();
                    self.shared.release();
                    let on_it = |call: &Call| matches!(call, Call::Runs { connection, .. } if connection.is(&dead));
                    while let Some(at) = self.calls.iter().position(on_it) {
                        let call = self.calls.swap_remove(at);
                        self.leave(call);
                    }
                    self.settle();
                }
            }
            Step::Retire(at) => {
                if let Some(Call::Runs { connection, .. }) = self.calls.get(at) {
                    self.shared.retire(connection, &mut Vec::new());
                    self.settle();
                }
            }
            Step::Pass(time) => {
                self.now += time;
                self.shared.clear(self.now, &mut Vec::new());
                self.settle();
            }
        }
    }

    fn load(&self) -> BTreeMap<u64, usize> {
        let mut load = BTreeMap::new();
        for call in &self.calls {
            if let Call::Runs { line, .. } = call {
                *load.entry(*line).or_default() += 1;
            }
        }
        load
    }
}

proptest! {
    #[test]
    fn no_connection_carries_more_than_its_peer_allows_and_nobody_waits_for_nothing(
        steps in prop::collection::vec(step(), 0..200),
        max in 1..4_usize,
        waiting in 0..6_usize,
        room in 1..4_usize,
    ) {
        let mut world = World::new(&config(max, waiting), room);
        for step in steps {
            let look = matches!(step, Step::Look);
            world.take(step);
            if !look {
                continue;
            }
            prop_assert!(world.load().values().all(|&load| load <= room));
            prop_assert!(world.connecting <= max);
            prop_assert_eq!(world.shared.taken(), world.connecting + world.open.len());
            if world.shared.waiting() > 0 {
                let full = world.load().values().filter(|&&load| load == room).count();
                prop_assert!(world.connecting > 0 || full >= max, "{full} are full, none is to come");
            }
        }
        while let Some(call) = world.calls.pop() {
            world.leave(call);
        }
        prop_assert!(world.shared.close(&mut Vec::new()).is_empty(), "nobody waits");
        while world.connecting > 0 {
            world.dialled(false);
        }
        while !world.open.is_empty() {
            world.take(Step::Die(0));
        }
        prop_assert_eq!((world.shared.taken(), world.shared.waiting()), (0, 0));
    }
}

#[test]
fn calls_spread_over_as_many_connections_as_there_may_be() {
    let mut world = World::new(&config(3, 9), 100);
    // Each that finds none at leisure opens another; none waits for it that has room elsewhere.
    for open in [1, 2, 2, 3, 3, 3] {
        assert!(world.arrive());
        world.dialled(true);
        world.look();
        assert_eq!(world.open.len(), open);
    }
    for _ in 0..6 {
        assert!(world.arrive());
    }
    let load = world.load();
    assert_eq!(load.len(), 3);
    assert!(load.values().all(|load| (3..=5).contains(load)), "{load:?}");
}

#[test]
fn a_connection_is_fresh_to_those_it_was_opened_for_and_used_to_those_who_come_later() {
    let mut world = World::new(&config(1, 9), 100);
    assert!(world.arrive() && world.arrive());
    world.dialled(true);
    world.look();
    assert!(world.arrive());
    let used = |call: &Call| matches!(call, Call::Runs { connection, .. } if connection.used);
    assert_eq!(world.calls.iter().map(used).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn a_connection_in_use_is_not_unused_and_one_that_is_too_old_takes_no_more() {
    let mut world = World::new(&config(1, 9), 100);
    assert!(world.arrive());
    world.dialled(true);
    world.look();
    world.now += 8 * SECOND;
    assert!(world.arrive());
    assert_eq!((world.calls.len(), world.connecting), (2, 0), "on the same");
    world.now += SECOND;
    assert!(world.arrive());
    assert_eq!(world.connecting, 1, "on another");
}

#[test]
fn an_error_of_connecting_is_that_of_all_who_waited_for_it() {
    let mut world = World::new(&config(2, 9), 100);
    assert!(world.arrive() && world.arrive() && world.arrive());
    assert_eq!(world.connecting, 2);
    world.dialled(false);
    let failed = |call: &mut Call| {
        let Call::Waits(ticket) = call else { return false };
        matches!(fetch(ticket), Some(Grant::Failed(_)))
    };
    assert!(!world.calls.iter_mut().any(failed), "the other may still come");
    world.dialled(false);
    assert!(world.calls.iter_mut().all(failed));
}
