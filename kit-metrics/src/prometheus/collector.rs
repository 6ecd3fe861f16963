//! A registry of ours inside one of the crate `prometheus`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use ::prometheus::core::{Collector, Desc};
use ::prometheus::proto::MetricFamily;

use crate::prometheus::gather;
use crate::registry::Registry;

/// Shows a [`Registry`] in a `prometheus::Registry`, beside whatever else that one collects and under its prefix and
/// common labels. Families registered later appear too.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use kit_metrics::prometheus::RegistryCollector;
///
/// let registry = kit_metrics::Registry::new();
/// registry.counter("jobs_total", "Jobs done").unlabelled()?.inc();
///
/// let yours = prometheus::Registry::new_custom(Some("shop".into()), None)?;
/// yours.register(Box::new(RegistryCollector::new(&registry)))?;
/// assert_eq!(yours.gather()[0].name(), "shop_jobs_total");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RegistryCollector {
    registry: Registry,
    desc: Desc,
}

impl RegistryCollector {
    /// Shows this registry.
    pub fn new(registry: &Registry) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // A description stands for the collector as a whole and tells it from others: the families are not known
        // yet, and a registry asks only once.
        let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let labels = HashMap::from([("collector".to_owned(), number)]);
        let help = "A registry of kit-metrics".to_owned();
        let desc = Desc::new("kit_metrics_registry".to_owned(), help, Vec::new(), labels)
            .expect("the name and the label are valid");
        Self { registry: registry.clone(), desc }
    }
}

impl Collector for RegistryCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        gather(&self.registry.snapshot())
    }
}
