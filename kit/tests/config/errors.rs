use kit::config::{Loader, Place};
use kit::{Code, Error};
use serde::{Deserialize, Serialize};

use crate::support::{Given, Settings, env, errors, file, flags};

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let given = Given {
        file: "workers = 300\nnmae = 'x'\n[log]\nformat = 'xml'\n\n[[tenants]]\nname = 'a'\nrate = 'x'\n[[tenants]]\nrate = -1\naddr = 'y'\n",
        env: &[("KIT_LOG_LEVEL", "loud"), ("KIT_LOG_FROMAT", "json"), ("KIT_PORTS", "1,x,70000")],
        flags: &["--addr", "nowhere", "--verbos", "--drain-timeout", "30", "--labels=a", "stray"],
    };
    let lines = given.wrong::<Settings>();
    assert_eq!(
        lines,
        [
            "a.toml:1: workers: invalid value: integer `300`, expected u8",
            "a.toml:2: nmae: there is no such setting; is name meant?",
            "a.toml:4: log.format: unknown variant `xml`, expected `logfmt` or `json`",
            "a.toml:6: tenants[0].addr: must be set",
            "a.toml:8: tenants[0].rate: invalid type: string \"x\", expected u32",
            "a.toml:9: tenants[1].name: must be set",
            "a.toml:10: tenants[1].rate: invalid value: integer `-1`, expected u32",
            "a.toml:11: tenants[1].addr: \"y\": invalid socket address syntax",
            "KIT_LOG_FROMAT: there is no such setting; is KIT_LOG_FORMAT meant?",
            "KIT_LOG_LEVEL: \"loud\" is no level: expected error, warn, info, debug or trace",
            "KIT_PORTS: \"1,x,70000\": \"x\" is not a whole number",
            "--addr: \"nowhere\": invalid socket address syntax",
            "--drain-timeout: \"30\" is no duration such as \"250ms\" or \"1m 30s\": time unit needed, for example 30sec or 30ms",
            "--labels: \"a\" has no value, as in \"key=value,other=value\"",
            "--verbos: there is no such setting; is --verbose meant?",
            "\"stray\" is no flag: settings are given as --name value",
        ]
    );
}

#[test]
fn one_error_is_one_line_and_several_are_a_number_and_all_of_them() {
    let one = flags(&["--workers", "x"]);
    assert_eq!(errors(one.load::<Settings>()).to_string(), "--workers: \"x\" is not a whole number");
    assert_eq!(one.load::<Settings>().unwrap_err().to_string(), "greeter: --workers: \"x\" is not a whole number");
    let two = Given { env: &[("KIT_RATIO", "y")], ..one };
    let both = "KIT_RATIO: \"y\" is not a number; --workers: \"x\" is not a whole number";
    assert_eq!(errors(two.load::<Settings>()).to_string(), format!("2 settings are wrong: {both}"));
    let lines =
        "greeter: 2 settings are wrong:\n  KIT_RATIO: \"y\" is not a number\n  --workers: \"x\" is not a whole number";
    assert_eq!(two.load::<Settings>().unwrap_err().to_string(), lines);
    let error = Error::from(errors(two.load::<Settings>()));
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, &*format!("2 settings are wrong: {both}")));
}

#[test]
fn an_error_knows_its_place_and_its_key() {
    let errors = errors(env(&[("KIT_LOG_FILE_KEEP_DAYS", "-1"), ("KIT_X", "1")]).load::<Settings>());
    let told: Vec<_> = errors.iter().map(|error| (error.place().cloned(), error.key().map(str::to_owned))).collect();
    let place = |name: &str| Some(Place::Env(name.into()));
    assert_eq!(told, [(place("KIT_LOG_FILE_KEEP_DAYS"), Some("log.file.keep_days".into())), (place("KIT_X"), None)]);
}

#[test]
fn a_line_stays_one_whatever_it_quotes() {
    let given =
        Given { env: &[("KIT_NA\nME", "x"), ("KIT_RATIO", "a\nb")], file: "\"a\\nb\" = 1", flags: &["a\u{2028}\r"] };
    for line in given.wrong::<Settings>() {
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}'), "{line:?}");
    }
}

#[cfg(unix)]
#[test]
fn text_that_is_not_utf_8_is_refused_in_its_place_and_elsewhere_is_nobodys_business() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    let bad = || OsString::from_vec(vec![b'a', 0xff]);
    let vars = [("KIT_NAME".into(), bad()), ("OTHER".into(), bad()), (bad(), OsString::from("x"))];
    let loader = Loader::new("greeter").env("KIT_", vars).flags(["--name".into(), bad(), bad()]);
    let lines: Vec<_> = errors(loader.load::<Settings>()).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["KIT_NAME: is not UTF-8", "--name: is not UTF-8", "a\u{fffd}: is not UTF-8"]);
}

#[test]
fn flags_that_say_nothing_or_twice_the_same_are_refused() {
    for (args, line) in [
        (&["--addr"][..], "--addr: needs a value"),
        (&["--addr", "--verbose"], "--addr: needs a value"),
        (&["--workers", "1", "--workers", "1"], "--workers: is given twice"),
        (&["--help=x"], "--help: takes no value"),
        (&["--print-config=yes"], "--print-config: takes no value"),
        (&["--verbose=yes"], "--verbose: \"yes\" is neither true nor false"),
        (&["--log", "x"], "--log: is a table of settings: give one of them, such as --log-file-keep-days"),
        (&["--"], "\"--\" is no flag: settings are given as --name value"),
        (&["-v"], "-v: there is no such setting (--help lists them)"),
        (&["--nonsense", "value"], "--nonsense: there is no such setting (--help lists them)"),
    ] {
        assert_eq!(flags(args).wrong::<Settings>(), [line]);
    }
    assert_eq!(flags(&["--offset", "-3"]).settings().offset, -3);
}

#[test]
fn a_file_with_wrong_types_is_refused_by_line() {
    for (text, line) in [
        ("workers = '4'", "a.toml:1: workers: invalid type: string \"4\", expected u8"),
        ("\nname = 4", "a.toml:2: name: invalid type: integer `4`, expected a string"),
        ("log = 'json'", "a.toml:1: log: \"json\": must be a table with keys out of format, level, file"),
        ("log = ['json', 'info']", "a.toml:1: log: must be a table with keys out of format, level, file"),
        ("[log.file]\nkep_days = 1", "a.toml:2: log.file.kep_days: there is no such setting; is keep_days meant?"),
        ("[log.file]\nx = 1", "a.toml:2: log.file.x: there is no such setting, there is path, keep_days"),
        ("mode = { every = 'x' }", "a.toml:1: mode.every: invalid type: string \"x\", expected u32"),
        ("mode = { fast = 1 }", "a.toml:1: mode: must be \"fast\" alone, it holds nothing"),
        ("mode = { every = 1, fast = 2 }", "a.toml:1: mode: must have one key out of fast, careful, every, between"),
        ("mode = { between = { low = 1, hi = 2 } }", "a.toml:1: mode.between.high: must be set"),
        ("labels = { a = 'x' }", "a.toml:1: labels.a: invalid type: string \"x\", expected u32"),
        ("offset = 99999999999999999999999999999999999999999", "a.toml:1: this number is too large"),
        ("name = ", "a.toml:1: is not TOML: string values must be quoted, expected literal string"),
        ("a = 1\na = 2", "a.toml:2: is not TOML: duplicate key"),
    ] {
        let lines = file(text).wrong::<Settings>();
        assert!(lines.contains(&line.to_owned()), "{lines:#?} lack {line}");
    }
}

#[test]
fn a_value_that_a_stronger_place_overrides_is_not_read_but_if_that_is_wrong_too_both_are_told() {
    let given = Given { file: "workers = 300", env: &[("KIT_WORKERS", "1")], flags: &[] };
    assert_eq!(given.settings().workers, 1);
    let lines = Given { flags: &["--workers", "x"], env: &[("KIT_WORKERS", "y")], ..given }.wrong::<Settings>();
    assert_eq!(
        lines,
        [
            "a.toml:1: workers: invalid value: integer `300`, expected u8",
            "KIT_WORKERS: \"y\" is not a whole number",
            "--workers: \"x\" is not a whole number",
        ]
    );
}

#[test]
fn a_table_that_begins_to_exist_must_be_whole() {
    assert_eq!(
        env(&[("KIT_QUEUE_DROP", "true")]).wrong::<Settings>(),
        ["queue.bytes: must be set (--queue-bytes or KIT_QUEUE_BYTES or in a file)"]
    );
    assert_eq!(
        file("[queue]\ndrop = true").wrong::<Settings>(),
        ["a.toml:1: queue.bytes: must be set (--queue-bytes or KIT_QUEUE_BYTES or in a file)"]
    );
}

/// Checks what one field alone cannot say.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Ranged {
    range: Range,
    name: u8,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
struct Range {
    low: u32,
    high: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bounds {
    low: u32,
    high: u32,
}

impl TryFrom<Bounds> for Range {
    type Error = &'static str;

    fn try_from(Bounds { low, high }: Bounds) -> Result<Self, Self::Error> {
        if low <= high { Ok(Range { low, high }) } else { Err("low must not be above high") }
    }
}

#[test]
fn what_a_table_says_of_itself_is_told_unless_it_follows_from_another_error() {
    let lines = Given { file: "[range]\nlow = 3", env: &[("KIT_NAME", "x")], flags: &[] }.wrong::<Ranged>();
    assert_eq!(lines, ["a.toml:1: range: low must not be above high", "KIT_NAME: \"x\" is not a whole number"]);
    // With its own default in place of the bad value the range would be wrong, and that is no news.
    let lines = file("[range]\nlow = 3\nhigh = 'x'").wrong::<Ranged>();
    assert_eq!(lines, ["a.toml:3: range.high: invalid type: string \"x\", expected u32"]);
}

#[test]
fn a_program_whose_settings_cannot_work_is_told_so_whatever_is_given() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Clash {
        log_format: u8,
        log: Inner,
        config: u8,
    }
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Inner {
        format: u8,
    }
    let loader = Loader::new("a").describe(&[("log", "fine"), ("lgo", "not fine")]).env("KIT_", [("A", "b")]);
    let lines: Vec<_> = errors(loader.load::<Clash>()).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "log.format: has the same flag or variable as log_format: the program cannot be told which is meant",
            "config: every program's own flag has its name, --config",
            "lgo: the program describes a setting that it does not have",
        ]
    );
    let loader = Loader::new("a").env("", [("A", "b")]);
    assert!(errors(loader.load::<Settings>()).to_string().contains("without a prefix"));
    assert!(Loader::new("a").load::<Vec<u8>>().unwrap_err().to_string().contains("no struct"));
}

#[test]
fn a_default_that_its_own_type_does_not_read_is_replaced_by_serdes_or_told() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Odd {
        #[serde(default, serialize_with = "odd")]
        with_default: u32,
        #[serde(serialize_with = "odd")]
        without: u32,
    }
    impl Default for Odd {
        fn default() -> Self {
            Self { with_default: 0, without: 7 }
        }
    }
    fn odd<S: serde::Serializer>(_: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("odd")
    }
    assert_eq!(flags(&["--without=1"]).load::<Odd>().unwrap(), Odd { with_default: 0, without: 1 });
    let lines = Given::default().wrong::<Odd>();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("without: must be set (--without or KIT_WITHOUT or in a file); its default cannot"),
        "{lines:?}"
    );
}
