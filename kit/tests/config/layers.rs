use std::collections::BTreeMap;
use std::time::Duration;

use kit::config::Loader;
use kit::log::Format;
use serde::{Deserialize, Serialize};

use crate::support::{File, Given, Log, Mode, Queue, Settings, env, file, flags};

#[test]
fn nothing_given_is_the_default() {
    assert_eq!(Given::default().settings(), Settings::default());
    assert_eq!(Loader::new("greeter").load::<Settings>().unwrap(), Settings::default());
}

#[test]
fn a_flag_is_stronger_than_a_variable_a_variable_than_the_file_the_file_than_the_default() {
    let file = "workers = 1\n[log]\nlevel = 'warn'\n";
    let env = &[("KIT_WORKERS", "2"), ("KIT_LOG_LEVEL", "debug")][..];
    let flags = &["--workers", "3"][..];
    let workers = |given: Given<'_>| given.settings().workers;
    assert_eq!(workers(Given::default()), 4);
    assert_eq!(workers(Given { file, ..Given::default() }), 1);
    assert_eq!(workers(Given { file, env, ..Given::default() }), 2);
    let all = Given { file, env, flags }.settings();
    assert_eq!((all.workers, all.log.level.as_str()), (3, "debug"));
    assert_eq!(Given { flags: &["--log-level=trace"], file, env }.settings().log.level, "trace");
}

#[test]
fn whatever_the_order_of_the_calls() {
    let loader = Loader::new("greeter").flags(["--workers", "3"]).env("KIT_", [("KIT_WORKERS", "2")]);
    assert_eq!(loader.toml("a", "workers = 1").load::<Settings>().unwrap().workers, 3);
}

#[test]
fn of_two_files_the_later_is_stronger() {
    let loader = Loader::new("greeter").toml("a", "workers = 1\nname = 'a'").toml("b", "workers = 2");
    let settings: Settings = loader.load().unwrap();
    assert_eq!((settings.workers, settings.name.as_str()), (2, "a"));
}

#[test]
fn text_becomes_what_its_field_asks_for() {
    let expected = Settings {
        addr: "[::1]:1".parse().unwrap(),
        name: "a=b, c".into(),
        workers: 7,
        offset: -5,
        ratio: 2.0,
        verbose: true,
        drain_timeout: Duration::from_secs(90),
        idle: None,
        proxy: Some("http://a".into()),
        mode: Mode::Careful,
        tags: vec!["x".into(), "y".into()],
        ports: vec![1, 2],
        labels: BTreeMap::from([("two".into(), 2), ("three".into(), 3)]),
        log: Log {
            format: Format::Json,
            level: "off,hyper=warn".into(),
            file: File { path: Some("".into()), keep_days: 3 },
        },
        queue: Some(Queue { bytes: 9, drop: true }),
        tenants: vec![],
    };
    let values = [
        ("addr", "[::1]:1"),
        ("name", "a=b, c"),
        ("workers", "7"),
        ("offset", "-5"),
        ("ratio", "2"),
        ("verbose", "true"),
        ("drain_timeout", "1m 30s"),
        ("idle", "none"),
        ("proxy", "http://a"),
        ("mode", "careful"),
        ("tags", "x, y"),
        ("ports", "1,2"),
        ("labels", "two=2, three = 3"),
        ("log_format", "json"),
        ("log_level", "off,hyper=warn"),
        ("log_file_path", ""),
        ("log_file_keep_days", "3"),
        ("queue_bytes", "9"),
        ("queue_drop", "true"),
        ("tenants", ""),
    ];
    let named: Vec<_> = values.iter().map(|(key, text)| (format!("KIT_{}", key.to_uppercase()), *text)).collect();
    let named: Vec<_> = named.iter().map(|(key, text)| (key.as_str(), *text)).collect();
    assert_eq!(env(&named).settings(), expected);
    let named: Vec<_> = values.iter().map(|(key, text)| format!("--{}={text}", key.replace('_', "-"))).collect();
    let named: Vec<_> = named.iter().map(String::as_str).collect();
    assert_eq!(flags(&named).settings(), expected);
}

#[test]
fn a_file_gives_what_flags_cannot() {
    let text = r#"
        mode = { between = { low = 1, high = 0x10 } }
        ratio = 1
        labels = { "a b" = 1_000 }
        queue = { bytes = 1 }
        [[tenants]]
        name = "a"
        rate = 1
        addr = "127.0.0.1:1"
        [[tenants]]
        name = "b"
        rate = 2
        addr = "127.0.0.1:2"
    "#;
    let settings = file(text).settings();
    assert_eq!(settings.mode, Mode::Between { low: 1, high: 16 });
    assert_eq!((settings.ratio, settings.queue), (1.0, Some(Queue { bytes: 1, drop: false })));
    assert_eq!(settings.labels, BTreeMap::from([("a b".into(), 1000)]));
    assert_eq!(settings.tenants.iter().map(|tenant| tenant.rate).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(file("mode = { every = 3 }").settings().mode, Mode::Every(3));
}

#[test]
fn tables_are_merged_by_key_and_lists_and_maps_are_replaced() {
    let given = Given {
        file: "tags = ['x']\nlabels = { two = 2 }\n[log.file]\npath = 'a'",
        env: &[("KIT_LOG_FILE_KEEP_DAYS", "9")],
        flags: &["--log-format", "json"],
    };
    let settings = given.settings();
    assert_eq!(settings.log.file, File { path: Some("a".into()), keep_days: 9 });
    assert_eq!((settings.log.format, settings.log.level.as_str()), (Format::Json, "info"));
    assert_eq!((settings.tags, settings.labels), (vec!["x".into()], BTreeMap::from([("two".into(), 2)])));
}

#[test]
fn the_defaults_of_the_whole_hold_within_a_table_that_is_given_in_part() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        inner: Inner,
    }
    #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Inner {
        a: u32,
        b: u32,
    }
    impl Default for Outer {
        fn default() -> Self {
            Self { inner: Inner { a: 1, b: 2 } }
        }
    }
    assert_eq!(file("[inner]\nb = 9").load::<Outer>().unwrap(), Outer { inner: Inner { a: 1, b: 9 } });
}

#[test]
fn a_yes_or_no_stands_alone_or_has_its_value_behind_an_equals_sign() {
    assert!(flags(&["--verbose"]).settings().verbose);
    assert!(flags(&["--verbose", "--workers", "1"]).settings().verbose);
    assert!(!Given { env: &[("KIT_VERBOSE", "true")], flags: &["--verbose=false"], file: "" }.settings().verbose);
}

#[test]
fn a_field_may_have_several_names() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Renamed {
        #[serde(alias = "address")]
        addr: String,
        #[serde(rename = "max-size")]
        max_size: u32,
    }
    let given = env(&[("KIT_ADDRESS", "a"), ("KIT_MAX_SIZE", "3")]);
    assert_eq!(given.load::<Renamed>().unwrap(), Renamed { addr: "a".into(), max_size: 3 });
    assert_eq!(flags(&["--max-size=3"]).load::<Renamed>().unwrap().max_size, 3);
    let twice = file("address = 'a'\naddr = 'b'").wrong::<Renamed>();
    assert_eq!(twice, ["a.toml:1: address: \"a\": sets addr, which is set under another of its names"]);
}

#[test]
fn variables_of_other_programs_and_other_prefixes_are_none_of_ours() {
    let settings = env(&[("PATH", "/bin"), ("kit_workers", "9"), ("KITE", "1"), ("XKIT_WORKERS", "9")]).settings();
    assert_eq!(settings, Settings::default());
}

#[test]
fn every_kind_of_type_is_read_from_text_and_from_a_file() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Kinds {
        letter: char,
        wide: u64,
        pair: (u8, String),
        by_number: BTreeMap<u16, bool>,
        wrapped: Wrapped,
        nested: Option<Option<f32>>,
        some: Option<std::num::NonZeroU8>,
        path: std::path::PathBuf,
        either: Option<Either>,
        modes: Vec<Mode>,
    }
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Wrapped(i16);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    let expected = |either| Kinds {
        letter: 'x',
        wide: u64::MAX,
        pair: (1, "b".into()),
        by_number: BTreeMap::from([(80, true)]),
        wrapped: Wrapped(-1),
        nested: Some(Some(0.5)),
        some: std::num::NonZeroU8::new(3),
        path: "/a".into(),
        either: Some(either),
        modes: vec![Mode::Fast, Mode::Careful],
    };
    let text = "--letter=x --wide=18446744073709551615 --pair=1,b --by-number=80=true --wrapped=-1 --nested=.5 --some=3 --path=/a \
                --either=7 --modes=fast,careful";
    let flags: Vec<_> = text.split_whitespace().collect();
    // What takes text or a number takes the text of a flag as text.
    assert_eq!(crate::support::flags(&flags).load::<Kinds>().unwrap(), expected(Either::Text("7".into())));
    let text = "letter = 'x'\nwide = 18446744073709551615\npair = [1, 'b']\nby_number = { 80 = true }\nwrapped = -1\nnested = 0.5\n\
                some = 3\npath = '/a'\neither = 7\nmodes = ['fast', 'careful']";
    assert_eq!(file(text).load::<Kinds>().unwrap(), expected(Either::Number(7)));
}

#[test]
fn what_is_flattened_is_set_in_a_file() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Flat {
        name: String,
        #[serde(flatten)]
        file: File,
    }
    let settings: Flat = file("name = 'a'\nkeep_days = 3").load().unwrap();
    assert_eq!((settings.name.as_str(), settings.file.keep_days), ("a", 3));
    assert_eq!(env(&[("KIT_NAME", "b")]).wrong::<Flat>(), ["KIT_NAME: there is no such setting (--help lists them)"]);
}
