//! kit-core
