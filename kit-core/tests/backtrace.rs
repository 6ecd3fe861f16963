//! The stack of an error, which the environment asks for once in a process: hence a process for each case.

use std::process::Command;

use kit_core::{Code, Error};

/// What `innermost_work` wraps is where it all began.
fn innermost_work() -> Error {
    Error::boundary(Code::Unavailable, Error::not_found("no such row"))
}

#[test]
fn a_stack_is_taken_when_the_environment_asks_and_never_reaches_the_caller() {
    const CASE: &str = "KIT_CORE_TEST_STACK";
    let Ok(case) = std::env::var(CASE) else {
        for (case, asked) in [("yes", "1"), ("no", "0")] {
            let mut again = Command::new(std::env::current_exe().expect("this test"));
            again.env(CASE, case).env("RUST_BACKTRACE", asked).env_remove("RUST_LIB_BACKTRACE");
            let run = again.output().expect("it runs again");
            assert!(run.status.success(), "{case}: {}", String::from_utf8_lossy(&run.stdout));
        }
        return;
    };
    let error = innermost_work();
    assert_eq!(error.backtrace().is_some(), case == "yes");
    let report = error.report().to_string();
    assert_eq!(report.contains("innermost_work"), case == "yes", "{report}");
    let mut parts = Vec::new();
    error.report().pairs(|key, _| parts.push(key));
    assert_eq!(parts.contains(&"error_stack"), case == "yes");
    assert!(!error.to_string().contains('\n') && !error.public_line().to_string().contains('\n'));
}
