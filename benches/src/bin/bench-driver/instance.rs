//! `instance`: a kit server of one operation, which writes down each call that it begins to execute.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::config::Loader;
use kit::discovery::Spec;
use kit::http::server::{Config, Router, RouterService, json};
use kit::metrics::Registry;
use kit::server::{Listen, Runtime, Stack, operator};
use kit::sources::{Random as _, ThreadRandom};
use kit::{App, Endpoint, Error, Health, Instance, endpoint_with, observe};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::clock::Clock;
use crate::flags::{self, Ranges};
use crate::ledger::{Executed, Ledger};
use crate::service::{self, Answer, EXECUTE, Execute, FAULT, Fault, SERVICE};
use crate::{Done, Failed};

/// How long it still answers after it was withdrawn: those who watch hear of that first.
const NOTICE: Duration = Duration::from_millis(500);

/// Where an instance says what it is called: what discovery calls it differs from registry to registry.
pub(crate) const NAME: &str = "bench-instance";

/// What stands for no registry.
const NONE: &str = "none";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    id: Option<String>,
    addr: SocketAddr,
    register: String,
    ledger: Option<PathBuf>,
    delay_ms: u64,
    fail_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { id: None, addr, register: NONE.to_owned(), ledger: None, delay_ms: 0, fail_ratio: 0.0 }
    }
}

const DOCS: &[(&str, &str)] = &[
    ("id", "what it is called in the ledgers"),
    ("addr", "where to listen"),
    ("register", "where it is announced: consul:HOST:PORT, etcd:HOST:PORT,…/PREFIX, none"),
    ("ledger", "the file that gets a line `id executed_ns` for each call it begins to execute"),
    ("delay_ms", "how long each call takes"),
    ("fail_ratio", "the share of calls that fail, after they were written down"),
];

impl Settings {
    pub(crate) fn read(args: Vec<OsString>) -> Result<Self, Failed> {
        let about = "An instance: POST /execute {\"id\":\"…\"} writes the id to the ledger; POST /fault {\"delay_ms\":500,\
                     \"fail_ratio\":0.5} makes it slow or failing while it runs.";
        let settings: Self = flags::read(Loader::new("bench instance").about(about).describe(DOCS), args, &[])?;
        let mut ranges = Ranges::of("bench instance");
        let id: String = ranges.given("--id", settings.id.clone());
        if settings.id.is_some() && !is_name(&id) {
            ranges.refuse(format!("--id is {id:?}, it must be 1 to 64 letters, digits, dots, dashes"));
        }
        ranges.given("--ledger", settings.ledger.clone());
        ranges.within("--delay-ms", settings.delay_ms, 0..=Fault::LONGEST_MS);
        ranges.within("--fail-ratio", settings.fail_ratio, 0.0..=1.0);
        if let Err(malformed) = settings.registry() {
            ranges.refuse(format!("--register: {malformed}"));
        }
        ranges.end()?;
        Ok(settings)
    }

    fn registry(&self) -> Result<Option<Spec>, kit::discovery::Malformed> {
        (self.register != NONE).then(|| self.register.parse()).transpose()
    }
}

/// What fits in every ledger and registry.
fn is_name(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

/// The operation, with what is wrong with it now.
struct Work {
    id: String,
    ledger: Ledger,
    clock: Clock,
    fault: Mutex<Fault>,
}

impl Work {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// What has begun may have had its effect, whatever comes of it: it is written down first.
    async fn execute(&self, id: String) -> Result<Answer, Error> {
        if id.is_empty() || id.contains(char::is_whitespace) {
            return Err(Error::invalid_argument("id must be one word"));
        }
        self.ledger.add(&Executed { id, at: self.clock.now() }).map_err(Error::bug)?;
        let fault = self.fault();
        if fault.delay_ms > 0 {
            sleep(Duration::from_millis(fault.delay_ms)).await;
        }
        if fault.fail_ratio > 0.0 && ThreadRandom.unit() < fault.fail_ratio {
            return Err(Error::unavailable("it was told to fail").with_reason("made_to_fail"));
        }
        Ok(Answer { instance: self.id.clone() })
    }
}

pub(crate) async fn run(settings: Settings) -> Result<Done, Failed> {
    let registry = settings.registry().map_err(Error::from)?;
    let Settings { id, addr, ledger, delay_ms, fail_ratio, .. } = settings;
    let (id, ledger) = (id.unwrap_or_default(), Ledger::open(&ledger.unwrap_or_default())?);
    let log = service::log()?;
    let stack = Stack::new(&log, &Registry::new())?;

    let app = App::new(&log).notice(NOTICE);
    let health = app.health().clone();
    let http = Listen::bind(Config::default(), &addr.to_string(), Runtime::Stealing).await?;
    let addr = http.local_addr();
    let app = match registry {
        None => app,
        Some(registry) => {
            let registrar = registry.registrar(SERVICE, &health, observe::registration_log(&log))?;
            app.register("registration", registrar, announced(&id, addr))
        }
    };
    let fault = Mutex::new(Fault { delay_ms, fail_ratio });
    let work = Arc::new(Work { id: id.clone(), ledger, clock: Clock::start(), fault });
    let greet = move || drop(writeln!(io::stdout(), "{id} listens on http://{addr}"));
    app.http("http", http, move || routes(&work, stack.clone(), &health)).started(greet).run().await?;
    Ok(Done::Well)
}

/// What others are told of it.
pub(crate) fn announced(id: &str, addr: SocketAddr) -> Instance {
    let mut instance = Instance::new(addr.to_string());
    instance.id = id.into();
    instance.metadata.insert(NAME.into(), id.into());
    instance
}

fn routes(work: &Arc<Work>, stack: Stack, health: &Health) -> Result<RouterService, Error> {
    let execute = endpoint_with(Arc::clone(work), async |work, _cx, request: Execute| work.execute(request.id).await);
    // Outside the stack: what it makes of a failing instance does not keep the instance from being made well.
    let faults = Router::new().post(&FAULT, json(fault(work)));
    Router::with(stack).post(&EXECUTE, json(execute)).merge(faults).merge(operator(health)).build()
}

fn fault(work: &Arc<Work>) -> impl Endpoint<Fault, Response = Fault> + 'static {
    endpoint_with(Arc::clone(work), async |work, _cx, fault: Fault| {
        if fault.delay_ms > Fault::LONGEST_MS {
            let line = format!("delay_ms is {}, it must be within [0, {}]", fault.delay_ms, Fault::LONGEST_MS);
            return Err(Error::invalid_argument(line));
        }
        if !(0.0..=1.0).contains(&fault.fail_ratio) {
            return Err(Error::invalid_argument(format!(
                "fail_ratio is {}, it must be within [0, 1]",
                fault.fail_ratio
            )));
        }
        work.set(fault);
        Ok(fault)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Settings, String> {
        flags::told(Settings::read, args)
    }

    #[test]
    fn flags_that_nobody_knows_and_values_out_of_range_are_refused_by_name() {
        let good = ["--id", "a", "--ledger", "a.log"];
        let with = |more: &[&str]| read(&[&good, more].concat());
        assert!(with(&["--register", "consul:127.0.0.1:8500", "--delay-ms", "5"]).is_ok());
        for (args, line) in [
            (with(&["--dealy-ms", "5"]), "--dealy-ms: there is no such setting; is --delay-ms meant?"),
            (with(&["--fail-ratio", "1.5"]), "--fail-ratio is 1.5, it must be within [0, 1]"),
            (with(&["--fail-ratio", "NaN"]), "--fail-ratio is NaN, it must be within [0, 1]"),
            (with(&["--delay-ms", "600001"]), "--delay-ms is 600001, it must be within [0, 600000]"),
            (with(&["--delay-ms", "-1"]), "--delay-ms"),
            (with(&["--register", "zookeeper:a"]), "--register: no such kind of discovery: \"zookeeper\""),
            (read(&["--id", "a b", "--ledger", "l"]), "--id is \"a b\", it must be 1 to 64 letters"),
            (read(&["--id", "a"]), "--ledger is missing"),
        ] {
            let refused = args.expect_err(line);
            assert!(refused.contains(line), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_call_is_written_down_before_it_is_made_to_fail() {
        let file = std::env::temp_dir().join(format!("kit-bench-instance-{}", std::process::id()));
        let fault = Mutex::new(Fault { delay_ms: 0, fail_ratio: 1.0 });
        let ledger = Ledger::open(&file).unwrap();
        let work = Work { id: "a".to_owned(), ledger, clock: Clock::start(), fault };
        assert_eq!(work.execute("1".to_owned()).await.unwrap_err().reason(), Some("made_to_fail"));
        work.set(Fault::default());
        assert_eq!(work.execute("2".to_owned()).await.unwrap().instance, "a");
        assert!(work.execute("a b".to_owned()).await.is_err());
        let lines: Vec<Executed> = crate::ledger::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(lines.iter().map(|line| &*line.id).collect::<Vec<_>>(), ["1", "2"]);
    }
}
