use serde_json::Value;

use crate::support::start;

#[tokio::test]
async fn after_the_start_every_line_is_in_the_chosen_format() {
    for format in ["logfmt", "json"] {
        let service = start(&["--log-format", format, "--log-level", "debug"]).await;
        for body in [r#"{"s":"hello"}"#, r#"{"s":"a\nlevel=error b\u202e\" c=d"}"#, r#"{"s":""}"#, "{"] {
            service.post("/uppercase", body).await;
            service.post("/count", body).await;
        }
        let ended = service.stop().await;
        assert!(ended.status.success());
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert!(lines.len() >= 8 + 2, "{}", ended.stderr);
        for line in lines {
            match format {
                "json" => assert!(serde_json::from_str::<Value>(line).is_ok_and(|v| v.is_object()), "{line}"),
                _ => {
                    assert!(line.starts_with("level="), "{line}");
                    assert!(line.contains(" ts="), "{line}");
                    assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line:?}");
                }
            }
        }
        // After the lines of its start, nothing but the curl line is on stdout.
        assert!(ended.stdout.lines().all(|line| line.trim_start().starts_with("curl ")), "{}", ended.stdout);
    }
}

#[tokio::test]
async fn one_call_is_one_line_and_an_error_is_logged_under_the_id_that_its_caller_got() {
    let service = start(&["--log-format", "json"]).await;
    let answer = service.post("/uppercase", r#"{"s":""}"#).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let request = answer.header("x-request-id").unwrap().to_owned();
    let ended = service.stop().await;
    let lines: Vec<Value> = ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_request: Vec<_> = lines.iter().filter(|line| line["request_id"] == request).collect();
    assert_eq!(of_request.len(), 1, "{}", ended.stderr);
    let line = of_request[0];
    assert_eq!((&line["error_id"], &line["code"]), (&id.into(), &"InvalidArgument".into()));
    assert_eq!((&line["method"], &line["outcome"]), (&"stringsvc.uppercase".into(), &"business_error".into()));
}
