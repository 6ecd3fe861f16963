use std::time::Duration;

use super::*;
use crate::sources::{self, testing};

#[derive(Debug, thiserror::Error)]
#[error("the disk said {0}")]
struct Disk(&'static str);

#[derive(Debug, thiserror::Error)]
#[error("limited")]
struct Limited;

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), 8);
    assert_eq!(size_of::<Option<Error>>(), 8);
}

#[test]
fn a_stranger_reads_the_line_and_nothing_of_the_cause() {
    let error = Error::boundary(Code::Unavailable, Disk("no")).with_field("path", "/etc/shadow");
    assert_eq!(error.to_string(), Code::Unavailable.line());
    assert_eq!(error.public_line().to_string(), format!("[{}] {}", error.id(), Code::Unavailable.line()));
    assert!(error.report().to_string().contains("the disk said no"));
    assert!(error.report().to_string().contains("path=/etc/shadow"));
}

#[test]
fn a_raw_error_is_a_bug_with_the_fixed_line_and_is_counted() {
    let before = bugs();
    let error = Error::bug(Disk("no"));
    assert!(bugs() > before);
    assert_eq!(error.code(), Code::Internal);
    assert_eq!(
        error.public_line().to_string(),
        format!("[{}] There was an unexpected issue; please report this as a bug.", error.id())
    );
    assert_eq!(error.cause::<Disk>().expect("the raw error").0, "no");
}

#[test]
fn the_typed_cause_is_found_through_any_number_of_wrappings() {
    let mut error = Error::boundary(Code::ResourceExhausted, Limited);
    for _ in 0..5 {
        error = Error::boundary(Code::Unavailable, error);
    }
    assert!(error.cause::<Limited>().is_some());
    assert!(error.cause::<Disk>().is_none());
    assert_eq!(error.chain().count(), 6);
}

#[test]
fn a_bridge_gives_our_own_error_back() {
    let ours = Error::not_found("no such cargo").with_reason("no_cargo");
    let back = Error::from_box(Box::new(ours.clone()));
    assert_eq!((back.id(), back.reason()), (ours.id(), Some("no_cargo")));

    #[derive(Debug, thiserror::Error)]
    #[error("buffer failed")]
    struct Foreign(#[source] Error);
    let back = Error::from_box(Box::new(Foreign(ours.clone())));
    assert_eq!(back.id(), ours.id(), "also from the middle of a foreign chain");

    assert!(Error::from_box(Box::new(Disk("no"))).is_bug());
}

#[test]
fn the_trace_is_equal_for_one_site_and_different_between_sites() {
    fn here() -> Error {
        Error::unavailable("down")
    }
    assert_eq!(here().trace_hash(), here().trace_hash());
    assert_ne!(here().id(), here().id());
    assert_ne!(here().trace_hash(), Error::unavailable("down").trace_hash());
    // Wrapped at one place, made at two: two sites.
    let wrap = |error| Error::boundary(Code::Internal, error);
    assert_eq!(wrap(here()).trace_hash(), wrap(here()).trace_hash());
    assert_ne!(wrap(here()).trace_hash(), wrap(Error::unavailable("down")).trace_hash());
}

#[test]
fn time_is_that_of_creation_in_utc_however_late_the_log() {
    let (_guard, clock) = testing::fixed_errors(7);
    let error = Error::aborted("conflict");
    clock.advance(Duration::from_secs(2));
    let mut seen = Vec::new();
    error.report().pairs(|key, value| seen.push((key.to_owned(), value.to_string())));
    let get = |key: &str| seen.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    assert_eq!(get("error_time"), Some("2001-09-09T01:46:40.000000000Z"));
    assert_eq!(get("error_id"), Some("0000000000000007"));
    assert_eq!(get("error_code"), Some("Aborted"));
    assert!(get("error_at").is_some_and(|at| at.contains("tests.rs")));
    assert!(
        error
            .report()
            .to_string()
            .starts_with("[logID: 0000000000000007]: 2001-09-09T01:46:40.000000000Z Aborted: conflict")
    );
    assert!(sources::stamp_error().1 > error.created_at());
}

/// The worked case of "Concurrency in Go": job "1" with a missing binary, wrapped at the boundary and not (CC-04).
#[test]
fn job_one_reads_as_in_the_book() {
    const LOW: Boundary = Boundary::new("lowlevel");
    const JOBS: Boundary = Boundary::new("intermediate");
    let low = || LOW.wrap(Code::Internal, "stat /bad/job/binary: no such file or directory", Disk("enoent"));

    let (_guard, _clock) = testing::fixed_errors(1);
    let wrapped = JOBS.wrap(Code::Unavailable, r#"cannot run job "1": requisite binaries not available"#, low());
    let wrapped = JOBS.check(Err::<(), _>(wrapped)).unwrap_err();
    assert_eq!(
        wrapped.public_line().to_string(),
        format!(r#"[{}] cannot run job "1": requisite binaries not available"#, wrapped.id())
    );
    assert!(!wrapped.is_bug());

    // Well made one module down is not well made here.
    let raw = JOBS.check(Err::<(), _>(low())).unwrap_err();
    assert!(raw.is_bug());
    assert_eq!(
        raw.public_line().to_string(),
        format!("[{}] There was an unexpected issue; please report this as a bug.", raw.id())
    );
    assert!(raw.report().to_string().starts_with(&format!("[logID: {}]: ", raw.id())));
    assert!(raw.report().to_string().contains("stat /bad/job/binary"));
}

#[test]
fn the_log_has_what_every_wrapped_error_knew() {
    let low = Error::not_found("no such row").with_field("table", "jobs").with_field("row", 7);
    let middle = Error::boundary(Code::Unavailable, low.clone()).with_message("the store failed");
    let top = Error::boundary(Code::Internal, middle.clone()).with_field("job", "1");
    let line = top.report().to_string();
    for cause in [&low, &middle] {
        assert!(line.contains(&format!("[{}] {}", cause.id(), cause.message())), "{line}");
    }
    assert!(line.contains("job=1, table=jobs, row=7"), "{line}");
    let mut seen = Vec::new();
    top.report().pairs(|key, value| seen.push((key.to_owned(), value.to_string())));
    let fields = seen.iter().find(|(key, _)| key == "error_fields").map(|(_, value)| value.as_str());
    assert_eq!(fields, Some("job=1, table=jobs, row=7"));
    assert_eq!(top.public_line().to_string(), format!("[{}] {}", top.id(), Code::Internal.line()));
}

#[test]
fn what_is_added_to_a_clone_stays_with_the_clone() {
    let error = Error::not_found("no such cargo");
    let other = error.clone().with_message("no such ship").with_reason("no_ship").with_field("ship", 7);
    assert_eq!((error.message(), error.reason(), error.fields().count()), ("no such cargo", None, 0));
    assert_eq!((other.message(), other.reason(), other.fields().count()), ("no such ship", Some("no_ship"), 1));
    assert_eq!((error.id(), error.created_at()), (other.id(), other.created_at()), "one failure");
}

#[test]
fn an_id_reads_back_and_nothing_else_does() {
    let id = ErrorId::from_bits(0xbeef);
    assert_eq!(id.to_string(), "000000000000beef");
    assert_eq!(id.to_string().parse(), Ok(id));
    for bad in ["", "beef", "000000000000beeg", "+00000000000beef", "000000000000beef0"] {
        assert_eq!(bad.parse::<ErrorId>(), Err(InvalidErrorId));
    }
}

#[test]
fn only_an_idempotent_call_is_repeated_when_it_may_have_run() {
    assert!(Retry::Safe.permits(false));
    assert!(Retry::After(Duration::from_secs(1)).permits(false));
    assert!(!Retry::MayHaveRun.permits(false));
    assert!(Retry::MayHaveRun.permits(true));
    assert!(!Retry::Never.permits(true));
    assert_eq!(Error::invalid_argument("no").retry(), Retry::Never);
}
