//! What tests of discovery need, behind the feature `testing`: a [registry in memory](memory) that fails on demand, and the
//! [contract] that every instancer, registrar and balancer keeps, those of kit and those written outside it.

pub mod contract;
pub mod memory;
