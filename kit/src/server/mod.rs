//! What a server is made of besides its endpoints: the default [`Stack`] round them, the port and its runtime ([`Listen`]), and what
//! an operator asks ([`operator`]).

mod listen;
mod operator;
pub mod slot;
mod slots;
mod stack;
#[cfg(test)]
mod tests;

pub use listen::{Listen, Runtime};
pub use operator::operator;
pub use slots::{DefaultSlots, Empty, Slots};
pub use stack::{Replace, Stack};
