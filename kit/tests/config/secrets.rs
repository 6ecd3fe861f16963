use std::collections::BTreeMap;

use kit::log::Secret;
use serde::{Deserialize, Serialize};

use crate::support::{Given, env, file, flags};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Settings {
    #[serde(default)]
    api_key: Option<Secret<String>>,
    #[serde(default)]
    pin: Option<Secret<u32>>,
    #[serde(default)]
    tokens: Vec<Secret<String>>,
    db: Database,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Database {
    user: String,
    password: Secret<String>,
}

const PASSWORD: (&str, &str) = ("KIT_DB_PASSWORD", "hunter2");

#[test]
fn a_secret_is_given_like_any_other_value() {
    let settings: Settings =
        env(&[PASSWORD, ("KIT_API_KEY", "k"), ("KIT_TOKENS", "a,b"), ("KIT_PIN", "1")]).load().unwrap();
    let tokens: Vec<_> = settings.tokens.iter().map(|token| token.expose().as_str()).collect();
    assert_eq!((settings.db.password.expose().as_str(), tokens), ("hunter2", vec!["a", "b"]));
    assert_eq!(settings.api_key.unwrap().expose(), "k");
    assert_eq!(settings.pin.unwrap().expose(), &1);
}

#[test]
fn a_secret_without_a_default_of_its_own_must_be_given() {
    let lines = Given::default().wrong::<Settings>();
    assert_eq!(lines, ["db.password: must be set (--db-password or KIT_DB_PASSWORD or in a file)"]);
    // It is told beside other errors.
    let lines = env(&[("KIT_PIN", "x")]).wrong::<Settings>();
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn neither_what_is_printed_nor_an_error_shows_a_secret() {
    let given = Given {
        file: "tokens = ['hunter4']",
        env: &[PASSWORD, ("KIT_API_KEY", "hunter3")],
        flags: &["--pin=55555", "--print-config"],
    };
    let printed = given.asked::<Settings>();
    assert_eq!(
        printed,
        "api_key = \"***\"  # KIT_API_KEY\n\
         pin = \"***\"      # --pin\n\
         tokens = \"***\"   # a.toml:1\n\
         \n[db]\n\
         user = \"\"         # default\n\
         password = \"***\"  # KIT_DB_PASSWORD\n"
    );
    for wrong in [
        env(&[PASSWORD, ("KIT_PIN", "hunter")]),
        file("pin = 'hunter'\ndb.password = 'hunter2'"),
        file("api_key = 123456\ndb.password = 'hunter2'"),
        file("tokens = [['hunter2']]\ndb.password = 'hunter2'"),
        file("db.password = ['hunter2']"),
        file("pin = { hunter2 = 1 }\ndb.password = 'hunter2'"),
    ] {
        let lines = wrong.wrong::<Settings>().join("\n");
        assert!(lines.contains("the secret cannot be read"), "{lines}");
        assert!(!lines.contains("hunter") && !lines.contains("123456"), "{lines}");
    }
    let help = Given { flags: &["--help"], ..given }.asked::<Settings>();
    assert!(!help.contains("hunter") && !help.contains("redacted"), "{help}");
}

#[test]
fn a_secret_that_nobody_gave_is_printed_as_a_comment() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Relaxed {
        password: Secret<String>,
        token: Option<Secret<String>>,
    }
    let printed = flags(&["--print-config"]).asked::<Relaxed>();
    assert_eq!(printed, "# password = \"***\"  # default\n# token is not set\n");
}

#[test]
fn a_mask_is_not_taken_for_a_secret_unless_a_stronger_place_gives_one() {
    let printed = Given { env: &[PASSWORD], flags: &["--print-config"], file: "" }.asked::<Settings>();
    let lines = file(&printed).wrong::<Settings>();
    assert_eq!(lines, ["a.toml:7: db.password: is the mask of a printed configuration, not a secret"]);
    let settings: Settings = Given { env: &[PASSWORD], ..file(&printed) }.load().unwrap();
    assert_eq!(settings.db.password.expose(), "hunter2");
    let lines = env(&[("KIT_DB_PASSWORD", "[redacted]")]).wrong::<Settings>();
    assert!(lines[0].starts_with("KIT_DB_PASSWORD: is the mask"), "{lines:?}");
}

#[test]
fn secrets_within_lists_maps_and_structs_are_kept_as_well() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(default)]
    struct Many {
        tenants: Vec<Tenant>,
        by_name: BTreeMap<String, Tenant>,
        whole: Secret<Whole>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Tenant {
        name: String,
        key: Secret<u32>,
    }
    #[derive(Clone, Debug, Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Whole {
        user: String,
        pin: u32,
    }
    impl Default for Many {
        fn default() -> Self {
            let tenants = vec![Tenant { name: "default".into(), key: Secret::new(7) }];
            Self { tenants, by_name: BTreeMap::new(), whole: Secret::default() }
        }
    }
    assert_eq!(flags(&[]).load::<Many>().unwrap().tenants[0].key.expose(), &7);
    let text = "tenants = [{ name = 'a', key = 1 }]\nby_name = { b = { name = 'b', key = 2 } }\nwhole.pin = 3";
    let settings: Many = file(text).load().unwrap();
    assert_eq!((settings.tenants[0].key.expose(), settings.whole.expose().pin), (&1, 3));
    assert_eq!(flags(&["--whole-pin=4"]).load::<Many>().unwrap().whole.expose().pin, 4);

    let printed = Given { flags: &["--print-config"], ..file(text) }.asked::<Many>();
    assert_eq!(
        printed,
        "tenants = [{ key = \"***\", name = \"a\" }]  # a.toml:1\n\
         by_name = { b = { key = \"***\", name = \"b\" } }  # a.toml:2\n\
         whole = \"***\"                            # a.toml:3\n"
    );
    assert_eq!(file(&printed).wrong::<Many>().len(), 3);
    let default = flags(&["--print-config"]).asked::<Many>();
    assert_eq!(
        default,
        "# tenants = [{ key = \"***\", name = \"default\" }]  # default\nby_name = {}     # default\n# whole = \"***\"  # default\n"
    );
    for text in [
        "tenants = [{ name = 'a', key = 'hunter' }]",
        "by_name = { b = { name = 'b', key = 'hunter' } }",
        "whole.pin = 'hunter'",
        "whole.pin = -55555",
    ] {
        let lines = file(text).wrong::<Many>();
        assert!(lines[0].ends_with("the secret cannot be read") && lines.len() == 1, "{lines:?}");
    }
}
