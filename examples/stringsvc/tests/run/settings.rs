use program::{File, ended, started};

use crate::support::command;

#[tokio::test]
async fn a_flag_is_stronger_than_a_variable_and_a_variable_than_the_file() {
    let file = File::new("order.toml", "addr = '127.0.0.1:0'\nlog = { format = 'json', level = 'error' }\n");
    // The file alone: JSON, and no line of the level info.
    let ended = started(command(&["--config", file.path()])).await.stop().await;
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    let mut with_env = command(&[]);
    with_env.env("KIT_CONFIG", file.path()).env("KIT_LOG_LEVEL", "info");
    let lines = started(with_env).await.stop().await.stderr;
    assert!(lines.starts_with("{\"level\":\"info\""), "{lines}");
    let mut with_both = command(&["--log-format=logfmt"]);
    with_both.env("KIT_CONFIG", file.path()).env("KIT_LOG_LEVEL", "info").env("KIT_LOG_FORMAT", "json");
    let lines = started(with_both).await.stop().await.stderr;
    assert!(lines.starts_with("level=info"), "{lines}");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let file = File::new("wrong.toml", "adr = 'x'\n\n[server]\nmax_headers = 'many'\ndrain_timeout = '10'\n");
    let mut command = command(&["--config", file.path(), "--log-level=loud", "--verbose"]);
    command.env("KIT_ADDR", "nowhere").env("KIT_LOG_FROMAT", "json");
    let told = ended(command).await;
    assert_eq!((told.status.code(), told.stdout.as_str()), (Some(1), ""));
    let path = file.path();
    for line in [
        "stringsvc: 7 settings are wrong:\n",
        &format!("\n  {path}:1: adr: there is no such setting; is addr meant?\n"),
        &format!("\n  {path}:4: server.max_headers: invalid type: string \"many\", expected usize\n"),
        &format!("\n  {path}:5: server.drain_timeout: \"10\" is no duration such as \"250ms\" or \"1m 30s\": "),
        "\n  KIT_ADDR: \"nowhere\": invalid socket address syntax\n",
        "\n  KIT_LOG_FROMAT: there is no such setting; is KIT_LOG_FORMAT meant?\n",
        "\n  --log-level: \"loud\" is no level",
        "\n  --verbose: there is no such setting (--help lists them)\n",
    ] {
        assert!(told.stderr.contains(line), "{line} in\n{}", told.stderr);
    }
    assert_eq!(told.stderr.lines().count(), 8, "{}", told.stderr);
}

#[tokio::test]
async fn a_file_that_is_named_and_missing_is_one_clear_line() {
    let told = ended(command(&["--config", "/no/such.toml"])).await;
    assert_eq!(told.status.code(), Some(1));
    assert_eq!(
        told.stderr,
        "stringsvc: --config: cannot read \"/no/such.toml\": No such file or directory (os error 2)\n"
    );
}

#[tokio::test]
async fn what_is_printed_says_where_each_value_is_from_and_starts_the_same_service() {
    let file = File::new("print.toml", "[log]\nlevel = 'debug'\n");
    let mut print = command(&["--print-config", "--config", file.path(), "--addr=127.0.0.1:0"]);
    print.env("KIT_LOG_FORMAT", "json");
    let printed = ended(print).await;
    assert_eq!((printed.status.code(), printed.stderr.as_str()), (Some(0), ""));
    for line in [
        "addr = \"127.0.0.1:0\" # --addr",
        "# proxy is not set",
        "format = \"json\" # KIT_LOG_FORMAT",
        &format!("level = \"debug\" # {}:2", file.path()),
        "[server]",
    ] {
        // Whatever the column is in which the places stand.
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(printed.stdout.lines().any(|found| words(found) == line), "{line} in\n{}", printed.stdout);
    }
    let drain =
        printed.stdout.lines().find(|line| line.starts_with("drain_timeout = ")).expect("a line of the server's");
    assert!(drain.starts_with("drain_timeout = \"10s\"") && drain.ends_with("# default"), "{drain}");
    let again = File::new("again.toml", &printed.stdout);
    let service = started(command(&["--config", again.path()])).await;
    assert!(service.stop().await.stderr.starts_with("{\"level\":"));
}

#[tokio::test]
async fn help_is_text_on_stdout_and_all_is_well() {
    let help = ended(command(&["--help"])).await;
    assert_eq!((help.status.code(), help.stderr.as_str()), (Some(0), ""));
    for part in ["Usage: stringsvc", "--log-format logfmt|json", "--print-config", "KIT_LOG_FORMAT"] {
        assert!(help.stdout.contains(part), "{}", help.stdout);
    }
}

#[tokio::test]
async fn a_limit_of_the_server_is_kept() {
    let service = started(command(&["--addr", "127.0.0.1:0", "--server-max-body-bytes=20"])).await;
    assert_eq!(service.post("/count", r#"{"s":"aaaaaaaaaaaaaaaaaaaa"}"#).await.status, 413);
    assert_eq!(service.post("/count", r#"{"s":"a"}"#).await.status, 200);
}
