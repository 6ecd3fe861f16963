//! `faults`: instances that are killed, stopped, slowed, restarted, and registries that go away, under a steady load; each row measured by
//! the checker against what was promised of it.

mod ports;
mod program;
mod promise;
mod registry;
mod rows;
mod scene;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kit::config::Loader;
use kit_bench::plan::tell;
use kit_bench::table::Table;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use self::promise::Promises;
use self::registry::Kind;
use self::rows::Row;
use self::scene::Plan;
use crate::flags::{self, Ranges};
use crate::{Done, Failed};

/// How long one row may take, whatever happens.
const ROW: Duration = Duration::from_secs(150);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    quick: bool,
    only: Vec<Row>,
    registry: Option<Kind>,
    rps: Option<f64>,
}

const DOCS: &[(&str, &str)] = &[
    (
        "only",
        "these rows: kill, pause, slow, fail-fast, flap, roll, all-down, discovery-down, discovery-empty, discovery-partitioned",
    ),
    ("quick", "kill, pause, slow and roll, in a minute, judged with more room"),
    (
        "registry",
        "where instances are found; by default consul if it is on PATH, else a file; those of discovery at each that is there",
    ),
    ("rps", "calls a second; by default 1000, or 300 if it is quick on fewer than 4 cores"),
];

impl Settings {
    pub(crate) fn read(args: Vec<OsString>) -> Result<Self, Failed> {
        let about = "Four instances, their callers, and faults: what was promised, beside what came. Exit code 1 if anything did not hold.";
        let settings: Self = flags::read(Loader::new("bench faults").about(about).describe(DOCS), args, &[])?;
        let mut ranges = Ranges::of("bench faults");
        if let Some(rps) = settings.rps {
            ranges.within("--rps", rps, 20.0..=100_000.0);
        }
        if let Some(kind) = settings.registry.filter(|kind| !kind.is_there()) {
            let why = match kind {
                Kind::Etcd if !cfg!(feature = "etcd") => "was not built: it needs the feature \"etcd\"",
                _ => "is not on PATH",
            };
            ranges.refuse(format!("--registry: {} {why}", kind.as_str()));
        }
        ranges.end()?;
        Ok(settings)
    }

    fn rows(&self) -> Vec<Row> {
        match (&self.only[..], self.quick) {
            ([], true) => Row::SHORT.to_vec(),
            ([], false) => Row::ALL.to_vec(),
            (only, _) => only.to_vec(),
        }
    }

    /// Where the instances of a row are found: none if the row needs what is not there.
    fn kinds(&self, row: Row) -> Vec<Kind> {
        let real = [Kind::Consul, Kind::Etcd];
        match (self.registry, row.is_of_discovery()) {
            (Some(Kind::File), true) => Vec::new(),
            (Some(kind), _) => vec![kind],
            (None, true) => real.into_iter().filter(|kind| kind.is_there()).collect(),
            (None, false) if !self.quick && Kind::Consul.is_there() => vec![Kind::Consul],
            (None, false) => vec![Kind::File],
        }
    }

    fn rps(&self) -> f64 {
        let small = std::thread::available_parallelism().map_or(1, NonZero::get) < 4;
        self.rps.unwrap_or(if self.quick && small { 300.0 } else { 1_000.0 })
    }
}

/// What came of one row.
struct Measured {
    name: String,
    result: Result<Promises, String>,
}

impl Measured {
    fn is_kept(&self) -> bool {
        self.result.as_ref().is_ok_and(Promises::are_kept)
    }
}

pub(crate) async fn run(settings: Settings) -> Result<Done, Failed> {
    let folder = std::env::temp_dir().join(format!("kit-bench-faults-{}", std::process::id()));
    let all = tokio::select! {
        // What was started ends with the rows, which are dropped.
        () = kit::shutdown() => Err(Failed::Broken("it was told to stop".to_owned())),
        all = measure(&settings, &folder) => all,
    };
    let kept = all.as_ref().is_ok_and(|all| all.iter().all(Measured::is_kept));
    if kept {
        std::fs::remove_dir_all(&folder)?;
    }
    let all = all?;
    let mut out = io::stdout();
    write!(out, "{}", table(&all))?;
    let count = |kept: bool| all.iter().filter(|row| row.is_kept() == kept).count();
    writeln!(out, "\n{} rows at {} calls/s: {} kept, {} not", all.len(), settings.rps(), count(true), count(false))?;
    if !kept {
        writeln!(out, "the ledgers and logs are in {}", folder.display())?;
    }
    Ok(if kept { Done::Well } else { Done::Badly })
}

async fn measure(settings: &Settings, folder: &Path) -> Result<Vec<Measured>, Failed> {
    let mut all = Vec::new();
    for row in settings.rows() {
        let kinds = settings.kinds(row);
        if kinds.is_empty() {
            tell(&format!("{}: left out, there is no registry for it", row.as_str()));
        }
        for kind in kinds {
            let name = format!("{}, {}", row.as_str(), kind.as_str());
            tell(&name);
            let folder: PathBuf = folder.join(format!("{}-{}", row.as_str(), kind.as_str()));
            std::fs::create_dir_all(&folder)?;
            let plan = Plan { rps: settings.rps(), quick: settings.quick, kind };
            let result = match timeout(ROW, row.run(plan, &folder)).await {
                Ok(Ok(promises)) => Ok(promises),
                Ok(Err(Failed::Broken(line) | Failed::Given(line) | Failed::Asked(line))) => Err(line),
                Err(_) => Err(format!("it took longer than {ROW:?}")),
            };
            all.push(Measured { name, result });
        }
    }
    Ok(all)
}

fn table(all: &[Measured]) -> Table {
    let mut table = Table::new(["row", "promised", "came", ""]);
    for Measured { name, result } in all {
        match result {
            Ok(promises) => {
                for (at, promise) in promises.0.iter().enumerate() {
                    let name = if at == 0 { name.clone() } else { String::new() };
                    let verdict = if promise.kept { "kept" } else { "BROKEN" };
                    table.row([name, promise.promised.clone(), promise.came.clone(), verdict.to_owned()]);
                }
            }
            Err(line) => table.row([name.clone(), "it can be measured".to_owned(), line.clone(), "BROKEN".to_owned()]),
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Settings, String> {
        flags::told(Settings::read, args)
    }

    #[test]
    fn the_short_form_is_four_rows_and_others_are_named() {
        assert_eq!(read(&["--quick"]).unwrap().rows(), Row::SHORT);
        assert_eq!(read(&[]).unwrap().rows(), Row::ALL);
        assert_eq!(read(&["--quick", "--only", "flap,fail-fast"]).unwrap().rows(), [Row::Flap, Row::FailFast]);
        for (args, line) in [
            (["--only", "flop"], "--only"),
            (["--rps", "0"], "--rps is 0, it must be within [20, 100000]"),
            (["--registry", "zookeeper"], "--registry"),
            (["--quikc", "yes"], "--quikc: there is no such setting"),
        ] {
            let refused = read(&args).expect_err(line);
            assert!(refused.contains(line), "{refused}");
        }
    }

    #[test]
    fn a_file_has_no_rows_of_discovery() {
        let settings = read(&["--registry", "file"]).unwrap();
        assert!(settings.kinds(Row::DiscoveryDown).is_empty());
        assert_eq!(settings.kinds(Row::Kill), [Kind::File]);
    }
}
