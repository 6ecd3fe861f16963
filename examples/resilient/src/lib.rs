//! What keeps a failing dependency from taking its caller down, seen at work.
//!
//! ```sh
//! cargo run -p resilient                       # 27 seconds; exit 0 if the story held
//! cargo run -p resilient -- --without breaker  # the same with a layer missing: its sentence turns false, exit 1
//! ```
//!
//! A price service answers in 10 ms, until it does not: some of its answers hang, a sixth of them fail, it flaps, all of them hang,
//! it is dead, it comes back. Two clients call it fifty times a second each, over HTTP: one bare, one with seven layers. Each
//! second is a line: what the callers of both got, and for the second what it sent, how its breaker stood and what its budget had left.
//!
//! ```text
//!  s  the service is │ bare ok      p95 │ layers new   old  none     p95 │ sent  at once  breaker    budget
//!  5  uneven         │    100 %    21ms │      100 %   0 %   0 %   124ms │   56        4  closed           8
//!  6  uneven         │    100 %  3003ms │      100 %   0 %   0 %   115ms │   55        4  closed           9
//! 21  dead           │     50 %  3009ms │        0 % 100 %   0 %    26ms │    2        1  open             0
//! 24  back           │    100 %    25ms │      100 %   0 %   0 %    25ms │   50        2  closed          13
//! ```
//!
//! A line is of the calls that ended in that second. `new` are prices from the service, `old` those of the list that the client
//! falls back on, `none` calls that ended in an error. At the end stands the [story](claims): a sentence for each layer, what was
//! measured, and whether it held. `tests/story.rs` runs the story on a paused clock, whole and without each layer.
//!
//! | read | for |
//! |---|---|
//! | [`client`] | the stack: which layer stands where, and with which settings |
//! | [`upstream`] | the service and its script of faults |
//! | [`claims`] | what each layer is there for |
//! | [`story`] | the load, and what is noted of it |
//! | `main.rs` | the same over HTTP |

pub mod claims;
pub mod client;
pub mod story;
pub mod table;
pub mod upstream;
pub mod wire;
