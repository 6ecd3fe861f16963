//! Doubles for tests, and what [contracts](contract) are written with, behind the feature `testing`.

pub mod contract;
pub mod mock;
