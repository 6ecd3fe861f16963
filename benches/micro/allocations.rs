//! What each case allocates. Counted: on one thread, after a few runs.
//!
//! Prints a line each: name, allocations, bytes, with tabs between them.

use std::io::{self, Write as _};

use allocation_counter::measure;
use kit_bench::cases::{Cases, Set};

const WARM: u64 = 100;
const COUNTED: u64 = 1_000;

struct Counted;

impl Cases for Counted {
    fn case(&mut self, name: &'static str, mut f: impl FnMut()) {
        (0..WARM).for_each(|_| f());
        let info = measure(|| (0..COUNTED).for_each(|_| f()));
        let each = |total: u64| total as f64 / COUNTED as f64;
        let _ = writeln!(io::stdout(), "{name}\t{}\t{}", each(info.count_total), each(info.bytes_total));
    }

    fn timed(&mut self, name: &'static str, f: impl FnMut()) {
        self.case(name, f);
    }

    /// What one thread does it does beside another.
    fn contended(&mut self, name: &'static str, f: impl Fn() + Sync) {
        self.case(name, f);
    }
}

fn main() -> io::Result<()> {
    Set::wanted()?.all(&mut Counted);
    Ok(())
}
