//! What the operating system says of this process, and which kit it runs.
//!
//! Names and meanings are those of Prometheus' own clients, so that dashboards made for them fit. Read from `/proc/self`
//! when a snapshot is taken, which costs some tens of microseconds; on a system without it [`register`] adds nothing.
//!
//! | metric | meaning |
//! |---|---|
//! | `process_cpu_seconds_total` | processor time, of the program and of the kernel for it |
//! | `process_resident_memory_bytes` | memory held |
//! | `process_virtual_memory_bytes` | memory mapped |
//! | `process_open_fds`, `process_max_fds` | open file descriptors, and how many there may be |
//! | `process_start_time_seconds` | when it started, in seconds since 1970 |
//! | `process_threads` | threads |

#[cfg(target_os = "linux")]
mod proc;

use crate::error::RegisterError;
use crate::registry::Registry;

/// Adds the metrics of this process. What cannot be read is NaN.
///
/// # Errors
/// They are registered already.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = kit_metrics::Registry::new();
/// kit_metrics::process::register(&registry)?;
/// # #[cfg(target_os = "linux")]
/// assert!(registry.snapshot().value("process_threads", &[]) >= Some(1.0));
/// # Ok(())
/// # }
/// ```
pub fn register(registry: &Registry) -> Result<(), RegisterError> {
    #[cfg(target_os = "linux")]
    proc::register(registry)?;
    #[cfg(not(target_os = "linux"))]
    let _ = registry;
    Ok(())
}

/// Adds `kit_build_info`, always 1, with the `version` of kit and the `profile` it was built with. Your own build has
/// [`Registry::info`].
///
/// # Errors
/// The name is registered with another shape.
pub fn build_info(registry: &Registry) -> Result<(), RegisterError> {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("profile", profile)];
    registry.info("kit_build_info", "Which kit runs", labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_told_once_however_often_it_is_added() {
        let registry = Registry::new();
        build_info(&registry).unwrap();
        build_info(&registry).unwrap();
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("profile", "debug")];
        assert_eq!(registry.snapshot().value("kit_build_info", &labels), Some(1.0));
    }
}
