//! What a client is made of besides its endpoints: the default [`Stack`] round them.

mod stack;
#[cfg(test)]
mod tests;

pub use crate::stack::{Empty, Replace, Slot};
pub use stack::{DefaultSlots, Slots, Stack, slot};
