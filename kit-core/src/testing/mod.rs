//! Doubles for tests, behind the feature `testing`.

pub mod mock;
