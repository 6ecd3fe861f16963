//! A program's life: its parts started in order, run until a signal, and stopped in reverse.
//!
//! ```no_run
//! use kit::http::server::{Config, Router};
//! use kit::server::{Listen, Runtime, operator};
//! use kit::{App, Error};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let log = kit::log::Logger::new(kit::log::logfmt(std::io::stderr()));
//!     let app = App::new(&log);
//!     let health = app.health().clone();
//!
//!     // A port that is taken fails here, before anything is started.
//!     let http = Listen::bind(Config::default(), "127.0.0.1:8080", Runtime::Stealing).await?;
//!     app.http("http", http, move || Router::new().merge(operator(&health)).build()).run().await
//! }
//! ```
//!
//! The first SIGTERM or SIGINT stops it in order: readiness is refused, what was [registered](App::register) is withdrawn,
//! everything goes on for the [notice](App::notice), then the parts stop, the last one first, each within its limit; a server stops accepting and drains.
//! A second one cuts everything off at once, unless it comes within 150 ms and is the first one again, as `timeout` and process groups send it. What a
//! part failed with is the program's end.
//!
//! # A whole program
//! What the `main` of a service comes to, to copy: settings from the environment and flags, logs, metrics and health, every call inside the default
//! stack, all on one port.
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use std::process::ExitCode;
//!
//! use kit::config::Loader;
//! use kit::http::server::{self, Router, json};
//! use kit::log::log_panics;
//! use kit::metrics::{Provider, Registry};
//! use kit::server::{Listen, Runtime, Stack, operator, scrape};
//! use kit::{App, Error, Method, observe, request_fn};
//! use serde::{Deserialize, Serialize};
//!
//! static LENGTH: Method = Method::new("strings", "length").path("/length").idempotent();
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(default)]
//! struct Settings {
//!     addr: SocketAddr,
//!     /// `prometheus`, `expvar`, `statsd:HOST:PORT` …: see [`kit::metrics::Choice`].
//!     metrics: String,
//!     runtime: Runtime,
//!     server: server::Config,
//!     log: kit::log::Config,
//! }
//!
//! impl Default for Settings {
//!     fn default() -> Self {
//!         let (addr, metrics) = (SocketAddr::from(([127, 0, 0, 1], 8080)), "expvar".to_owned());
//!         Self { addr, metrics, runtime: Runtime::default(), server: Default::default(), log: Default::default() }
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> ExitCode {
//!     // `STRINGS_LOG_LEVEL=debug`, `--addr 0.0.0.0:80`, `--print-config`, `--help`.
//!     let loader = Loader::new("strings").env("STRINGS_", std::env::vars_os()).flags(std::env::args_os().skip(1));
//!     match loader.load() {
//!         Ok(settings) => kit::app::exit("strings", run(settings).await),
//!         Err(stop) => stop.report(),
//!     }
//! }
//!
//! async fn run(settings: Settings) -> Result<(), Error> {
//!     // Kept to the end, when what is queued is written.
//!     let (log, _written) = settings.log.start(std::io::stderr())?;
//!     log_panics(log.clone());
//!     let metrics = Registry::new();
//!     observe::register(&metrics, &log)?;
//!     let backend = Provider::open(&settings.metrics, &metrics)?;
//!     let stack = Stack::new(&log, &metrics)?;
//!
//!     let app = App::new(&log);
//!     let health = app.health().clone();
//!     let port = Listen::bind(settings.server, &settings.addr.to_string(), settings.runtime).await?;
//!     observe::server(&metrics, &port.stats())?;
//!
//!     // Called once, or once for each core of the runtime.
//!     let scraped = backend.clone();
//!     let routes = move || {
//!         let length = request_fn(async |text: String| Ok(text.chars().count()));
//!         Router::with(stack.clone())
//!             .post(&LENGTH, json(length))
//!             .merge(operator(&health).get("/metrics", scrape(&scraped)))
//!             .build()
//!     };
//!     // Parts stop in the reverse order: what the server counted to its end is reported too.
//!     app.metrics("metrics", &backend).http("http", port, routes).run().await
//! }
//! ```
//!
//! It is run with `RUST_LIB_BACKTRACE=0` wherever `RUST_BACKTRACE` is set: otherwise each [error](crate::error#what-one-costs) takes a stack.
//!
//! Beside these: [`register`](App::register) to be found, a [client](crate::client) of each service it calls as a
//! [part](App::part) of its own, [`started`](App::started) for what it prints to who started it.

mod announce;
mod exit;
mod report;
mod signals;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use kit_core::health::{Changed, Health, Status};
use kit_core::lifecycle::{Event, Lifecycle, Limits, Part, Step, Stopped};
use kit_core::{Code, Error, Instance};
use kit_discovery::Registrar;
use kit_log::request::reported;
use kit_log::{Level, Logger};
use kit_metrics::Provider;
use kit_transport::http::server::RouterService;

use crate::server::Listen;
pub use exit::exit;
use signals::Signals;

/// The parts of a program, its health, and the signals that end it. See the [module](self).
#[derive(Debug)]
#[must_use = "it does nothing until it is run"]
pub struct App {
    lifecycle: Lifecycle,
    health: Health,
    log: Logger,
}

impl App {
    /// An app without parts, which logs each step of its parts and each change of its health to `log`.
    pub fn new(log: &Logger) -> Self {
        let changes = log.clone();
        let health = Health::observed(move |changed: &Changed| told(&changes, changed));
        let steps = log.clone();
        let lifecycle = Lifecycle::new().health(&health).observer(move |event: &Event| step(&steps, event));
        Self { lifecycle, health, log: log.clone() }
    }

    /// Its health: what [`operator`](crate::server::operator) answers from, and what a part registers its checks with.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Adds a part: see [`Lifecycle::part`].
    pub fn part<F, Fut>(mut self, name: impl Into<Arc<str>>, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.lifecycle = self.lifecycle.part(name, run);
        self
    }

    /// Adds a part that may end by itself: see [`Lifecycle::job`].
    pub fn job<F, Fut>(mut self, name: impl Into<Arc<str>>, run: F) -> Self
    where
        F: FnOnce(Part) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.lifecycle = self.lifecycle.job(name, run);
        self
    }

    /// Adds an HTTP server as a part: `routes` is called for each core of its runtime, when it is its turn to start. It has the
    /// server's own time to drain.
    pub fn http<F>(mut self, name: impl Into<Arc<str>>, listen: Listen, routes: F) -> Self
    where
        F: Fn() -> Result<RouterService, Error> + Send + Sync + 'static,
    {
        let log = self.log.clone();
        let limits = Limits::default().stop_within(listen.drain_timeout() + STOP_MARGIN);
        self.lifecycle = self.lifecycle.part_within(name, limits, async move |part| {
            kit_log::info!(log, "listening"; "addr" => %listen.local_addr(), "runtime" => listen.runtime().as_str());
            let ready = part.clone();
            let drained = listen.serve(routes, move || ready.ready(), part.stopping()).await?;
            kit_log::info!(log, "drained"; "aborted" => drained.aborted);
            Ok(())
        });
        self
    }

    /// Adds `backend` as a part that reports for the last time when it stops, within two seconds. Added before all others it stops after
    /// them, and what they counted to their end is reported too.
    pub fn metrics(self, name: impl Into<Arc<str>>, backend: &Provider) -> Self {
        let (backend, log) = (backend.clone(), self.log.clone());
        self.part(name, move |part| report::run(part, backend, log))
    }

    /// Adds a job that says that the start is done ([`Health::set_started`]), and then calls `tell`: for what a program prints to
    /// whoever starts it. Added after all others it is called when they are ready and signals are listened to, so that who reads it
    /// may call the program, or stop it, at once.
    pub fn started(self, tell: impl FnOnce() + Send + 'static) -> Self {
        let health = self.health.clone();
        self.job("started", async move |_| {
            health.set_started();
            tell();
            Ok(())
        })
    }

    /// Announces `instance` by `registrar`, once all parts are ready, and withdraws it as the first thing of a stop, before the
    /// [notice](Self::notice) and before anything drains. `name` is that of the part, and of a readiness check.
    ///
    /// A registry that is away at the start is no reason to end: the registration is tried for ever, which the log says at once
    /// and then once a minute, and until it succeeds the app is not ready. What a registrar refuses with `InvalidArgument` or
    /// `Unimplemented` fails the start. A registration that is lost later is made again, and the app stays ready: who has found
    /// it may go on.
    ///
    /// The withdrawal is bounded by the registrar's own settings ([`Config::withdraw`](kit_discovery::registration::Config),
    /// usually) and by the [limits](Self::limits) of parts. One that fails holds up nothing: the instance stays until the
    /// registry's own time limit. What becomes of the registration is told to the observer that the registrar was given:
    /// [`registration_log`](crate::observe::registration_log) logs it.
    ///
    /// ```no_run
    /// use kit::discovery::{Spec, registration};
    /// use kit::http::server::RouterService;
    /// use kit::log::Logger;
    /// use kit::server::{Listen, Runtime};
    /// use kit::{App, Error, observe};
    ///
    /// # async fn run(log: Logger, routes: fn() -> Result<RouterService, Error>) -> Result<(), Error> {
    /// let app = App::new(&log);
    /// let http = Listen::bind(Default::default(), "10.0.0.1:8080", Runtime::Stealing).await?;
    /// let registry: Spec = "consul:127.0.0.1:8500".parse()?;
    /// let registrar = registry.registrar("strings", app.health(), observe::registration_log(&log))?;
    /// let instance = registration::instance(http.local_addr(), None)?;
    /// app.register("registration", registrar, instance).http("http", http, routes).run().await
    /// # }
    /// ```
    pub fn register(
        mut self,
        name: impl Into<Arc<str>>,
        registrar: impl Registrar + 'static,
        instance: Instance,
    ) -> Self {
        let (health, log) = (self.health.clone(), self.log.clone());
        let run = move |part| announce::run(part, registrar, instance, health, log);
        self.lifecycle = self.lifecycle.announcement(name, run);
        self
    }

    /// How long everything goes on after readiness is refused: see [`Lifecycle::notice`]. Default 0.
    pub fn notice(mut self, notice: Duration) -> Self {
        self.lifecycle = self.lifecycle.notice(notice);
        self
    }

    /// The limits of parts that have none of their own: see [`Lifecycle::limits`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.lifecycle = self.lifecycle.limits(limits);
        self
    }

    /// Runs until SIGTERM or SIGINT, or until a part fails.
    ///
    /// # Errors
    /// What the part that failed first failed with; `Aborted` if parts had to be cut off; what [`Lifecycle::run`] refuses before
    /// anything is started.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and timers.
    pub async fn run(self) -> Result<(), Error> {
        let (asked, forced) = Signals::install()?.split();
        let stopped = self.run_until(asked, forced).await?;
        if stopped.is_clean() { Ok(()) } else { Err(cut_off(&stopped)) }
    }

    /// Runs until `shutdown`, cut off by `force`: for tests, and for programs with signals of their own.
    ///
    /// # Errors
    /// As [`Lifecycle::run`].
    pub async fn run_until(
        self,
        shutdown: impl Future<Output = ()>,
        force: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Stopped, Error> {
        let stopped = self.lifecycle.force(force).run(shutdown).await;
        // A log that cannot be flushed has nobody to tell.
        let _ = self.log.flush();
        stopped
    }
}

/// What a server needs beyond its own drain to end in order.
const STOP_MARGIN: Duration = Duration::from_secs(2);

fn cut_off(stopped: &Stopped) -> Error {
    let names = stopped.aborted.iter().chain(&stopped.stuck).map(|name| &**name).collect::<Vec<_>>().join(", ");
    Error::new(Code::Aborted, format!("stopped, but these were cut off: {names}"))
}

fn step(log: &Logger, event: &Event) {
    let level = match event.step {
        Step::Failed | Step::Aborted | Step::Forced | Step::Stuck => Level::Error,
        _ => Level::Info,
    };
    let (part, step, took) = (&*event.part, event.step.as_str(), event.took);
    match &event.error {
        None => kit_log::event!(log, level, "lifecycle"; "part" => part, "step" => step, "took" => ?took),
        Some(error) => {
            kit_log::event!(log, level, "lifecycle"; "part" => part, "step" => step, "took" => ?took, reported(error));
        }
    }
}

/// The log alone learns why a check fails.
fn told(log: &Logger, changed: &Changed) {
    let (check, status) = (&*changed.name, changed.status.as_str());
    match (&changed.error, changed.status) {
        (Some(error), _) => kit_log::warn!(log, "health"; "check" => check, "status" => status, reported(error)),
        (None, Status::Unhealthy) => kit_log::warn!(log, "health"; "check" => check, "status" => status),
        (None, Status::Healthy) => kit_log::info!(log, "health"; "check" => check, "status" => status),
    }
}
