//! A transport and a source of the tests' own: an instance is an entry in a map, a channel the way to it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kit::circuit::retry::{self, RetryLayer};
use kit::client::{Builder, Client, Config};
use kit::discovery::balance::RoundRobin;
use kit::discovery::{Answer, Instancer, Publisher, Subscription};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::sources::SeededRandom;
use kit::{Channel, Context, Endpoint, Error, Factory, Instance, Method, Retry, Routed};

/// May be called twice.
pub(crate) static READ: Method = Method::new("letters", "read").idempotent();
/// May not.
pub(crate) static WRITE: Method = Method::new("letters", "write");

/// How an instance answers.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    Well,
    Late(Duration),
    Never,
    /// After it has done what was asked.
    Fails,
    /// Without having been reached.
    Unreached,
}

/// Who is out there, what each was asked, and which channels were closed.
#[derive(Clone, Default)]
pub(crate) struct Net(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: BTreeMap<String, Answers>,
    asked: Vec<(String, u32)>,
    closed: Vec<String>,
}

impl Net {
    /// All of these answer well.
    pub(crate) fn of(addresses: &[&str]) -> Self {
        let net = Self::default();
        addresses.iter().for_each(|address| net.set(address, Answers::Well));
        net
    }

    pub(crate) fn set(&self, address: &str, answers: Answers) {
        self.state().answers.insert(address.to_owned(), answers);
    }

    /// Who was asked this, in order; those that were not reached are not among them.
    pub(crate) fn asked(&self, number: u32) -> Vec<String> {
        self.state().asked.iter().filter(|(_, asked)| *asked == number).map(|(who, _)| who.clone()).collect()
    }

    /// How often anybody was asked anything.
    pub(crate) fn total(&self) -> usize {
        self.state().asked.len()
    }

    pub(crate) fn closed(&self) -> Vec<String> {
        self.state().closed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// Makes the way to an instance; to one that nobody knows there is none.
pub(crate) struct Wires(pub(crate) Net);

pub(crate) struct Wire {
    net: Net,
    address: String,
}

impl Factory for Wires {
    type Channel = Wire;

    async fn make(&self, instance: &Instance) -> Result<Wire, Error> {
        match self.0.state().answers.contains_key(&*instance.address) {
            true => Ok(Wire { net: self.0.clone(), address: instance.address.to_string() }),
            false => Err(Error::unavailable("no such address")),
        }
    }
}

impl Channel for Wire {
    async fn close(&self) {
        self.net.state().closed.push(self.address.clone());
    }
}

/// A method on a wire: who answered?
#[derive(Clone, Copy)]
pub(crate) struct Ask;

impl Endpoint<Routed<Arc<Wire>, u32>> for Ask {
    type Response = String;

    async fn call(&self, cx: &mut Context, routed: Routed<Arc<Wire>, u32>) -> Result<String, Error> {
        let Wire { net, address } = &*routed.channel;
        let answers = net.state().answers[address];
        if matches!(answers, Answers::Unreached) {
            return Err(Error::unavailable("connection refused").with_retry(Retry::Safe));
        }
        net.state().asked.push((address.clone(), routed.request));
        match answers {
            Answers::Late(by) => tokio::time::sleep(by).await,
            Answers::Never => pending().await,
            _ => {}
        }
        cx.stamp();
        match answers {
            Answers::Fails => Err(Error::unavailable("the disk is full")),
            _ => Ok(address.clone()),
        }
    }
}

/// A source of instances that a test plays by hand.
pub(crate) struct Listed {
    publisher: Mutex<Option<Publisher>>,
    subscription: Subscription,
}

impl Listed {
    /// Nothing is known yet.
    pub(crate) fn nobody_yet() -> Arc<Self> {
        let publisher = Publisher::new("letters");
        let subscription = publisher.subscribe();
        Arc::new(Self { publisher: Mutex::new(Some(publisher)), subscription })
    }

    pub(crate) fn of(addresses: &[&str]) -> Arc<Self> {
        let listed = Self::nobody_yet();
        listed.set(addresses);
        listed
    }

    pub(crate) fn set(&self, addresses: &[&str]) {
        let answer = Answer::new(addresses.iter().map(|address| Instance::new(*address)));
        self.publisher.lock().unwrap().as_mut().unwrap().publish(answer);
    }

    pub(crate) fn fail(&self, error: Error) {
        self.publisher.lock().unwrap().as_mut().unwrap().fail(error);
    }
}

impl Instancer for Listed {
    fn subscribe(&self) -> Subscription {
        self.subscription.clone()
    }

    fn stop(&self) {
        drop(self.publisher.lock().unwrap().take());
    }
}

/// Settings under which nothing but what a test is about leaves anybody out: no ejection, and no slow start.
pub(crate) fn plain() -> Config {
    let mut config = Config::default();
    config.endpointer.balance.ejection.max_share = 0.0;
    config.endpointer.balance.slow_start = Duration::ZERO;
    config
}

/// In turns, with pauses that are the same each time.
pub(crate) fn client(listed: &Arc<Listed>, net: &Net, config: Config) -> Builder<Wires, RoundRobin> {
    let retry = RetryLayer::new(retry::Config::default()).unwrap().random(SeededRandom::new(7));
    let client = Client::over(Arc::clone(listed), Wires(net.clone())).config(config).retry(retry);
    client.random(SeededRandom::new(7)).balancer(RoundRobin::new())
}

pub(crate) fn log() -> Logger {
    Logger::discard()
}

pub(crate) fn registry() -> Registry {
    Registry::new()
}
