//! The cases, timed by Criterion.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, thread};

use criterion::Criterion;
use kit_bench::cases::{Cases, Set};

struct Timed(Criterion);

impl Cases for Timed {
    fn case(&mut self, name: &'static str, mut f: impl FnMut()) {
        self.0.bench_function(name, |bencher| bencher.iter(&mut f));
    }

    fn timed(&mut self, name: &'static str, f: impl FnMut()) {
        self.case(name, f);
    }

    fn contended(&mut self, name: &'static str, f: impl Fn() + Sync) {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    (0..64).for_each(|_| f());
                }
            });
            self.case(name, &f);
            done.store(true, Ordering::Relaxed);
        });
    }
}

fn main() -> io::Result<()> {
    let mut timed = Timed(Criterion::default().configure_from_args());
    Set::wanted()?.all(&mut timed);
    timed.0.final_summary();
    Ok(())
}
