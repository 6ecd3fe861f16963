//! The rules of a file. They read a real one; time stands still until nothing is left to do.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_core::Instance;
use tokio::time::timeout;

use super::*;
use crate::testing::contract::{self, Fault, InstancerRig};
use crate::{Discovery, Instancer as _, State, Subscription, value};

const SECOND: Duration = Duration::from_secs(1);

/// A folder of its own, gone at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("kit-discovery-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn discovery(path: &Path) -> Discovery {
    Discovery::of("strings", FileSource::new(Config::new(path)).unwrap()).start().unwrap()
}

fn known(state: &State) -> Vec<String> {
    state.instances().into_iter().flatten().map(|instance| value::write(instance)).collect()
}

async fn until(subscription: &mut Subscription, is: impl Fn(&State) -> bool) -> State {
    let wait = async {
        loop {
            let state = subscription.changed().await.unwrap();
            if is(&state) {
                return state;
            }
        }
    };
    timeout(60 * SECOND, wait).await.expect("the file is seen")
}

#[tokio::test(start_paused = true)]
async fn every_way_to_write_a_set_is_read() {
    let folder = Folder::new();
    for (name, content) in [
        ("a.toml", "instances = [\"10.0.0.1:80\", { host = \"::1\", port = 80, weight = 2 }]"),
        ("b.toml", "[[instances]]\naddress = \"10.0.0.1:80\"\n[[instances]]\naddress = \"[::1]:80\"\nweight = 2"),
        ("c.json", r#"{ "instances": ["10.0.0.1:80", { "address": "[::1]:80", "weight": 2 }] }"#),
        ("d.json", r#"["10.0.0.1:80", { "address": "[::1]:80", "weight": 2 }]"#),
    ] {
        fs::write(folder.file(name), content).unwrap();
        let state = discovery(&folder.file(name)).ready().await.unwrap();
        assert_eq!(known(&state), ["10.0.0.1:80", r#"{"address":"[::1]:80","weight":2}"#], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_seen_and_a_bad_file_keeps_the_last_good_set() {
    let folder = Folder::new();
    let path = folder.file("strings.toml");
    let discovery = discovery(&path);
    let mut subscription = discovery.subscribe();
    let state = until(&mut subscription, |state| state.error().is_some()).await;
    assert!(state.error().unwrap().message().contains("cannot be read: No such file"), "{state:?}");
    fs::write(&path, "instances = [\"a:1\"]").unwrap();
    assert_eq!(known(&until(&mut subscription, |state| state.error().is_none()).await), ["a:1"]);
    for (bad, why) in [
        ("", "missing field `instances`"),
        ("instances = [\"a:1\"", "the file cannot be read: "),
        ("instances = []\nother = 1", "unknown field `other`"),
        ("instances = \"a:1\"", "invalid type"),
        (&format!("instances = {}", "[".repeat(100_000)), "recursion"),
    ] {
        fs::write(&path, bad).unwrap();
        let state = until(&mut subscription, |state| state.error().is_some_and(|e| e.message().contains(why))).await;
        assert_eq!((known(&state), state.generation()), (vec!["a:1".to_owned()], 1), "{bad}");
    }
    // The same content as before: good again, and no other set.
    fs::write(&path, "instances = [\"a:1\"]").unwrap();
    assert_eq!(until(&mut subscription, |state| state.error().is_none()).await.generation(), 1);
    fs::write(&path, "instances = []").unwrap();
    assert_eq!(known(&until(&mut subscription, |state| state.generation() == 2).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn one_bad_instance_hides_no_other_and_is_named_by_its_place() {
    let folder = Folder::new();
    let path = folder.file("strings.toml");
    fs::write(&path, "instances = [\"a:1\", \"b\", { address = \"c:1\", wieght = 2 }, { weight = -1 }, 5, \"d:1\"]")
        .unwrap();
    let state = discovery(&path).ready().await.unwrap();
    assert_eq!(known(&state), ["a:1", "d:1"]);
    let skipped: Vec<_> = state.skipped().iter().map(ToString::to_string).collect();
    assert_eq!(skipped[..2], ["\"instances[1]\": no port in \"b\"", "\"instances[2]\": no such field: \"wieght\""]);
    assert!(
        skipped[2].starts_with("\"instances[3]\": no entry: ")
            && skipped[3].starts_with("\"instances[4]\": no entry: ")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_file_or_too_large_a_one_is_an_error() {
    let folder = Folder::new();
    let path = folder.file("strings.json");
    fs::create_dir(&path).unwrap();
    let discovery = discovery(&path);
    let mut subscription = discovery.subscribe();
    until(&mut subscription, |state| state.error().is_some_and(|e| e.message().ends_with("it is no file"))).await;
    fs::remove_dir(&path).unwrap();
    fs::write(&path, vec![b' '; 1_048_577]).unwrap();
    until(&mut subscription, |state| state.error().is_some_and(|e| e.message().contains("1048576 bytes"))).await;
    fs::write(&path, b"\xff").unwrap();
    until(&mut subscription, |state| state.error().is_some_and(|e| e.message().contains("utf-8"))).await;
    fs::write(&path, "[".repeat(100_000)).unwrap();
    until(&mut subscription, |state| state.error().is_some_and(|e| e.message().contains("recursion"))).await;
}

#[test]
fn a_setting_out_of_its_range_is_refused_by_name() {
    let message = |config| FileSource::new(config).unwrap_err().message().to_owned();
    assert_eq!(message(Config::new("strings.yaml")), "path is \"strings.yaml\", it must end in .json or .toml");
    let mut config = Config::new("strings.json");
    config.every = Duration::ZERO;
    assert_eq!(message(config), "every is 0ns, it must be more than zero");
    let config: Config = toml::from_str("path = \"a.toml\"\nevery = \"5s\"").unwrap();
    assert_eq!(config.every, 5 * SECOND);
    assert!(toml::from_str::<Config>("path = \"a.toml\"\neach = \"5s\"").is_err());
}

struct Rig {
    folder: Folder,
    set: Vec<Instance>,
}

impl Rig {
    fn path(&self) -> std::path::PathBuf {
        self.folder.file("strings.json")
    }

    /// As a careful writer does.
    fn put(&self, entries: Vec<String>) {
        let other = self.folder.file("other");
        fs::write(&other, serde_json::to_string(&entries).unwrap()).unwrap();
        fs::rename(other, self.path()).unwrap();
    }

    fn addresses(&self) -> Vec<String> {
        self.set.iter().map(|instance| instance.address.to_string()).collect()
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        discovery(&self.path())
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.set = instances.to_vec();
        self.put(self.addresses());
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::Fails => drop(fs::remove_file(self.path())),
            Fault::Garbles => self.put(self.addresses().into_iter().chain(["nowhere".to_owned()]).collect()),
            Fault::Unreadable => self.put(vec!["nowhere".to_owned()]),
            _ => return false,
        }
        true
    }

    async fn heal(&mut self) {
        self.put(self.addresses());
    }

    fn period(&self) -> Duration {
        SECOND
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_keeps_the_contract() {
    let report = contract::instancer(async || Rig { folder: Folder::new(), set: Vec::new() }).await;
    assert_eq!((report.held.len(), report.not_shown), (13, vec!["stops while a query hangs"]));
}
