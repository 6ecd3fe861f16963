//! The cases, timed by Criterion.

use criterion::Criterion;
use kit_bench::cases::{self, Cases};

struct Timed(Criterion);

impl Cases for Timed {
    fn case(&mut self, name: &'static str, mut f: impl FnMut()) {
        self.0.bench_function(name, |bencher| bencher.iter(&mut f));
    }
}

fn main() {
    let mut timed = Timed(Criterion::default().configure_from_args());
    cases::all(&mut timed);
    timed.0.final_summary();
}
