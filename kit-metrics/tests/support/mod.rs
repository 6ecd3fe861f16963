//! Far sides of backends, as little of each as a test needs.

#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod daemon;
pub(crate) mod json;
pub(crate) mod scrape;
