//! kit-log
