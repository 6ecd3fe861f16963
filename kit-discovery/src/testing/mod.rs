//! What tests of discovery need, behind the feature `testing`: a [registry in memory](memory) that fails on demand.

pub mod memory;
