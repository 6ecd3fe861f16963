//! What every row begins with: a registry, four instances, two callers; and what it ends with, their books.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kit::codec::Json;
use kit::http::client::{Client, Config, Target};
use kit::{Context, Endpoint as _};
use tokio::time::{Instant, sleep};

use super::ports::Ports;
use super::program::Program;
use super::registry::{self, Kind, Registry};
use super::watch::{Sighting, Watch};
use crate::Failed;
use crate::call::figure;
use crate::check::{Books, Judged, Question};
use crate::clock::Clock;
use crate::ledger::{self, Executed};
use crate::service::{FAULT, Fault};

/// The instances that every row begins with. A fifth is started by the row that wants one.
pub(super) const ALL: [&str; 4] = ["a", "b", "c", "d"];
/// Whom faults happen to.
pub(super) const VICTIM: &str = "b";

pub(super) const DEADLINE: Duration = Duration::from_secs(4);
/// Three attempts fit in the deadline, and an instance that is slow by half a second in an attempt.
pub(super) const ATTEMPT: Duration = Duration::from_secs(1);

/// What an instance may take to be ready, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// How it is driven.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Calls a second, both callers together.
    pub(super) rps: f64,
    pub(super) quick: bool,
    pub(super) kind: Kind,
}

/// Of these a fifth are calls that must not be made twice.
const ONCE: f64 = 0.2;

struct Member {
    addr: SocketAddr,
    program: Option<Program>,
}

pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) clock: Clock,
    pub(super) watch: Watch,
    pub(super) registry: Registry,
    folder: PathBuf,
    ports: Ports,
    members: BTreeMap<String, Member>,
    callers: Vec<(&'static str, Program)>,
}

/// What was written down.
pub(super) struct Record {
    /// Of the calls that may be made twice.
    pub(super) twice: Books,
    /// Of those that must not be.
    pub(super) once: Books,
    pub(super) sightings: Vec<Sighting>,
    /// What the callers logged.
    pub(super) log: String,
    /// Of those that must not be made twice, how many failed with an error that says that the call may have run.
    pub(super) marked: u64,
}

const TWICE: &str = "twice";
const SINGLE: &str = "once";

impl Scene {
    /// Starts everything in `folder`, and waits until all of it is there and calls flow.
    pub(super) async fn open(plan: Plan, folder: &Path) -> Result<Self, Failed> {
        let (clock, mut ports) = (Clock::start(), Ports::new());
        let registry = Registry::start(plan.kind, folder, &mut ports).await?;
        let watch = Watch::start(&registry.discover(), clock)?;
        let members = BTreeMap::new();
        let folder = folder.to_owned();
        let mut scene = Self { plan, clock, watch, registry, folder, ports, members, callers: Vec::new() };
        for id in ALL {
            scene.launch(id)?;
        }
        for id in ALL {
            scene.ready(id).await?;
        }
        scene.until("all four are found", |scene| scene.watch.names() == ALL).await?;
        for (name, share) in [(TWICE, 1.0 - ONCE), (SINGLE, ONCE)] {
            scene.call(name, share)?;
        }
        let flow = |scene: &Self| [TWICE, SINGLE].iter().all(|name| scene.lines(name) > 0);
        scene.until("calls flow", flow).await?;
        scene.pass(2.0).await;
        Ok(scene)
    }

    fn call(&mut self, name: &'static str, share: f64) -> io::Result<()> {
        let idempotent = if name == TWICE { "yes" } else { "no" };
        let ledger = self.folder.join(format!("{name}.calls"));
        let (rps, deadline, attempt) = (self.plan.rps * share, DEADLINE.as_millis(), ATTEMPT.as_millis());
        let flags = [
            ("--discover", self.registry.discover()),
            ("--transport", "http".to_owned()),
            ("--n", "1000000000".to_owned()),
            ("--rps", rps.to_string()),
            // More than a fault should ever hold: beyond it the caller waits, instead of drowning.
            ("--concurrency", ((rps / 2.0) as usize).max(64).to_string()),
            ("--deadline-ms", deadline.to_string()),
            ("--attempt-ms", attempt.to_string()),
            ("--idempotent", idempotent.to_owned()),
            ("--ledger", ledger.display().to_string()),
        ];
        let args = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
        let args = std::iter::once("call".to_owned()).chain(args);
        let log = self.folder.join(format!("{name}.log"));
        self.callers.push((name, Program::start(&std::env::current_exe()?, args, &log)?));
        Ok(())
    }

    fn lines(&self, name: &str) -> u64 {
        std::fs::metadata(self.folder.join(format!("{name}.calls"))).map_or(0, |file| file.len())
    }

    /// Starts an instance, at its own port.
    pub(super) fn launch(&mut self, id: &str) -> io::Result<()> {
        let addr = match self.members.get(id) {
            Some(member) => member.addr,
            None => SocketAddr::from(([127, 0, 0, 1], self.ports.take()?)),
        };
        let ledger = self.folder.join(format!("{id}.executed"));
        let flags = [
            ("--id", id.to_owned()),
            ("--addr", addr.to_string()),
            ("--register", self.registry.register()),
            ("--ledger", ledger.display().to_string()),
        ];
        let args = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
        let args = std::iter::once("instance".to_owned()).chain(args);
        let log = self.folder.join(format!("{id}.log"));
        let program = Program::start(&std::env::current_exe()?, args, &log)?;
        self.members.insert(id.to_owned(), Member { addr, program: Some(program) });
        Ok(())
    }

    /// Waits until an instance says that it is ready, which it is when it is registered; and is listed.
    pub(super) async fn ready(&mut self, id: &str) -> Result<(), Failed> {
        let addr = self.member(id)?.addr;
        let by = Instant::now() + PATIENCE;
        while registry::get(addr, "/readyz").await.is_none_or(|(status, _)| status != 200) {
            if Instant::now() > by {
                return Err(self.broken(&format!("{id} is not ready after {PATIENCE:?}")));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(self.registry.list(id, Some(addr))?)
    }

    /// SIGKILL. A registry hears nothing of it.
    pub(super) async fn kill(&mut self, id: &str) -> Result<u64, Failed> {
        let program = self.take(id)?;
        let at = self.clock.now();
        program.kill().await?;
        Ok(at)
    }

    /// SIGTERM, after which it withdraws itself, drains and ends; how long that took.
    pub(super) async fn stop(&mut self, id: &str) -> Result<Duration, Failed> {
        self.registry.list(id, None)?;
        let program = self.take(id)?;
        let begun = Instant::now();
        let status = program.stop(PATIENCE).await?;
        if !status.success() {
            return Err(self.broken(&format!("{id} ended with {status} after SIGTERM")));
        }
        Ok(begun.elapsed())
    }

    pub(super) async fn pause(&mut self, id: &str) -> Result<u64, Failed> {
        let at = self.clock.now();
        self.program(id)?.pause().await?;
        Ok(at)
    }

    pub(super) async fn resume(&mut self, id: &str) -> Result<u64, Failed> {
        let at = self.clock.now();
        self.program(id)?.signal("CONT").await?;
        Ok(at)
    }

    /// Makes an instance slow or failing; since when.
    pub(super) async fn fault(&mut self, id: &str, fault: Fault) -> Result<u64, Failed> {
        let target = Target::parse(&format!("http://{}", self.member(id)?.addr))?;
        let tell = Client::new(Config::default())?.post(&FAULT, &target, Json).endpoint::<Fault>()?;
        let at = self.clock.now();
        let mut cx = Context::new();
        tell.call(&mut cx.scope_after(Duration::from_secs(5)), fault).await?;
        Ok(at)
    }

    /// The registry forgets an instance that has ended without a word: a file is told to, a real one does by itself. When that was.
    pub(super) async fn forgotten(&mut self, id: &str) -> Result<u64, Failed> {
        self.registry.list(id, None)?;
        self.until("the registry forgets who was killed", |scene| !scene.watch.names().iter().any(|name| name == id))
            .await?;
        Ok(self.clock.now())
    }

    pub(super) async fn pass(&self, seconds: f64) {
        sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Waits until `is` is so, for 40 s at most: a registry takes 15 to forget, and some to look.
    pub(super) async fn until(&self, what: &str, is: impl Fn(&Self) -> bool) -> Result<(), Failed> {
        let by = Instant::now() + 2 * PATIENCE;
        while !is(self) {
            if Instant::now() > by {
                return Err(self.broken(&format!("it never came true that {what}")));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Lets the last calls end, stops everybody, and reads what was written down.
    pub(super) async fn close(mut self) -> Result<Record, Failed> {
        let (mut log, mut marked) = (String::new(), 0);
        for (name, program) in std::mem::take(&mut self.callers) {
            let status = program.stop(DEADLINE + PATIENCE).await?;
            if !status.success() {
                return Err(self.broken(&format!("the caller {name} ended with {status}")));
            }
            let output = std::fs::read_to_string(self.folder.join(format!("{name}.log")))?;
            if name == SINGLE {
                let figure = figure(&output, "may_have_run");
                marked = figure.ok_or_else(|| self.broken("a caller ended without its last line"))?;
            }
            log += &output;
        }
        let mut executed: Vec<(String, Vec<Executed>)> = Vec::new();
        for id in self.members.keys() {
            let file = self.folder.join(format!("{id}.executed"));
            executed.push((id.clone(), ledger::read(&file).map_err(Failed::Broken)?));
        }
        let books = |name: &str| {
            let calls = ledger::read(&self.folder.join(format!("{name}.calls"))).map_err(Failed::Broken)?;
            Books::new(calls, executed.clone()).map_err(Failed::Broken)
        };
        let (twice, once) = (books(TWICE)?, books(SINGLE)?);
        Ok(Record { twice, once, sightings: self.watch.sightings(), log, marked })
    }

    fn member(&mut self, id: &str) -> Result<&mut Member, Failed> {
        self.members.get_mut(id).ok_or_else(|| Failed::Broken(format!("there is no instance {id}")))
    }

    fn program(&mut self, id: &str) -> Result<&mut Program, Failed> {
        self.member(id)?.program.as_mut().ok_or_else(|| Failed::Broken(format!("{id} does not run")))
    }

    fn take(&mut self, id: &str) -> Result<Program, Failed> {
        self.member(id)?.program.take().ok_or_else(|| Failed::Broken(format!("{id} does not run")))
    }

    fn broken(&self, line: &str) -> Failed {
        Failed::Broken(format!("{line}; the logs are in {}", self.folder.display()))
    }
}

impl Record {
    /// The idempotent calls of that time.
    pub(super) fn judge(&self, from: u64, to: u64) -> Judged {
        let question = Question { idempotent: Some(true), deadline: Some(DEADLINE), from, to, ..Question::default() };
        self.twice.judge(&question)
    }

    /// The others.
    pub(super) fn judge_once(&self) -> Judged {
        self.once.judge(&Question { idempotent: Some(false), deadline: Some(DEADLINE), ..Question::default() })
    }

    /// How many calls there were from `from` on and before `to`, of both kinds, and how many of them went to `instance`.
    pub(super) fn went_to(&self, instance: &str, from: u64, to: u64) -> (u64, u64) {
        let calls = || self.twice.calls(from, to).chain(self.once.calls(from, to));
        (calls().count() as u64, calls().filter(|call| call.touched(instance)).count() as u64)
    }
}
