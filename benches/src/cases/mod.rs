//! The cases of `./bench micro`: the same code is timed by Criterion and counted by callgrind.

mod binding;
mod context;
mod layers;
mod wire;

pub use layers::clock_reads;

/// What is done with the cases.
pub trait Cases {
    /// Takes one: each run of `f` is one call of whatever `name` says.
    fn case(&mut self, name: &'static str, f: impl FnMut());
}

/// Hands all of them to `cases`, in the order of the table.
///
/// # Panics
/// If a case does not do what it is meant to: its figure would be of something else.
pub fn all(cases: &mut impl Cases) {
    context::cases(cases);
    layers::cases(cases);
    binding::cases(cases);
    wire::cases(cases);
}
