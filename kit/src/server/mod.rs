//! What a server is made of besides its endpoints: the default [`Stack`] round them, the port and its runtime ([`Listen`]), and what
//! an operator asks ([`operator`]).

mod listen;
mod operator;
mod stack;
#[cfg(test)]
mod tests;

pub use crate::stack::{Empty, Replace, Slot};
pub use listen::{Listen, Runtime};
pub use operator::operator;
pub use stack::{DefaultSlots, Slots, Stack, slot};
