use crate::support::{Given, Settings, file, flags};

#[test]
fn what_is_in_force_is_printed_with_its_places_and_loads_again() {
    let given = Given {
        file: "name = 'a'\n[queue]\nbytes = 5\n[[tenants]]\nname = \"\"\"x\ny\"\"\"\nrate = 1\naddr = '127.0.0.1:1'\n",
        env: &[("KIT_LOG_FORMAT", "json"), ("KIT_TAGS", "x,\"y\"")],
        flags: &["--drain-timeout=90s", "--print-config"],
    };
    let printed = given.asked::<Settings>();
    assert_eq!(
        printed,
        r#"addr = "127.0.0.1:8080"   # default
name = "a"                # a.toml:1
workers = 4               # default
offset = -1               # default
ratio = 0.5               # default
verbose = false           # default
drain_timeout = "1m 30s"  # --drain-timeout
idle = "1m 15s"           # default
# proxy is not set
mode = "fast"             # default
tags = ["x", "\"y\""]     # KIT_TAGS
ports = []                # default
labels = { one = 1 }      # default
tenants = [{ addr = "127.0.0.1:1", name = "x\ny", rate = 1 }]  # a.toml:4

[log]
format = "json"  # KIT_LOG_FORMAT
level = "info"   # default

[log.file]
# path is not set
keep_days = 0  # default

[queue]
bytes = 5     # a.toml:3
drop = false  # default
"#
    );
    assert_eq!(file(&printed).settings(), Given { flags: &["--drain-timeout=90s"], ..given }.settings());
}

#[test]
fn nothing_is_printed_while_anything_is_wrong() {
    assert_eq!(
        flags(&["--print-config", "--workers", "x"]).wrong::<Settings>(),
        ["--workers: \"x\" is not a whole number"]
    );
}

#[test]
fn help_names_every_setting_with_its_default_whatever_else_is_wrong() {
    let given = flags(&["--nonsense", "--help"]);
    let docs = [("addr", "where to listen"), ("log", "what is written down"), ("log.format", "how lines are written")];
    let help = given.loader().about("Greets.").describe(&docs).load::<Settings>().unwrap_err().to_string();
    assert_eq!(
        help,
        r#"Greets.

Usage: greeter [--NAME VALUE]...

  --addr TEXT                         where to listen [default: 127.0.0.1:8080]
  --name TEXT                         [default: greeter]
  --workers NUMBER                    [default: 4]
  --offset NUMBER                     [default: -1]
  --ratio NUMBER                      [default: 0.5]
  --verbose                           [default: false]
  --drain-timeout TEXT                [default: 10s]
  --idle TEXT                         [default: 1m 15s]
  --proxy TEXT
  --mode fast|careful|every|between   [default: fast]
  --tags A,B,...                      [default: a]
  --ports A,B,...
  --labels KEY=VALUE,...
  --tenants A,B,...

log: what is written down
  --log-format logfmt|json            how lines are written [default: logfmt]
  --log-level TEXT                    [default: info]

log.file:
  --log-file-path TEXT
  --log-file-keep-days NUMBER         [default: 0]

queue:
  --queue-bytes NUMBER
  --queue-drop

  --config FILE                       read settings from this TOML file [KIT_CONFIG]
  --print-config                      print the settings and where each was given, and exit
  --help                              print this, and exit

Every setting is also a variable with KIT_ before its name, and a key of the file: --log-format is KIT_LOG_FORMAT and log.format.
Flags are stronger than variables, and variables than the file.
"#
    );
    assert_eq!(flags(&["-h"]).asked::<Settings>().lines().next(), Some("Usage: greeter [--NAME VALUE]..."));
}
