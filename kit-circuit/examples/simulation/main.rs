//! What each layer does for a client of ten instances, one of them slow and one failing, on a clock that stands still: seconds of
//! load in a moment, and the same figures each time.
//!
//! ```sh
//! cargo run -p kit-circuit --example simulation    # or ./bench circuit, of which it is the second half
//! ```
//!
//! Goodput is answers within the caller's second, per second; amplification is attempts for each call; p99 is of all calls, those that
//! failed among them. An attempt that its client has given up on ends at the instance too.

mod backend;
mod client;
mod run;
#[cfg(test)]
mod tests;

use std::io::{self, Write as _};

use self::backend::State;
use self::client::Stack;
use self::run::run;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    for state in State::ALL {
        writeln!(out, "{}\n", state.as_str())?;
        writeln!(out, "| client | goodput /s | amplification | p99 ms |")?;
        writeln!(out, "|---|--:|--:|--:|")?;
        for stack in Stack::ALL {
            let figures = run(stack, state);
            let (name, goodput, p99) = (stack.as_str(), figures.goodput(), figures.p99().as_millis());
            writeln!(out, "| {name} | {goodput:.0} | {:.2} | {p99} |", figures.amplification())?;
        }
        writeln!(out)?;
    }
    Ok(())
}
