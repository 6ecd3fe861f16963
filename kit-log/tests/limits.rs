//! A line has an end: 16 KiB by default, with a mark where something is missing.

mod support;

use std::fmt::{self, Write as _};

use kit_log::{LineDrain, Logger, info, json, log, logfmt, o};
use proptest::prelude::*;
use support::{Writes, parse};

const LIMIT: usize = 16 * 1024;

fn drains(writes: &Writes) -> [LineDrain; 2] {
    [logfmt(writes.clone()), json(writes.clone())]
}

#[test]
fn ten_kibibytes_are_cut_to_half_a_line_and_marked() {
    let writes = Writes::default();
    for drain in drains(&writes) {
        let counters = drain.counters();
        info!(Logger::new(drain), "m"; "agent" => "x".repeat(10 * 1024), "path" => "/");
        let line = writes.line();
        assert!(line.contains(&format!("{}…", "x".repeat(LIMIT / 2))), "{}", &line[..80]);
        assert!(!line.contains(&"x".repeat(LIMIT / 2 + 1)));
        assert!(line.contains("path"));
        assert!(line.ends_with(" truncated=1") || line.ends_with(",\"truncated\":1}"));
        assert_eq!(counters.truncated(), 1);
    }
}

#[test]
fn a_value_of_half_a_line_is_whole() {
    let writes = Writes::default();
    let value = "x".repeat(LIMIT / 2);
    info!(Logger::new(logfmt(writes.clone())); "v" => &value);
    assert_eq!(writes.line(), format!("level=info v={value}"));
}

#[test]
fn the_longest_parts_are_left_out_until_the_line_fits() {
    let writes = Writes::default();
    for drain in drains(&writes) {
        let log = Logger::new(drain).with(o!("a" => "a".repeat(7000), "b" => "b".repeat(7001)));
        info!(log, "kept"; "c" => "c".repeat(7002), "d" => "kept too");
        let line = writes.line();
        assert!(line.len() < LIMIT);
        assert!(line.contains("kept") && line.contains("kept too"));
        assert!(line.contains("aaa") && line.contains("bbb") && !line.contains("ccc"));
    }
}

#[test]
fn a_line_without_a_level_is_cut_like_any_other() {
    let writes = Writes::default();
    for drain in drains(&writes) {
        let log = Logger::new(drain);
        log!(log; "a" => "a".repeat(9000));
        let line = writes.line();
        assert!(line.starts_with("a=\"aaa") && line.ends_with("…\" truncated=1") || line.starts_with("{\"a\":\"aaa"));
        log!(log; "a" => "a".repeat(8000), "b" => "b".repeat(8100), "c" => "c".repeat(8000));
        let line = writes.line();
        assert!(line.len() < LIMIT && !line.contains("bbb"));
        if line.starts_with('{') {
            assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
        } else {
            assert_eq!(parse::logfmt(&line).unwrap().len(), 3);
        }
    }
}

#[test]
fn a_display_without_end_is_stopped() {
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("and so on ")?;
            }
        }
    }
    let writes = Writes::default();
    info!(Logger::new(logfmt(writes.clone())); "a" => %Endless, "b" => 1);
    let line = writes.line();
    assert!(line.ends_with("…\" b=1 truncated=1") && line.len() < LIMIT);
}

#[test]
fn a_cut_structured_value_is_a_text_and_the_line_still_reads() {
    let writes = Writes::default();
    info!(Logger::new(json(writes.clone())); "list" => slog::Serde(vec!["a\"b"; 5000]), "after" => 1);
    let line: serde_json::Value = serde_json::from_str(&writes.line()).unwrap();
    let text = line["list"].as_str().unwrap();
    assert!(text.starts_with(r#"["a\"b","#) && text.ends_with('…'));
    assert_eq!(line["after"], 1);
    assert_eq!(line["truncated"], 1);
}

#[test]
fn pairs_without_number_are_left_out_before_they_fill_memory() {
    struct Many;
    impl slog::KV for Many {
        fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn slog::Serializer) -> slog::Result {
            for n in 0..100_000u32 {
                to.emit_str(slog::Key::from(&*n.to_string().leak()), "some text")?;
            }
            Ok(())
        }
    }
    let writes = Writes::default();
    info!(Logger::new(logfmt(writes.clone())), "m"; Many);
    let line = writes.line();
    assert!(line.len() < LIMIT && line.starts_with("level=info msg=m "));
}

/// Prints in pieces, as a `Display` does that writes its fields one by one.
struct Pieces<'a>(&'a [String]);

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_line_is_too_long_and_every_line_reads(
        values in prop::collection::vec(("[a-z\"\\\\\n\u{1b}é👍]{0,20}", 0usize..1200), 1..8),
        message in "[ -~]{0,40}",
    ) {
        let pieces: Vec<Vec<String>> = values.iter().map(|(text, times)| vec![text.clone(); *times]).collect();
        let writes = Writes::default();
        for drain in drains(&writes) {
            let mut log = Logger::new(drain);
            for (at, pieces) in pieces.iter().enumerate() {
                let mut value = String::new();
                write!(value, "{}", Pieces(pieces)).expect("a string takes all");
                log = log.with(slog::OwnedKV(slog::SingleKV::from((&*format!("k{at}").leak(), value))));
            }
            info!(log, "{message}"; "last" => %Pieces(&pieces[0]));
            let line = writes.line();
            prop_assert!(line.len() < LIMIT);
            if line.starts_with('{') {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
            } else {
                parse::logfmt(&line).map_err(TestCaseError::fail)?;
            }
        }
    }
}
