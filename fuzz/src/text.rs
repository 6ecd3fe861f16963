//! What people write: sources of instances, settings.

use std::collections::BTreeMap;

use kit::config::Loader;
use kit::discovery::{Fixed, Spec};
use serde::{Deserialize, Serialize};

use crate::Target;
use crate::run::may_be_shown;

pub(crate) const SPECS: Target = Target {
    name: "specs",
    run: |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(spec) = text.parse::<Spec>() {
            let written = spec.to_string();
            assert_eq!(written.parse::<Spec>().expect("what was written can be read").to_string(), written);
        }
        if let Err(error) = Fixed::parse("fuzz", text) {
            may_be_shown(&error);
        }
        if let Ok(time) = kit::duration::parse(text) {
            let written = kit::duration::display(time).to_string();
            assert_eq!(kit::duration::parse(&written), Ok(time), "{written}");
        }
    },
    seeds: &[
        b"consul:127.0.0.1:8500?tag=a&dc=b",
        b"static:10.0.0.1:80,[::1]:80;weight=2",
        b"dns:_http._tcp.strings.example",
        b"file:/etc/x.toml",
        b"1h30m",
        b"1.5ms",
    ],
    connects: false,
};

pub(crate) const CONFIG: Target = Target {
    name: "config",
    run: |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        // Refused or read; what is refused says where.
        let _ = Loader::new("fuzz").toml("fuzz.toml", text).load::<Settings>();
        let vars = text.split('\n').filter_map(|line| line.split_once('='));
        let _ = Loader::new("fuzz").env("KIT_", vars).load::<Settings>();
        let _ = Loader::new("fuzz").flags(text.split('\n').filter(|flag| *flag != "--help")).load::<Settings>();
    },
    seeds: &[
        b"addr = \"a\"\nlimit = 5\n[server]\nbody = 1_000\n[labels]\na = \"b\"\n",
        b"KIT_ADDR=x\nKIT_SERVER__BODY=5\nKIT_LIMIT=99999999999999999999",
        b"--addr=x\n--server.body\n7\n--limit=-1",
    ],
    connects: false,
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    addr: String,
    limit: u32,
    server: Server,
    labels: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Server {
    body: u64,
}
