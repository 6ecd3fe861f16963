//! Who wants to know what a layer did.

use std::sync::Arc;

/// Is told of events, one type per kind of layer: a breaker's changes, a limiter's refusals, a caught panic.
///
/// It is called on the request path: it must neither wait nor fail, and what it does costs every call. A closure is an
/// observer; `()` is one that does not care; a pair tells both.
///
/// ```
/// use kit_core::Observer;
///
/// struct Opened;
///
/// fn tell(observer: &impl Observer<Opened>) {
///     observer.observe(&Opened);
/// }
///
/// tell(&());
/// tell(&(|_: &Opened| println!("opened"), ()));
/// ```
pub trait Observer<Event: ?Sized>: Send + Sync {
    /// Hears of one event.
    fn observe(&self, event: &Event);
}

impl<Event: ?Sized> Observer<Event> for () {
    fn observe(&self, _event: &Event) {}
}

impl<Event: ?Sized, F: Fn(&Event) + Send + Sync> Observer<Event> for F {
    fn observe(&self, event: &Event) {
        self(event);
    }
}

impl<Event: ?Sized, A: Observer<Event>, B: Observer<Event>> Observer<Event> for (A, B) {
    fn observe(&self, event: &Event) {
        self.0.observe(event);
        self.1.observe(event);
    }
}

impl<Event: ?Sized> Observer<Event> for Arc<dyn Observer<Event>> {
    fn observe(&self, event: &Event) {
        (**self).observe(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_pair_tells_both() {
        let heard = AtomicU32::new(0);
        let by = |factor: u32| {
            let heard = &heard;
            move |n: &u32| {
                heard.fetch_add(n * factor, Ordering::Relaxed);
            }
        };
        let observer = (by(1), (by(10), ()));
        observer.observe(&2);
        assert_eq!(heard.load(Ordering::Relaxed), 22);
    }
}
