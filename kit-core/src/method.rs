//! What is being called: one static value per operation, that labels, spans and retry read.

use std::sync::atomic::{AtomicU32, Ordering};

/// Who sends a stream of messages, if anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One request, one response.
    #[default]
    Unary,
    /// The caller sends a stream.
    ClientStream,
    /// The callee answers with a stream.
    ServerStream,
    /// Both.
    Bidi,
}

/// One operation of a service. A `static`, so that a context names it with one pointer.
///
/// ```
/// use kit_core::Method;
///
/// static COUNT: Method = Method::new("stringsvc", "count").path("/count").idempotent();
/// assert_eq!((COUNT.service(), COUNT.name()), ("stringsvc", "count"));
/// ```
///
/// Make it a `static`, not a `const`: every use of a `const` would be a method of its own, with another
/// [`index`](Self::index).
#[derive(Debug)]
pub struct Method {
    service: &'static str,
    name: &'static str,
    path: Option<&'static str>,
    idempotent: bool,
    kind: Kind,
    /// One more than the index; 0 until somebody asks.
    index: AtomicU32,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl Method {
    /// A unary method that may not be repeated.
    pub const fn new(service: &'static str, name: &'static str) -> Self {
        Self { service, name, path: None, idempotent: false, kind: Kind::Unary, index: AtomicU32::new(0) }
    }

    /// With the path it has on wires that have paths; a template such as `/profiles/{id}`, never a real one.
    #[must_use]
    pub const fn path(mut self, path: &'static str) -> Self {
        self.path = Some(path);
        self
    }

    /// Marked as one that may run twice without harm.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// With streams.
    #[must_use]
    pub const fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// A method made while the program runs. Its memory is never given back: make one per route, not one per call.
    pub fn leak(service: String, name: String, path: Option<String>) -> &'static Method {
        let mut method = Method::new(service.leak(), name.leak());
        method.path = path.map(|path| &*path.leak());
        Box::leak(Box::new(method))
    }

    /// The service it belongs to.
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// Its name within the service.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its path template, where it has one.
    pub const fn path_template(&self) -> Option<&'static str> {
        self.path
    }

    /// Whether it may run twice without harm.
    pub const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Who streams.
    pub const fn streaming(&self) -> Kind {
        self.kind
    }

    /// A small number of its own in this process, from 0 up, given out in the order of first use: what a layer
    /// indexes its per-method handles with.
    pub fn index(&self) -> usize {
        match self.index.load(Ordering::Relaxed) {
            0 => self.assign(),
            given => given as usize - 1,
        }
    }

    #[cold]
    fn assign(&self) -> usize {
        // The number is published before any caller returns, so two first callers agree; the loser's number stays unused.
        let mine = NEXT.fetch_add(1, Ordering::Relaxed);
        match self.index.compare_exchange(0, mine, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => mine as usize - 1,
            Err(given) => given as usize - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_keeps_one_index_of_its_own() {
        static A: Method = Method::new("s", "a");
        static B: Method = Method::new("s", "b");
        assert_ne!(A.index(), B.index());
        assert_eq!(A.index(), A.index());
        let threads: Vec<_> = (0..8)
            .map(|_| {
                static C: Method = Method::new("s", "c");
                std::thread::spawn(|| C.index())
            })
            .collect();
        let seen: std::collections::HashSet<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn a_leaked_method_says_what_it_was_told() {
        let method = Method::leak("svc".into(), "get".into(), Some("/a/{id}".into()));
        assert_eq!((method.service(), method.name(), method.path_template()), ("svc", "get", Some("/a/{id}")));
        assert!(!method.is_idempotent());
    }
}
