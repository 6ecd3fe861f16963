use std::collections::BTreeMap;

use tokio::sync::oneshot;

/// Calls that wait, in the order in which they came. Who leaves frees its room at once.
pub(super) struct Queue<G> {
    waiting: BTreeMap<i64, oneshot::Sender<G>>,
    /// The next ticket at the front and at the back: none is given twice.
    front: i64,
    back: i64,
}

/// One call's place in a [`Queue`].
pub(super) struct Ticket<G> {
    number: i64,
    granted: oneshot::Receiver<G>,
}

impl<G> Default for Queue<G> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), front: -1, back: 0 }
    }
}

impl<G> Queue<G> {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Stands at the end, if fewer than `room` do.
    pub(super) fn join(&mut self, room: usize) -> Option<Ticket<G>> {
        if self.waiting.len() >= room {
            return None;
        }
        let number = self.back;
        self.back += 1;
        Some(self.stand(number))
    }

    /// Stands before all others: one that has waited its turn already.
    pub(super) fn join_first(&mut self) -> Ticket<G> {
        let number = self.front;
        self.front -= 1;
        self.stand(number)
    }

    /// Who comes next, no longer in the queue.
    pub(super) fn next(&mut self) -> Option<oneshot::Sender<G>> {
        self.waiting.pop_first().map(|(_, tell)| tell)
    }

    pub(super) fn leave(&mut self, ticket: &Ticket<G>) {
        self.waiting.remove(&ticket.number);
    }

    fn stand(&mut self, number: i64) -> Ticket<G> {
        let (tell, granted) = oneshot::channel();
        self.waiting.insert(number, tell);
        Ticket { number, granted }
    }
}

impl<G> Ticket<G> {
    /// What was granted, once it is.
    pub(super) fn granted(&mut self) -> &mut oneshot::Receiver<G> {
        &mut self.granted
    }

    /// What was granted and not fetched; nothing is granted from here on.
    pub(super) fn unfetched(&mut self) -> Option<G> {
        self.granted.close();
        self.granted.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(ticket: &mut Ticket<u8>) -> Option<u8> {
        ticket.unfetched()
    }

    #[test]
    fn who_came_first_is_next_and_who_comes_again_before_them() {
        let mut queue = Queue::default();
        let mut tickets = [queue.join(9).unwrap(), queue.join(9).unwrap(), queue.join_first(), queue.join_first()];
        for turn in 0..4 {
            queue.next().expect("somebody").send(turn).unwrap();
        }
        assert!(queue.next().is_none());
        assert_eq!(tickets.each_mut().map(number), [Some(2), Some(3), Some(1), Some(0)]);
    }

    #[test]
    fn who_leaves_is_not_next_and_makes_room() {
        let mut queue = Queue::<u8>::default();
        let first = queue.join(1).expect("room");
        assert!(queue.join(1).is_none());
        queue.leave(&first);
        assert!(queue.is_empty());
        let mut second = queue.join(1).expect("room");
        // Leaving twice takes nobody else's place.
        queue.leave(&first);
        queue.next().expect("the second").send(7).unwrap();
        assert_eq!((queue.len(), number(&mut second)), (0, Some(7)));
    }

    #[test]
    fn what_comes_too_late_goes_back_to_its_sender() {
        let mut queue = Queue::default();
        let mut ticket = queue.join(1).expect("room");
        let tell = queue.next().expect("one");
        assert_eq!(ticket.unfetched(), None);
        assert_eq!(tell.send(1), Err(1));
    }
}
