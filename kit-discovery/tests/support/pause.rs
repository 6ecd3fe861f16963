use std::process::{Child, Command};

/// Makes a program that a test has started silent, or lets it go on.
pub(crate) fn pause(child: &Child, pause: bool) {
    let pid = child.id();
    let script = if pause {
        // A thread on another core may still answer after the signal was sent: all of them have to stand, within 5 s.
        format!(
            "kill -STOP {pid}; for _ in $(seq 500); do \
             sed 's/.*) //' /proc/{pid}/task/*/stat | grep -qv '^T' || exit 0; sleep 0.01; done; exit 1"
        )
    } else {
        format!("kill -CONT {pid}")
    };
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}
