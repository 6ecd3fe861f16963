//! The table of odd values on the crate's front page, a test a row.

mod support;

use std::error::Error;
use std::fmt;

use kit_log::{Level, Logger, Secret, info, json, lazy, log, logfmt, o};
use serde::Serialize;
use slog::{Key, Record, Serializer, Value};
use support::Writes;

/// The line each format prints for what `print` logs.
fn both(print: impl Fn(&Logger)) -> (String, String) {
    let writes = Writes::default();
    print(&Logger::with_levels(logfmt(writes.clone()), Level::Trace));
    let text = writes.line();
    print(&Logger::with_levels(json(writes.clone()), Level::Trace));
    (text, writes.line())
}

macro_rules! assert_prints {
    ($print:expr, $logfmt:expr, $json:expr) => {{
        let (text, object) = both($print);
        assert_eq!(text, $logfmt);
        assert_eq!(object, $json);
    }};
}

#[derive(Debug)]
struct Failure(&'static str, Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

struct Fails;

impl fmt::Display for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of it")?;
        Err(fmt::Error)
    }
}

struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of it")?;
        panic!("boom")
    }
}

struct Raw(fn() -> slog::Result);

impl Value for Raw {
    fn serialize(&self, _: &Record<'_>, _: Key, _: &mut dyn Serializer) -> slog::Result {
        (self.0)()
    }
}

#[test]
fn of_two_pairs_with_one_key_the_later_is_printed() {
    assert_prints!(
        |log| info!(log.with(o!("a" => 1, "b" => 1)).with(o!("a" => 2)); "c" => 3, "b" => 4, "c" => 5),
        "level=info a=2 b=4 c=5",
        r#"{"level":"info","a":2,"b":4,"c":5}"#
    );
}

#[test]
fn a_pair_named_like_what_the_drain_prints_is_renamed() {
    assert_prints!(
        |log| info!(log.with(o!("level" => "none")), "m"; "msg" => "forged", "truncated" => 9, "level" => "all"),
        "level=info msg=m msg_=forged truncated_=9 level_=all",
        r#"{"level":"info","msg":"m","msg_":"forged","truncated_":9,"level_":"all"}"#
    );
}

#[test]
fn a_line_without_level_or_message_leaves_those_keys_free() {
    assert_prints!(
        |log| log!(log; "level" => "info", "msg" => "hello"),
        "level=info msg=hello",
        r#"{"level":"info","msg":"hello"}"#
    );
}

#[test]
fn floats_that_are_no_numbers_are_words() {
    assert_prints!(
        |log| log!(log; "a" => f64::NAN, "b" => f32::INFINITY, "c" => f64::NEG_INFINITY),
        "a=NaN b=+Inf c=-Inf",
        r#"{"a":"NaN","b":"+Inf","c":"-Inf"}"#
    );
}

#[test]
fn floats_are_as_short_as_reads_back_the_same() {
    assert_prints!(
        |log| log!(log; "a" => 0.1, "b" => 0.1f32, "c" => 1.0, "d" => 1e300, "e" => 1.5e-9, "f" => -0.0),
        "a=0.1 b=0.1 c=1 d=1e300 e=1.5e-9 f=-0",
        r#"{"a":0.1,"b":0.1,"c":1,"d":1e300,"e":1.5e-9,"f":-0}"#
    );
}

#[test]
fn integers_beyond_64_bits_are_texts_in_json() {
    assert_prints!(
        |log| log!(log; "a" => u128::MAX, "b" => i128::MIN, "c" => 7u128, "d" => -7i128),
        "a=340282366920938463463374607431768211455 b=-170141183460469231731687303715884105728 c=7 d=-7",
        r#"{"a":"340282366920938463463374607431768211455","b":"-170141183460469231731687303715884105728","c":7,"d":-7}"#
    );
}

#[test]
fn an_error_prints_with_its_causes() {
    let error = || Failure("cannot save", Some(Box::new(Failure("disk full", Some(Box::new(Failure("quota", None)))))));
    let kept = error();
    assert_prints!(
        |log| info!(log; "err" => #error(), "ref" => #&kept),
        r#"level=info err="cannot save: disk full: quota" ref="cannot save: disk full: quota""#,
        r#"{"level":"info","err":"cannot save: disk full: quota","ref":"cannot save: disk full: quota"}"#
    );
}

#[test]
fn a_cause_the_error_already_told_is_not_told_twice() {
    let error = Failure("cannot save: disk full", Some(Box::new(Failure("disk full", None))));
    assert_prints!(
        |log| log!(log; "err" => #&error),
        r#"err="cannot save: disk full""#,
        r#"{"err":"cannot save: disk full"}"#
    );
}

#[test]
fn an_error_that_is_its_own_cause_ends() {
    #[derive(Debug)]
    struct Loop(u8);
    impl fmt::Display for Loop {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)
        }
    }
    impl Error for Loop {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            static ONE: Loop = Loop(1);
            static TWO: Loop = Loop(2);
            Some(if self.0 == 1 { &TWO } else { &ONE })
        }
    }
    let (line, _) = both(|log| log!(log; "err" => #&Loop(1)));
    assert_eq!(line.matches(": ").count(), 32, "{line}");
}

#[test]
fn a_display_that_fails_is_named_in_its_place() {
    assert_prints!(
        |log| info!(log, "{}", Fails; "a" => %Fails, "b" => 1),
        r#"level=info msg="[format error]" a="[format error]" b=1"#,
        r#"{"level":"info","msg":"[format error]","a":"[format error]","b":1}"#
    );
}

#[test]
fn a_display_that_panics_is_named_in_its_place() {
    assert_prints!(
        |log| info!(log, "{}", Panics; "a" => %Panics, "b" => lazy(|| -> u8 { panic!("no {}", "value") }), "c" => 1),
        r#"level=info msg="[panic: boom]" a="[panic: boom]" b="[panic: no value]" c=1"#,
        r#"{"level":"info","msg":"[panic: boom]","a":"[panic: boom]","b":"[panic: no value]","c":1}"#
    );
}

#[test]
fn a_value_that_fails_or_panics_before_it_prints_ends_its_list() {
    // slog hands pairs over last first, so the ones written before the bad one are lost.
    assert_prints!(
        |log| info!(log.with(o!("c" => 1)), "m"; "a" => 1, "b" => Raw(|| Err(slog::Error::Other)), "d" => 4),
        r#"level=info c=1 msg=m log_error="Other serialization error" d=4"#,
        r#"{"level":"info","c":1,"msg":"m","log_error":"Other serialization error","d":4}"#
    );
    assert_prints!(
        |log| info!(log, "m"; "b" => Raw(|| panic!("boom")), "d" => 4),
        r#"level=info msg=m log_error="[panic: boom]" d=4"#,
        r#"{"level":"info","msg":"m","log_error":"[panic: boom]","d":4}"#
    );
}

#[test]
fn what_a_key_may_not_hold_becomes_an_underscore() {
    assert_prints!(
        |log| log!(log; "a b" => 1, "c=d" => 2, "e\"f" => 3, "g\nh" => 4, "" => 5, "i\u{202e}j" => 6, "größe" => 7),
        "a_b=1 c_d=2 e_f=3 g_h=4 _=5 i_j=6 größe=7",
        r#"{"a_b":1,"c_d":2,"e_f":3,"g_h":4,"_":5,"i_j":6,"größe":7}"#
    );
}

#[test]
fn bytes_print_as_hex() {
    assert_prints!(
        |log| log!(log; "a" => &b"\x00\xffAz"[..], "b" => &b""[..]),
        r#"a=00ff417a b="""#,
        r#"{"a":"00ff417a","b":""}"#
    );
}

#[test]
fn nothing_is_null_and_a_text_that_says_null_is_quoted() {
    assert_prints!(
        |log| log!(log; "a" => None::<u8>, "b" => (), "c" => "null", "d" => %"null", "e" => ""),
        r#"a=null b=null c="null" d="null" e="""#,
        r#"{"a":null,"b":null,"c":"null","d":"null","e":""}"#
    );
}

#[derive(Clone, Serialize)]
enum Shape {
    Dot,
    Circle(f64),
    Line(u8, u8),
    Box { password: String, size: Option<u8> },
}

#[test]
fn a_structured_value_is_json_in_json_and_its_text_in_logfmt() {
    let shapes = vec![
        Shape::Dot,
        Shape::Circle(f64::NAN),
        Shape::Line(1, 2),
        Shape::Box { password: "hunter2".into(), size: None },
    ];
    assert_prints!(
        |log| log!(log; "shapes" => slog::Serde(shapes.clone()), "text" => slog::Serde("a b"), "number" => slog::Serde(7)),
        r#"shapes="[\"Dot\",{\"Circle\":\"NaN\"},{\"Line\":[1,2]},{\"Box\":{\"password\":\"[redacted]\",\"size\":null}}]" text="a b" number=7"#,
        r#"{"shapes":["Dot",{"Circle":"NaN"},{"Line":[1,2]},{"Box":{"password":"[redacted]","size":null}}],"text":"a b","number":7}"#
    );
}

#[test]
fn a_map_s_keys_are_texts_whatever_their_type() {
    let map = std::collections::BTreeMap::from([(1u8, "a\n"), (2, "b")]);
    let names = std::collections::BTreeMap::from([("x\"y", 1), ("Cookie", 2)]);
    assert_prints!(
        |log| log!(log; "m" => slog::Serde(map.clone()), "n" => slog::Serde(names.clone())),
        r#"m="{\"1\":\"a\\n\",\"2\":\"b\"}" n="{\"Cookie\":\"[redacted]\",\"x\\\"y\":1}""#,
        r#"{"m":{"1":"a\n","2":"b"},"n":{"Cookie":"[redacted]","x\"y":1}}"#
    );
}

#[test]
fn a_structured_value_that_fails_or_never_ends_is_named_in_its_place() {
    #[derive(Clone)]
    struct Deep;
    impl Serialize for Deep {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_newtype_variant("", 0, "d", self)
        }
    }
    let map = std::collections::BTreeMap::from([(vec![1u8], 1)]);
    assert_prints!(
        |log| log!(log; "deep" => slog::Serde(Deep), "map" => slog::Serde(map.clone()), "after" => 1),
        r#"deep="[format error: nested deeper than 32]" map="[format error: nested deeper than 32]" after=1"#,
        r#"{"deep":"[format error: nested deeper than 32]","map":"[format error: nested deeper than 32]","after":1}"#
    );
}

#[test]
fn a_secret_and_a_value_under_a_denied_name_are_masked() {
    assert_prints!(
        |log| info!(log.with(o!("Authorization" => "Bearer x")), "m"; "pin" => Secret::new(1234), "db_password" => "p",
            "set-cookie" => lazy(|| "c"), "token" => 7),
        "level=info Authorization=[redacted] msg=m pin=[redacted] db_password=[redacted] set-cookie=[redacted] token=[redacted]",
        r#"{"level":"info","Authorization":"[redacted]","msg":"m","pin":"[redacted]","db_password":"[redacted]","set-cookie":"[redacted]","token":"[redacted]"}"#
    );
}
