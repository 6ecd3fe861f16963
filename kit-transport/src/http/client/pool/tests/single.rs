use proptest::prelude::*;

use super::super::single::Single;
use super::super::{Grant, Taken};
use super::*;
use crate::http::client::Config;

fn config(max_connections: usize, max_waiting: usize) -> Config {
    Config { max_connections, max_waiting, max_idle_per_host: 2, idle_timeout: 4 * SECOND, ..Config::default() }
}

/// A pool, its sockets, and the calls on them.
struct World {
    single: Single<Fake>,
    now: Instant,
    calls: Vec<Call>,
    /// Sockets whose connection nobody has any more: they close in their own time.
    closing: usize,
    next: u64,
}

enum Call {
    Waits { ticket: Ticket<Grant<Fake>>, again: bool },
    Opens,
    Runs(Fake),
}

#[derive(Clone, Debug)]
enum Step {
    Arrive,
    /// A running call loses its connection, whose socket is closed before the call knows or later; it is sent again.
    Lose(usize, bool),
    /// Those that wait look whether they have their turn, and what must hold is looked at.
    Look,
    /// A call is cancelled, or panics: both drop what it has.
    Leave(usize),
    Open(usize),
    End(usize),
    /// The last socket that has to, closes.
    Close,
    Pass(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let call = 0..16_usize;
    prop_oneof![
        6 => Just(Step::Arrive),
        1 => (call.clone(), any::<bool>()).prop_map(|(at, closed)| Step::Lose(at, closed)),
        6 => Just(Step::Look),
        2 => call.clone().prop_map(Step::Leave),
        3 => call.clone().prop_map(Step::Open),
        4 => call.prop_map(Step::End),
        3 => Just(Step::Close),
        1 => (0..3_u32).prop_map(|seconds| Step::Pass(seconds * SECOND)),
    ]
}

impl World {
    fn new(config: &Config) -> Self {
        let (single, now) = (Single::new(config), Instant::now());
        Self { single, now, calls: Vec::new(), closing: 0, next: 0 }
    }

    fn granted(&mut self, grant: Grant<Fake>) {
        match grant {
            Grant::Connection(connection) => self.calls.push(Call::Runs(connection)),
            Grant::Place => self.calls.push(Call::Opens),
            Grant::Line(..) | Grant::Failed(_) => panic!("not of this pool"),
        }
    }

    fn arrive(&mut self, fresh: bool) -> bool {
        let mut gone = Vec::new();
        let taken = self.single.take(fresh, self.now, &mut gone);
        self.closing += gone.len();
        match taken {
            Taken::Granted(grant) => self.granted(grant),
            Taken::Waits(ticket) => self.calls.push(Call::Waits { ticket, again: fresh }),
            Taken::Full => return false,
        }
        true
    }

    fn settle(&mut self) {
        let mut gone = Vec::new();
        while let Some((tell, grant)) = self.single.pump(self.now, &mut gone) {
            if let Err(grant) = tell.send(grant) {
                self.single.unfetched(grant, self.now, &mut gone);
            }
        }
        self.closing += gone.len();
    }

    fn put(&mut self, connection: Fake) {
        let mut gone = Vec::new();
        self.single.put(connection, self.now, &mut gone);
        self.closing += gone.len();
        self.settle();
    }

    fn release(&mut self) {
        self.single.release();
        self.settle();
    }

    fn leave(&mut self, call: Call) {
        match call {
            Call::Waits { mut ticket, .. } => {
                self.single.leave(&ticket);
                if let Some(grant) = ticket.unfetched() {
                    let mut gone = Vec::new();
                    self.single.unfetched(grant, self.now, &mut gone);
                    self.closing += gone.len();
                    self.settle();
                }
            }
            Call::Opens => self.release(),
            // Cut off in the middle: its socket goes with it.
            Call::Runs(_) => self.closing += 1,
        }
    }

    fn look(&mut self) {
        for call in std::mem::take(&mut self.calls) {
            match call {
                Call::Waits { mut ticket, again } => match fetch(&mut ticket) {
                    Some(grant) => self.granted(grant),
                    None => self.calls.push(Call::Waits { ticket, again }),
                },
                call => self.calls.push(call),
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Arrive => {
                self.arrive(false);
            }
            Step::Lose(at, closed) => {
                if let Some(Call::Runs(_)) = self.calls.get(at) {
                    self.calls.swap_remove(at);
                    self.closing += 1;
                    if closed {
                        self.take(Step::Close);
                    }
                    assert!(self.arrive(true), "who has waited is not refused");
                }
            }
            Step::Look => self.look(),
            Step::Leave(at) => {
                if at < self.calls.len() {
                    let call = self.calls.swap_remove(at);
                    self.leave(call);
                }
            }
            Step::Open(at) => {
                if let Some(call @ Call::Opens) = self.calls.get_mut(at) {
                    let connection = Fake { expires: Some(self.now + 6 * SECOND), ..Fake::new(self.next, 1) };
                    *call = Call::Runs(connection);
                    self.next += 1;
                }
            }
            Step::End(at) => {
                if let Some(Call::Runs(_)) = self.calls.get(at)
                    && let Call::Runs(connection) = self.calls.swap_remove(at)
                {
                    self.put(connection);
                }
            }
            Step::Close => {
                if self.closing > 0 {
                    self.closing -= 1;
                    self.release();
                }
            }
            Step::Pass(time) => {
                self.now += time;
                let mut gone = Vec::new();
                self.single.clear(self.now, &mut gone);
                self.closing += gone.len();
            }
        }
    }

    /// Calls that are sent again and have no place yet.
    fn again(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call, Call::Waits { again: true, .. })).count()
    }

    /// Sockets that are open, or being opened, except those that nobody uses.
    fn in_use(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call, Call::Opens | Call::Runs(_))).count() + self.closing
    }
}

proptest! {
    #[test]
    fn places_are_neither_lost_nor_gained_and_nobody_waits_beside_what_is_free(
        steps in prop::collection::vec(step(), 0..200),
        max in 1..5_usize,
        room in 0..6_usize,
    ) {
        let mut world = World::new(&config(max, room));
        for step in steps {
            let look = matches!(step, Step::Look);
            world.take(step);
            if !look {
                continue;
            }
            let (taken, again, in_use) = (world.single.taken(), world.again(), world.in_use());
            let waiting = world.single.waiting() - again;
            prop_assert!(taken <= max, "{taken} of {max}");
            prop_assert!(in_use <= taken, "{in_use} in use, {taken} places taken");
            prop_assert!(waiting == 0 || in_use == max, "{waiting} wait, {in_use} of {max} are in use");
            prop_assert!(again == 0 || world.closing > 0 || in_use == max, "{again} wait again, {in_use} are in use");
        }
        // Everybody goes: everything is back.
        while let Some(call) = world.calls.pop() {
            world.leave(call);
        }
        let mut gone = Vec::new();
        prop_assert!(world.single.close(&mut gone).is_empty(), "nobody waits");
        world.closing += gone.len();
        while world.closing > 0 {
            world.take(Step::Close);
        }
        prop_assert_eq!((world.single.taken(), world.single.waiting()), (0, 0));
    }
}

#[test]
fn a_call_beyond_the_cap_waits_and_beyond_the_queue_is_refused() {
    let mut world = World::new(&config(2, 1));
    assert!((0..3).all(|_| world.arrive(false)));
    assert!(!world.arrive(false), "two have places, one waits");
    assert_eq!((world.single.taken(), world.single.waiting()), (2, 1));
    // Refused is not gone: with the one that waited its room is free.
    let waits = world.calls.pop().expect("three calls");
    world.leave(waits);
    assert!(world.arrive(false));
}

#[test]
fn who_came_first_is_served_first() {
    let mut world = World::new(&config(1, 9));
    assert!((0..4).all(|_| world.arrive(false)));
    world.calls.remove(0);
    world.put(Fake::new(0, 1));
    for left in [2, 1, 0] {
        let waits = |call: &Call| matches!(call, Call::Waits { .. });
        let Call::Waits { mut ticket, .. } = world.calls.remove(0) else { panic!("it waits") };
        let Some(Grant::Connection(connection)) = fetch(&mut ticket) else { panic!("it is its turn") };
        assert_eq!(world.calls.iter().filter(|call| waits(call)).count(), left);
        world.put(connection);
    }
}

#[test]
fn the_connection_that_was_used_last_is_taken_first() {
    let mut world = World::new(&config(9, 9));
    assert!(world.arrive(false) && world.arrive(false));
    world.put(Fake::new(1, 1));
    world.put(Fake::new(2, 1));
    let Taken::Granted(Grant::Connection(connection)) = world.single.take(false, world.now, &mut Vec::new()) else {
        panic!("two are unused");
    };
    assert_eq!(connection.id, 2);
}

#[test]
fn a_connection_that_is_old_dead_or_one_too_many_is_not_kept() {
    let mut world = World::new(&config(9, 9));
    let (fresh, dead) = (Fake::new(1, 1), Fake::new(2, 1));
    let old = Fake { expires: Some(world.now), ..Fake::new(3, 1) };
    dead.die();
    assert!((0..5).all(|_| world.arrive(false)));
    for connection in [old, dead, fresh.clone(), fresh.clone(), fresh] {
        world.single.put(connection, world.now, &mut Vec::new());
    }
    let mut gone = Vec::new();
    assert!(world.single.close(&mut gone).is_empty());
    assert_eq!(gone.iter().map(|fake| fake.id).collect::<Vec<_>>(), [1, 1], "two are kept at most");
}

#[test]
fn what_nobody_uses_is_closed_after_its_time_and_what_is_old_before() {
    let mut world = World::new(&config(9, 9));
    let old = Fake { expires: Some(world.now + SECOND), ..Fake::new(2, 1) };
    assert!(world.arrive(false) && world.arrive(false));
    world.put(Fake::new(1, 1));
    world.put(old);
    let mut gone = Vec::new();
    let soon = world.single.clear(world.now, &mut gone);
    assert_eq!((soon, gone.len()), (Some(world.now + SECOND), 0));
    assert_eq!(world.single.clear(world.now + SECOND, &mut gone), Some(world.now + 4 * SECOND));
    assert_eq!(world.single.clear(world.now + 4 * SECOND, &mut gone), None);
    assert_eq!(gone.iter().map(|fake| fake.id).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn who_is_sent_again_has_the_place_of_the_connection_that_it_lost() {
    let mut world = World::new(&config(1, 9));
    assert!(world.arrive(false) && world.arrive(false));
    world.calls.remove(0);
    // It lost its connection, whose socket is still closing, and another call has waited before it came back.
    assert!(world.arrive(true));
    world.release();
    let [Call::Waits { ticket: other, .. }, Call::Waits { ticket: again, .. }] = &mut world.calls[..] else {
        panic!("two wait");
    };
    assert!(fetch(other).is_none() && matches!(fetch(again), Some(Grant::Place)));
}

#[test]
fn who_is_sent_again_too_late_for_that_place_has_the_next_connection_that_answers() {
    let mut world = World::new(&config(2, 9));
    assert!((0..3).all(|_| world.arrive(false)));
    // The socket is closed, and its place the third call's, before its own call knows of it.
    world.calls.remove(0);
    world.release();
    world.look();
    assert!(world.arrive(true));
    world.put(Fake::new(2, 1));
    let Some(Call::Waits { mut ticket, .. }) = world.calls.pop() else { panic!("both places are taken") };
    assert!(matches!(fetch(&mut ticket), Some(Grant::Connection(connection)) if connection.id == 2));
}

#[test]
fn what_lay_unused_beside_a_connection_that_was_lost_is_closed_for_its_place() {
    let mut world = World::new(&config(2, 9));
    assert!((0..2).all(|_| world.arrive(false)));
    world.put(Fake::new(1, 1));
    world.calls.clear();
    assert!(world.arrive(true));
    let Some(Call::Waits { mut ticket, .. }) = world.calls.pop() else { panic!("both places are taken") };
    assert_eq!((world.closing, fetch(&mut ticket).is_none()), (1, true));
    world.take(Step::Close);
    assert!(matches!(fetch(&mut ticket), Some(Grant::Place)));
}
