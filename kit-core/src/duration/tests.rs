use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Limits {
    #[serde(with = "crate::duration")]
    timeout: Duration,
    #[serde(with = "crate::duration::option")]
    idle: Option<Duration>,
}

fn read(text: &str) -> Result<Limits, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn a_duration_is_terms_of_a_number_and_its_unit() {
    for (text, seconds, nanos) in [
        ("250ms", 0, 250_000_000),
        ("30s", 30, 0),
        ("1m 30s", 90, 0),
        ("1m30s", 90, 0),
        ("  2h ", 7_200, 0),
        ("1 hour 5 min", 3_900, 0),
        ("7us", 0, 7_000),
        ("7µs", 0, 7_000),
        ("1.5s", 1, 500_000_000),
        ("1day", 86_400, 0),
        ("0", 0, 0),
        ("0s", 0, 0),
        ("18446744073709551615s 999999999ns", u64::MAX, 999_999_999),
    ] {
        assert_eq!(parse(text), Ok(Duration::new(seconds, nanos)), "{text:?}");
    }
}

#[test]
fn what_is_no_duration_is_refused_with_its_text_and_the_reason() {
    for (text, why) in [
        ("30", "time unit needed"),
        ("", "value was empty"),
        ("  ", "value was empty"),
        ("s", "expected number"),
        ("soon", "expected number"),
        ("-1s", "expected number"),
        ("+1s", "expected number"),
        ("1S", "unknown time unit"),
        ("0.5ns", "without a lack of precision"),
        ("1 30s", "a number has no unit"),
        ("1s 30", "time unit needed"),
        ("18446744073709551616s", "too large"),
        ("18446744073709551615h", "too large"),
        // humantime 2.4 panics on this sum.
        ("18446744073709551615s 1000ms", "too long"),
        ("18446744073709551615s 999999999ns 1ns", "too long"),
    ] {
        let line = parse(text).unwrap_err().to_string();
        assert!(line.starts_with(&format!("{text:?} is no duration such as")) && line.contains(why), "{line}");
    }
}

#[test]
fn a_field_is_read_and_written_as_text_and_none_is_a_word() {
    let limits = Limits { timeout: Duration::from_millis(90_250), idle: None };
    let text = r#"{"timeout":"1m 30s 250ms","idle":"none"}"#;
    assert_eq!(serde_json::to_string(&limits).unwrap(), text);
    assert_eq!(read(text), Ok(limits));
    let idle = read(r#"{"timeout":"0s","idle":"5s"}"#).unwrap().idle;
    assert_eq!(idle, Some(Duration::from_secs(5)));
}

#[test]
fn a_field_that_is_no_duration_says_what_it_should_be() {
    for (text, told) in [
        (r#"{"timeout":30,"idle":"none"}"#, "integer `30`, expected a duration such as \"250ms\""),
        (r#"{"timeout":"none","idle":"none"}"#, "\"none\" is no duration"),
        (r#"{"timeout":"1s","idle":"never"}"#, "\"never\" is no duration"),
        (r#"{"timeout":"1s","idle":null}"#, "expected a duration such as \"250ms\" or \"1m 30s\", or \"none\""),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(seconds: u64, nanos in 0u32..1_000_000_000) {
        let duration = Duration::new(seconds, nanos);
        prop_assert_eq!(parse(&display(duration).to_string()), Ok(duration));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "([0-9.]{0,21} ?(y|M|w|d|h|m|s|ms|us|µs|ns) ?){0,4}|.{0,30}") {
        if let Ok(duration) = parse(&text) {
            prop_assert_eq!(parse(&display(duration).to_string()), Ok(duration));
        }
    }
}
