//! kit-metrics
