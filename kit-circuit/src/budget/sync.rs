//! What `slots` are made of; their model has loom's instead.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
