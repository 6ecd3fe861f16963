//! What stands round every endpoint of a server: the default [`Stack`].

pub mod slot;
mod slots;
mod stack;
#[cfg(test)]
mod tests;

pub use slots::{DefaultSlots, Empty, Slots};
pub use stack::{Replace, Stack};
