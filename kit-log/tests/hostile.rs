//! No input forges a line, a key or a value: whatever goes in reads back as itself and as nothing else.

mod support;

use kit_log::{Logger, info, json, logfmt};
use proptest::prelude::*;
use slog::KV;
use support::{Writes, parse};

/// Pairs made at run time. slog's keys are `&'static str`: a test may leak.
struct Pairs(Vec<(&'static str, String)>);

impl KV for Pairs {
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn slog::Serializer) -> slog::Result {
        // slog's order: the last pair first.
        for (key, value) in self.0.iter().rev() {
            to.emit_arguments(slog::Key::from(*key), &format_args!("{value}"))?;
        }
        Ok(())
    }
}

fn lines(message: &str, pairs: &Pairs) -> (String, String) {
    let writes = Writes::default();
    info!(Logger::new(logfmt(writes.clone())), "{message}"; pairs);
    let text = writes.line();
    info!(Logger::new(json(writes.clone())), "{message}"; pairs);
    (text, writes.line())
}

/// What a key is printed as, said a second time and another way than the crate does.
fn expected_key(key: &str) -> String {
    let safe = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        ' ' | '=' | '"' | '\\' => false,
        _ if letter.is_ascii() => letter.is_ascii_graphic(),
        _ => letter.is_alphanumeric(),
    };
    if key.is_empty() {
        return "_".into();
    }
    key.chars().map(|letter| if safe(letter) { letter } else { '_' }).collect()
}

fn visible(line: &str) -> Result<(), TestCaseError> {
    for letter in line.chars() {
        prop_assert!(!letter.is_control(), "control in {line:?}");
        let bidi = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        prop_assert!(!bidi.contains(letter) && !"\u{2028}\u{2029}\u{feff}".contains(letter), "{line:?}");
    }
    Ok(())
}

fn check(message: &str, pairs: Vec<(String, String)>) -> Result<(), TestCaseError> {
    // Other names than these would be redacted, renamed, or printed once for two pairs: other tests' rules.
    let pairs: Vec<_> =
        pairs.into_iter().enumerate().map(|(at, (key, value))| (format!("{at}{key}.k"), value)).collect();
    let leaked = Pairs(pairs.iter().map(|(key, value)| (&*key.clone().leak(), value.clone())).collect());
    let (text, object) = lines(message, &leaked);
    visible(&text)?;
    visible(&object)?;
    let mut expected = vec![("level".to_owned(), "info".to_owned())];
    if !message.is_empty() {
        expected.push(("msg".to_owned(), message.to_owned()));
    }
    expected.extend(pairs.into_iter().map(|(key, value)| (expected_key(&key), value)));
    prop_assert_eq!(parse::logfmt(&text).map_err(TestCaseError::fail)?, expected.clone());
    let parsed: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&object).map_err(|error| TestCaseError::fail(format!("{object}: {error}")))?;
    prop_assert_eq!(parsed.len(), expected.len());
    for (key, value) in expected {
        prop_assert_eq!(parsed.get(&key).and_then(|value| value.as_str()), Some(value.as_str()));
    }
    Ok(())
}

/// Strings thick with what log injection is made of.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        (0u8..128).prop_map(|byte| char::from(byte).to_string()),
        prop::sample::select(vec![
            " ",
            "=",
            "\"",
            "\\",
            "\n",
            "\r\n",
            "\" level=error msg=\"",
            "\",\"level\":\"error",
            "\\u0022",
            "\\",
            "null",
            "{",
            "}",
            "\u{1b}[31m",
            "\u{202e}",
            "\u{2028}",
            "\u{9b}",
            "é",
            "👍",
            "\u{e0041}",
            "a",
            "b"
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_pair_reads_back_as_itself(
        message in hostile(),
        pairs in prop::collection::vec((hostile(), hostile()), 0..6),
    ) {
        check(&message, pairs)?;
    }
}

#[test]
fn every_character_below_u_3000_reads_back_alone_and_between_letters() {
    for code in (0..0x3000u32).chain([0xfeff, 0xfffd, 0xffff, 0x1f44d, 0xe0001]) {
        let Some(letter) = char::from_u32(code) else { continue };
        let pairs = vec![(letter.to_string(), letter.to_string()), (format!("a{letter}b"), format!("a{letter}b"))];
        check(&letter.to_string(), pairs).unwrap_or_else(|error| panic!("U+{code:04X}: {error}"));
    }
}

#[test]
fn every_byte_of_a_binary_value_reads_back() {
    let writes = Writes::default();
    let bytes: Vec<u8> = (0..=255).collect();
    info!(Logger::new(logfmt(writes.clone())); "b" => &bytes);
    let line = writes.line();
    let printed = line.strip_prefix("level=info b=").unwrap();
    let read: Vec<u8> = (0..256).map(|at| u8::from_str_radix(&printed[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert_eq!(read, bytes);
}
