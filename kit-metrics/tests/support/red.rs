//! Calls that end as they are told, and a scrape that says how they ended.

#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use kit_core::{Code, Context, Endpoint as _, Error, Method, Outcome, endpoint_fn};
use kit_metrics::red::RedLayer;
use kit_metrics::{Registry, prometheus};
use tokio::time::sleep;

use crate::support::scrape::{Labels, Scrape};

pub(crate) type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

pub(crate) static PLACE: Method = Method::new("orders", "place");
pub(crate) static STOCK: Method = Method::new("warehouse", "stock");

pub(crate) const MS: Duration = Duration::from_millis(1);

/// How a call is to end, after a wait if it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Reply,
    Said(Outcome),
    Fail(Code),
    Refuse,
    Panic,
    Hang,
}

pub(crate) async fn end(cx: &mut Context, (ending, wait): (Ending, Duration)) -> Result<&'static str, Error> {
    if !wait.is_zero() {
        sleep(wait).await;
    }
    match ending {
        Ending::Reply => Ok("done"),
        Ending::Said(outcome) => {
            cx.set_outcome(outcome);
            Ok("said")
        }
        Ending::Fail(code) => Err(Error::from_code(code)),
        Ending::Refuse => Err(Error::unavailable("the breaker is open").with_outcome(Outcome::Rejected)),
        Ending::Panic => panic!("the call was told to panic"),
        Ending::Hang => std::future::pending().await,
    }
}

/// Calls through `layer`, under the method `PLACE`; what is still running after a second is dropped.
pub(crate) async fn call(layer: &RedLayer, ending: Ending, wait: Duration) {
    let endpoint = endpoint_fn(end).layer(layer.clone());
    let mut cx = Context::new();
    cx.set_method(&PLACE);
    let call = AssertUnwindSafe(endpoint.call(&mut cx, (ending, wait))).catch_unwind();
    let _ = tokio::time::timeout(1_000 * MS, call).await;
}

/// A registry as Prometheus reads it.
pub(crate) struct Read(pub(crate) Scrape);

impl Read {
    #[track_caller]
    pub(crate) fn of(registry: &Registry) -> Self {
        let scrape = Scrape::parse(&prometheus::text(registry));
        assert_eq!(scrape.malformed, [""; 0]);
        Self(scrape)
    }

    /// The counts of calls by outcome and code, those that are zero left out.
    pub(crate) fn ended(&self, side: &str, method: &Method) -> BTreeMap<(String, String), f64> {
        let of = |(label, value): (&str, &str), labels: &Labels| labels[label] == value;
        let series = self.0.samples.iter().filter(|(name, labels, count)| {
            *name == format!("kit_{side}_requests_total")
                && of(("service", method.service()), labels)
                && of(("method", method.name()), labels)
                && *count > 0.0
        });
        series.map(|(_, labels, count)| ((labels["outcome"].clone(), labels["code"].clone()), *count)).collect()
    }

    fn value(&self, name: &str, method: &Method) -> Option<f64> {
        self.0.sample(name, &[("service", method.service()), ("method", method.name())])
    }

    pub(crate) fn in_flight(&self, side: &str, method: &Method) -> f64 {
        self.value(&format!("kit_{side}_requests_in_flight"), method).expect("a gauge")
    }

    /// How many calls were timed, and for how long in all.
    pub(crate) fn timed(&self, side: &str, method: &Method) -> (f64, f64) {
        let name = |end| format!("kit_{side}_request_duration_seconds_{end}");
        (self.value(&name("count"), method).expect("a count"), self.value(&name("sum"), method).expect("a sum"))
    }
}

pub(crate) fn counts<const N: usize>(of: [(&str, &str, f64); N]) -> BTreeMap<(String, String), f64> {
    of.map(|(outcome, code, count)| ((outcome.into(), code.into()), count)).into()
}
