//! Instances that come, fail and go.

use std::sync::Arc;
use std::time::Duration;

use kit::client::Client;
use kit::discovery::check::Check;
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{Channel, Context, Endpoint as _, Error, Factory, Instance, Method, Routed, endpoint_fn};
use tokio::time::timeout;

use crate::{MS, PATIENCE};

/// May not be called twice.
static READY: Method = Method::new("instances", "ready");

/// A channel that is nothing but the id of its instance.
struct Line(Arc<str>);

impl Channel for Line {
    async fn close(&self) {}
}

struct Lines;

impl Factory for Lines {
    type Channel = Line;

    async fn make(&self, instance: &Instance) -> Result<Line, Error> {
        Ok(Line(Arc::clone(&instance.id)))
    }
}

/// One of the instances does not pass.
struct NotC;

impl Check<Line> for NotC {
    async fn check(&self, _instance: &Instance, channel: &Line) -> Result<(), Error> {
        if &*channel.0 == "c:1" { Err(Error::unavailable("sick")) } else { Ok(()) }
    }
}

/// Two instances that fail, of which one may be ejected; one that is sick; a call that hangs when all of them go.
pub(crate) async fn instances(metrics: &Registry) {
    let services = kit::discovery::testing::memory::Registry::new();
    let listed = services.instancer("instances").start().unwrap();
    let mut config = kit::client::Config::default();
    config.endpointer.drain = Duration::ZERO;
    config.endpointer.policy.empty_grace = Duration::ZERO;
    let client = Client::over(listed, Lines).config(config).check(NotC).start(&Logger::discard(), metrics).unwrap();
    let call = endpoint_fn(async |_cx, routed: Routed<Arc<Line>, bool>| match routed.request {
        true => std::future::pending().await,
        false => Err::<(), _>(Error::unavailable("down")),
    });
    let (call, breakers) = (Arc::new(client.endpoint(&READY, call)), client.breakers().clone());
    assert!(call.call(&mut Context::new(), false).await.is_err(), "nobody is known");
    services.set("instances", ["a:1", "b:1", "c:1"].map(Instance::new));
    let rises = async |name: &str, least: f64| {
        let label = if name.starts_with("kit_discovery_") { "service" } else { "client" };
        let rose = async {
            while metrics.snapshot().value(name, &[(label, "instances")]).unwrap() < least {
                tokio::time::sleep(MS).await;
            }
        };
        timeout(PATIENCE, rose).await.unwrap_or_else(|_| panic!("{name} stays below {least}"));
    };
    rises("kit_client_channels_made_total", 3.0).await;
    rises("kit_client_checks_failed_total", 1.0).await;
    let spared = || metrics.snapshot().value("kit_client_ejections_spared_total", &[("client", "instances")]).unwrap();
    while spared() < 1.0 {
        assert!(call.call(&mut Context::new(), false).await.is_err());
        tokio::task::yield_now().await;
        ["a:1", "b:1"].into_iter().filter_map(|id| breakers.get(&id.into())).for_each(|breaker| breaker.reset());
    }
    let hung = tokio::spawn({
        let call = Arc::clone(&call);
        async move { call.call(&mut Context::new(), true).await }
    });
    while client.endpointer().explain().instances.iter().all(|instance| instance.in_flight == 0) {
        tokio::task::yield_now().await;
    }
    services.set("instances", []);
    rises("kit_client_calls_cut_total", 1.0).await;
    hung.abort();
    rises("kit_discovery_empty_answers_total", 1.0).await;
    services.garble("instances", "nobody's address");
    rises("kit_discovery_skipped_total", 1.0).await;
    services.fail(Error::unavailable("the registry is down"));
    rises("kit_discovery_failures_total", 1.0).await;
}
