use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use kit::config::{Loader, Place, Stop};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::support::{File, Given, Log, Mode, Queue, Settings, Tenant, file};

const KEYS: [&str; 22] = [
    "addr",
    "name",
    "workers",
    "offset",
    "ratio",
    "verbose",
    "drain_timeout",
    "idle",
    "proxy",
    "mode",
    "tags",
    "ports",
    "labels",
    "log_format",
    "log_level",
    "log_file_path",
    "log_file_keep_days",
    "queue_bytes",
    "queue_drop",
    "tenants",
    "log",
    "nothing",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,20}",
        "-?[0-9]{1,40}(\\.[0-9]{1,20})?(e[0-9]{1,5})?",
        "[a-z]{1,5}=?[0-9]{0,3}(,[a-z]{0,3}=?[0-9]{0,6}){0,4}",
        "([0-9]{1,21} ?(ns|us|ms|s|m|h|days|y) ?){0,3}",
        "true|false|none|json|fast|every|between|inf|nan|\\*\\*\\*",
        "[0-9.:\\[\\]]{0,20}",
    ]
}

/// Values in TOML, well formed or nearly.
fn toml_values() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        texts(),
        texts().prop_map(|text| format!("{text:?}")),
        any::<i64>().prop_map(|int| int.to_string()),
        any::<f64>().prop_map(|float| float.to_string()),
        "0x[0-9a-f]{1,40}|1979-05-27T07:32:00Z|07:32:00|true",
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop_oneof![
            "[a-z]{1,5}",
            Just("every".into()),
            Just("low".into()),
            Just("name".into()),
            Just("rate".into())
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            vec((key, inner), 0..4).prop_map(|entries| {
                let entries: Vec<_> = entries.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }),
        ]
    })
}

/// Whatever was given: settings, or errors of which each has a place or names what is missing.
fn loads_or_tells(loader: Loader) -> Result<(), TestCaseError> {
    match loader.load::<Settings>() {
        Ok(_) => Ok(()),
        Err(Stop::Wrong { errors, .. }) => {
            prop_assert!(errors.iter().len() > 0);
            for error in &errors {
                let missing = error.message().starts_with("must be set") && error.key().is_some();
                prop_assert!(error.place().is_some_and(|place| *place != Place::Default) || missing, "{error:?}");
                prop_assert!(!error.to_string().contains('\n'), "{error}");
            }
            Ok(())
        }
        Err(stop) => Err(TestCaseError::fail(stop.to_string())),
    }
}

fn durations() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0u32..1_000_000_000).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

fn addresses() -> impl Strategy<Value = SocketAddr> {
    (any::<[u8; 4]>(), any::<u16>()).prop_map(SocketAddr::from)
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Fast),
        Just(Mode::Careful),
        any::<u32>().prop_map(Mode::Every),
        any::<(u32, u32)>().prop_map(|(low, high)| Mode::Between { low, high }),
    ]
}

fn logs() -> impl Strategy<Value = Log> {
    let formats = prop_oneof![Just(kit::log::Format::Logfmt), Just(kit::log::Format::Json)];
    let levels = prop_oneof![Just("info"), Just("off,hyper=warn"), Just("debug")];
    let files = (option::of(any::<String>()), any::<u32>()).prop_map(|(path, keep_days)| File { path, keep_days });
    (formats, levels, files).prop_map(|(format, level, file)| Log { format, level: level.into(), file })
}

fn tenants() -> impl Strategy<Value = Tenant> {
    (any::<String>(), any::<u32>(), addresses()).prop_map(|(name, rate, addr)| Tenant { name, rate, addr })
}

fn settings() -> impl Strategy<Value = Settings> {
    let first = (addresses(), any::<String>(), any::<u8>(), any::<i64>(), any::<f64>(), any::<bool>());
    let second = (durations(), option::of(durations()), option::of(any::<String>()), modes());
    let lists = (vec(any::<String>(), 0..3), vec(any::<u16>(), 0..3), btree_map(any::<String>(), any::<u32>(), 0..3));
    let queue = option::of(any::<(u32, bool)>().prop_map(|(bytes, drop)| Queue { bytes, drop }));
    let tables = (logs(), queue, vec(tenants(), 0..3));
    (first, second, lists, tables).prop_map(|(first, second, lists, tables)| {
        let (addr, name, workers, offset, ratio, verbose) = first;
        let (drain_timeout, idle, proxy, mode) = second;
        let (tags, ports, labels) = lists;
        let (log, queue, tenants) = tables;
        Settings {
            addr,
            name,
            workers,
            offset,
            ratio,
            verbose,
            drain_timeout,
            idle,
            proxy,
            mode,
            tags,
            ports,
            labels,
            log,
            queue,
            tenants,
        }
    })
}

/// Settings whose default is whatever a test says, so that they can be printed without being given.
mod given {
    use std::cell::RefCell;

    use serde::{Deserialize, Serialize};

    use super::Settings;

    thread_local!(static DEFAULT: RefCell<Settings> = RefCell::default());

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    pub(super) struct Chosen(Settings);

    impl Chosen {
        pub(super) fn choose(settings: Settings) {
            DEFAULT.set(settings);
        }
    }

    impl Default for Chosen {
        fn default() -> Self {
            Self(DEFAULT.with_borrow(Clone::clone))
        }
    }
}

proptest! {
    #[test]
    fn any_text_for_any_key_loads_or_is_an_error_with_a_place(
        env in vec((prop::sample::select(&KEYS[..]), texts()), 0..4),
        flags in vec((prop::sample::select(&KEYS[..]), texts(), any::<bool>()), 0..4),
    ) {
        let env: Vec<_> = env.into_iter().map(|(key, text)| (format!("KIT_{}", key.to_uppercase()), text)).collect();
        let flags = flags.into_iter().flat_map(|(key, text, joined)| {
            let key = format!("--{}", key.replace('_', "-"));
            // Behind a space it may be taken for the next flag, and then has no name but itself.
            if joined || text.starts_with('-') || key == "--verbose" || key == "--queue-drop" {
                vec![format!("{key}={text}")]
            } else {
                vec![key, text]
            }
        });
        loads_or_tells(Loader::new("greeter").env("KIT_", env).flags(flags))?;
    }

    #[test]
    fn any_file_loads_or_is_an_error_with_a_place(
        entries in vec((prop::sample::select(&KEYS[..]), toml_values()), 0..5),
        text in ".{0,40}",
    ) {
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(key, value)| format!("{} = {value}", key.replacen("log_", "log.", 1).replacen("queue_", "queue.", 1)))
            .collect();
        loads_or_tells(Given { file: &entries.join("\n"), ..Given::default() }.loader())?;
        loads_or_tells(Given { file: &text, ..Given::default() }.loader())?;
    }

    #[test]
    fn what_is_printed_loads_to_the_same_settings(settings in settings()) {
        given::Chosen::choose(settings.clone());
        let printed = Given { flags: &["--print-config"], ..Given::default() }.asked::<given::Chosen>();
        // An option whose default is some value cannot be told to be none: the defaults have none where the settings do.
        let loaded = file(&printed).settings();
        prop_assert_eq!(loaded, settings, "{}", printed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn names_that_nobody_knows_are_errors(name in "[A-Z_]{1,12}") {
        let known = KEYS[..KEYS.len() - 2].iter().any(|key| key.to_uppercase() == name) || name == "CONFIG";
        let env = BTreeMap::from([(format!("KIT_{name}"), "1".to_owned())]);
        let loaded = Loader::new("greeter").env("KIT_", env).load::<Settings>();
        prop_assert!(known || loaded.is_err());
    }
}
