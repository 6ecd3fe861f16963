//! What a server is made of besides its endpoints: the default [`Stack`] round them, the port and its runtime ([`Listen`]), and what
//! an operator asks ([`operator`], [`scrape`]).

mod listen;
mod operator;
mod scrape;
mod stack;
#[cfg(test)]
mod tests;

pub use crate::stack::{Empty, Replace, Slot};
pub use listen::{Listen, Runtime};
pub use operator::operator;
pub use scrape::scrape;
pub use stack::{DefaultSlots, Slots, Stack, slot};
