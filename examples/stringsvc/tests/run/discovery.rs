use std::process::Stdio;

use kit::Code;
use kit::discovery::Spec;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use crate::ends::fails;
use crate::support::{PATIENCE, command};

/// `stringsvc watch`, line by line.
struct Watch {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Watch {
    fn start(source: &str) -> Self {
        let mut child = command(&["watch", "--discover", source]).stderr(Stdio::null()).spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdout }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.stdout.read_line(&mut line)).await.expect("in time").expect("a line");
        line.trim_end().to_owned()
    }

    /// Asks it to stop.
    async fn stop(mut self) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("a status");
        assert_eq!(status.code(), Some(0));
    }
}

#[tokio::test]
async fn it_prints_a_fixed_set_and_goes_on_until_it_is_asked_to_stop() {
    let mut watch = Watch::start("static:127.0.0.1:2,[::1]:1");
    assert_eq!(watch.line().await, "1: 127.0.0.1:2, [::1]:1");
    watch.stop().await;
}

#[cfg(feature = "file")]
#[tokio::test]
async fn it_prints_the_set_of_a_file_as_it_changes() {
    let path = std::env::temp_dir().join(format!("stringsvc-{}-set.json", std::process::id()));
    // At one go: a half of it would be a trouble of its own.
    let write = |text: &str| {
        std::fs::write(path.with_extension("new"), text).expect("a file");
        std::fs::rename(path.with_extension("new"), &path).expect("renamed");
    };
    write(r#"["127.0.0.1:1"]"#);
    let mut watch = Watch::start(&format!("file:{}", path.display()));
    assert_eq!(watch.line().await, "1: 127.0.0.1:1");
    write(r#"["127.0.0.1:1", {"address": "127.0.0.1:2", "weight": 5}, "nowhere"]"#);
    let second = r#"2: 127.0.0.1:1, {"address":"127.0.0.1:2","weight":5} (1 skipped)"#;
    assert_eq!(watch.line().await, second);
    std::fs::remove_file(&path).expect("it was there");
    let failing = watch.line().await;
    assert!(failing.starts_with("2: 127.0.0.1:1, ") && failing.contains(" failing: "), "{failing}");
    watch.stop().await;
}

#[tokio::test]
async fn what_nobody_can_mean_is_one_line_and_the_end() {
    let mut cases = vec![
        (&["watch"][..], "--discover"),
        (&["watch", "--discover", "static:nowhere"], "no port in"),
        (&["watch", "--discover", "nowhere"], "no kind before a colon"),
        (&["--discover", "static:127.0.0.1:1"], "stringsvc watch"),
        (&["--addr=127.0.0.1:0", "--register", "static:127.0.0.1:1"], "at consul or etcd"),
    ];
    if is_built("consul:127.0.0.1:1") {
        cases.push((&["--addr=0.0.0.0:0", "--register", "consul:127.0.0.1:1"], "--advertise"));
        cases.push((&["--addr=127.0.0.1:0", "--register", "consul:nowhere"], "no port in"));
    }
    // What was not built says what it needs. What was is not stringsvc's own choice where cargo builds it for several crates at once.
    if !is_built("dns:strings.test") {
        cases.push((&["watch", "--discover", "dns:strings.test"], "it needs the feature \"dns\""));
    }
    if !is_built("etcd:127.0.0.1:1/s") {
        cases.push((&["watch", "--discover", "etcd:127.0.0.1:1/s"], "it needs the feature \"etcd\""));
        cases.push((&["--addr=127.0.0.1:0", "--register", "etcd:127.0.0.1:1/s"], "it needs the feature \"etcd\""));
    }
    for (flags, part) in cases {
        let line = fails(flags, &[]).await;
        assert!(line.contains(part) && line.lines().count() == 1, "{flags:?}: {line}");
    }
}

fn is_built(source: &str) -> bool {
    let spec: Spec = source.parse().expect("a source");
    match spec.start("strings", ()) {
        Ok(_) => true,
        Err(error) => error.code() != Code::Unimplemented,
    }
}
