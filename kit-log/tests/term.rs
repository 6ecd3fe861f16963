//! Colours.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;

use kit_log::term::Colour;
use kit_log::{Config, Format, Level, Logger, event, log};

/// What a pipe, which is no terminal, receives.
fn printed(format: Format, colour: Colour) -> String {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let writer = File::from(OwnedFd::from(writer));
    let config = Config { format, timestamp: false, ..Config::default() };
    let log = Logger::with_levels(config.terminal(writer, colour).expect("good settings"), Level::Trace);
    for level in Level::ALL {
        event!(log, level, "hello you"; "a" => 1, "b" => "\u{1b}[31mred");
    }
    log!(log; "only" => true);
    drop(log);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn a_pipe_gets_no_colours_of_itself() {
    let text = printed(Format::Logfmt, Colour::Auto);
    assert!(!text.contains('\u{1b}'));
    assert_eq!(text, printed(Format::Logfmt, Colour::Never));
    assert!(text.starts_with("level=error msg=\"hello you\" a=1 b=\"\\u001b[31mred\"\n"));
}

#[test]
fn colours_stand_around_the_same_line_and_end_with_it() {
    let painted = printed(Format::Logfmt, Colour::Always);
    let mut bare = painted.clone();
    for code in ["0", "2", "1;31", "33", "32", "36"] {
        bare = bare.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(bare, printed(Format::Logfmt, Colour::Never));
    for line in painted.lines() {
        assert!(line.starts_with('\u{1b}'));
        let last = line.rfind("\u{1b}[").expect("colours");
        assert!(line[last..].starts_with("\u{1b}[0m"), "{line:?}");
    }
}

#[test]
fn json_is_never_coloured() {
    assert_eq!(printed(Format::Json, Colour::Always), printed(Format::Json, Colour::Never));
}
