//! The client that is driven: kit's balanced one. All else here calls by [`Client::call`] alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::circuit::budget::Budget;
use kit::circuit::retry::{self, RetryLayer};
use kit::circuit::timeout::TimeoutLayer;
use kit::codec::Json;
use kit::discovery::balance::{PeakEwma, Roster};
use kit::discovery::{Instancer, Policy, View};
use kit::http::client::{Config, Target};
use kit::log::Logger;
use kit::task::Owned;
use kit::{BoxEndpoint, ChildLayer, Context, Endpoint, Error, Instance, Method, observe};
use tokio::time::{Instant, timeout};

use crate::Failed;
use crate::call::{Settings, YesNo};
use crate::instance::NAME;
use crate::service::{self, Answer, EXECUTE, EXECUTE_ONCE, Execute, SERVICE};

/// How long the first set may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a call.
pub(crate) struct Reached {
    /// `None` if it never ended.
    pub(crate) result: Option<Result<(), Error>>,
    pub(crate) attempts: u32,
    /// Where they went, in their order.
    pub(crate) instances: Vec<String>,
}

/// Where the attempts of a call went, for who made it: it goes down with the context.
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

type Channel = Arc<BoxEndpoint<Execute, Answer>>;

pub(crate) struct Client {
    execute: BoxEndpoint<Execute, Answer>,
    roster: Arc<Roster<Channel>>,
    _follow: Owned<()>,
    _instancer: Box<dyn Instancer>,
}

impl Client {
    /// Waits until somebody is known.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failed> {
        let log = service::log()?;
        let spec = settings.discover.clone().ok_or_else(|| Error::invalid_argument("--discover is missing"))?;
        let instancer = spec.start(SERVICE, observe::discovery_log(&log))?;
        let method = if settings.idempotent == YesNo::Yes { &EXECUTE } else { &EXECUTE_ONCE };
        let roster = Arc::new(Roster::new(Default::default())?);
        let view = instancer.subscribe().view(Policy::default())?;
        let known = timeout(PATIENCE, instancer.subscribe().ready()).await;
        known
            .map_err(|_| Failed::Broken(format!("nobody is known at {spec} after {PATIENCE:?}")))?
            .map_err(Error::from)?;
        let http = kit::http::client::Client::new(Config::default())?;
        let follow = Owned::spawn(follow(view, Arc::clone(&roster), http, method, log));
        let budget = Budget::default();
        let retry = RetryLayer::new(retry::Config::default()).map_err(Error::from)?.budget(&budget);
        let attempt = TimeoutLayer::new(settings.attempt()).map_err(Error::from)?;
        let picking = Picking { roster: Arc::clone(&roster), balancer: PeakEwma::new() };
        let execute = picking.layer(attempt).layer(retry).layer(ChildLayer::new(method)).boxed();
        Ok(Self { execute, roster, _follow: follow, _instancer: instancer })
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
        format!("{:?}", self.roster.candidates())
    }
}

async fn follow(
    mut view: View,
    roster: Arc<Roster<Channel>>,
    http: kit::http::client::Client,
    method: &'static Method,
    log: Logger,
) {
    let mut channels: HashMap<Arc<str>, Channel> = HashMap::new();
    loop {
        let served = view.instances().map(|instances| {
            let mut served = Vec::new();
            for instance in instances.iter() {
                let made = channels.get(&instance.address).cloned().map_or_else(|| make(&http, method, instance), Ok);
                match made {
                    Ok(channel) => {
                        channels.insert(Arc::clone(&instance.address), Arc::clone(&channel));
                        served.push((Arc::clone(instance), channel));
                    }
                    Err(error) => kit::log::warn!(log, "no channel"; "cause" => error.message()),
                }
            }
            served
        });
        roster.replace(served);
        if view.changed().await.is_err() {
            return;
        }
    }
}

fn make(http: &kit::http::client::Client, method: &'static Method, instance: &Instance) -> Result<Channel, Error> {
    let target = Target::parse(&format!("http://{}", instance.address))?;
    Ok(Arc::new(http.post(method, &target, Json).binding::<Answer>()?.boxed()))
}

struct Picking {
    roster: Arc<Roster<Channel>>,
    balancer: PeakEwma,
}

impl Endpoint<Execute> for Picking {
    type Response = Answer;

    async fn call(&self, cx: &mut Context, request: Execute) -> Result<Answer, Error> {
        let pick = self.roster.pick(cx, &self.balancer)?;
        if let Some(trail) = cx.extensions().get::<Trail>() {
            trail.note(pick.instance());
        }
        let result = pick.channel().call(cx, request).await;
        pick.end(cx.outcome_of(&result), cx.end());
        result
    }
}
