//! The client that is driven: kit's balanced one, as it comes. All else here calls by [`Client::call`] alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::client::Config;
use kit::codec::Json;
use kit::http::client::post;
use kit::metrics::Registry;
use kit::{BoxEndpoint, Context, Endpoint, Error, Instance, Routed, observe};
use tokio::time::{Instant, timeout};

use crate::Failed;
use crate::call::{Settings, YesNo};
use crate::instance::NAME;
use crate::service::{self, Answer, EXECUTE, EXECUTE_ONCE, Execute, SERVICE};

/// How long it may take until somebody can be called.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a call.
pub(crate) struct Reached {
    /// `None` if it never ended.
    pub(crate) result: Option<Result<(), Error>>,
    pub(crate) attempts: u32,
    /// Where they went, in their order.
    pub(crate) instances: Vec<String>,
}

pub(crate) struct Client {
    client: kit::client::Client,
    execute: BoxEndpoint<Execute, Answer>,
}

impl Client {
    /// Waits until somebody may be called.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failed> {
        let log = service::log()?;
        let spec = settings.discover.clone().ok_or_else(|| Error::invalid_argument("--discover is missing"))?;
        let source = spec.start(SERVICE, observe::discovery_log(&log))?;
        let config = Config { attempt_timeout: settings.attempt(), ..Config::default() };
        let client = kit::client::Client::builder(source).config(config).start(&log, &Registry::new())?;
        let ready = timeout(PATIENCE, client.ready()).await;
        ready.map_err(|_| Failed::Broken(format!("nobody can be called at {spec} after {PATIENCE:?}")))??;
        let method = if settings.idempotent == YesNo::Yes { &EXECUTE } else { &EXECUTE_ONCE };
        let execute = client.endpoint(method, Noted(post(method, Json).binding::<Answer>()?)).boxed();
        Ok(Self { client, execute })
    }

    /// Makes the call of this id, which has to be over `by` then.
    pub(crate) async fn call(&self, id: &str, by: Instant) -> Reached {
        let trail = Trail::default();
        let mut cx = Context::new();
        cx.extensions_mut().insert(trail.clone());
        let mut scope = cx.scope(Some(by));
        let result = self.execute.call(&mut scope, Execute { id: id.to_owned() }).await.map(drop);
        scope.finish();
        let instances = trail.take();
        Reached { result: Some(result), attempts: instances.len() as u32, instances }
    }

    /// What it knows of the instances.
    pub(crate) fn explain(&self) -> String {
        self.client.explain().to_string()
    }
}

/// Where the attempts of a call went, for who made it: it goes down with the context, whose children and forks share it.
#[derive(Clone, Default)]
struct Trail(Arc<Mutex<Vec<String>>>);

impl Trail {
    fn note(&self, instance: &Instance) {
        // What discovery calls it differs from registry to registry.
        let name = instance.metadata.get(NAME).unwrap_or(&instance.id);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_string());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Innermost, before the wire: what a breaker refused went nowhere.
struct Noted<E>(E);

impl<E, C, Req> Endpoint<Routed<C, Req>> for Noted<E>
where
    E: Endpoint<Routed<C, Req>>,
    C: Send,
    Req: Send,
{
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, routed: Routed<C, Req>) -> Result<E::Response, Error> {
        if let Some(trail) = cx.extensions().get::<Trail>() {
            trail.note(&routed.instance);
        }
        self.0.call(cx, routed).await
    }
}
