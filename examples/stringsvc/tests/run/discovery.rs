use std::process::Stdio;

use kit::Code;
use kit::discovery::Spec;
use program::{Program, ended};

use crate::support::command;

/// `stringsvc watch`. Nobody reads what it logs.
fn watch(source: &str) -> Program {
    let mut command = command(&["watch", "--discover", source]);
    command.stderr(Stdio::null());
    Program::spawn(command)
}

#[tokio::test]
async fn it_prints_a_fixed_set_and_goes_on_until_it_is_asked_to_stop() {
    let mut watch = watch("static:127.0.0.1:2,[::1]:1");
    assert_eq!(watch.line().await, "1: 127.0.0.1:2, [::1]:1");
    assert_eq!(watch.stop().await.status.code(), Some(0));
}

#[cfg(feature = "file")]
#[tokio::test]
async fn it_prints_the_set_of_a_file_as_it_changes() {
    let set = program::File::new("set.json", r#"["127.0.0.1:1"]"#);
    let mut watch = watch(&format!("file:{}", set.path()));
    assert_eq!(watch.line().await, "1: 127.0.0.1:1");
    set.write(r#"["127.0.0.1:1", {"address": "127.0.0.1:2", "weight": 5}, "nowhere"]"#);
    let second = r#"2: 127.0.0.1:1, {"address":"127.0.0.1:2","weight":5} (1 skipped)"#;
    assert_eq!(watch.line().await, second);
    set.remove();
    let failing = watch.line().await;
    assert!(failing.starts_with("2: 127.0.0.1:1, ") && failing.contains(" failing: "), "{failing}");
    assert_eq!(watch.stop().await.status.code(), Some(0));
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
        cases.push((&["--addr=0.0.0.0:0", "--register", "consul:127.0.0.1:1"], "advertise"));
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
        let line = ended(command(flags)).await.refusal();
        assert!(line.contains(part), "{flags:?}: {line}");
    }
}

fn is_built(source: &str) -> bool {
    let spec: Spec = source.parse().expect("a source");
    match spec.start("strings", ()) {
        Ok(_) => true,
        Err(error) => error.code() != Code::Unimplemented,
    }
}
