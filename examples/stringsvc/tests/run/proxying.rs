use program::Program;
use serde_json::json;

use crate::support::start;

/// However busy the machine of the tests is, a call is to have its time.
const PATIENT: [&str; 2] = ["--client-deadline-max=15s", "--client-attempt-timeout=5s"];

async fn in_front_of(upstream: &str) -> Program {
    start(&[&["--proxy", upstream], &PATIENT[..]].concat()).await
}

#[tokio::test]
async fn uppercase_is_forwarded_to_another_instance_and_errors_come_back_as_they_were() {
    let behind = start(&[]).await;
    let front = in_front_of(&format!("http://{}", behind.addr)).await;
    let headers = [("content-type", "application/json"), ("x-request-id", "through")];
    let answer = front.send("POST", "/uppercase", &headers, br#"{"s":"hello"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"v":"HELLO"}"#));
    let refused = front.post("/uppercase", r#"{"s":""}"#).await.problem();
    assert_eq!(refused, (400, "InvalidArgument".into(), "empty_string".into()));
    assert_eq!(front.post("/count", r#"{"s":"ab"}"#).await.json(), json!({ "v": 2 }));
    let logged = behind.stop().await.stderr;
    assert!(logged.lines().any(|line| line.contains("request_id=through")), "{logged}");
    assert_eq!(logged.lines().filter(|line| line.contains("method=stringsvc.count")).count(), 0);
    // Nobody is there any more.
    let answer = front.post("/uppercase", r#"{"s":"hello"}"#).await;
    assert_eq!((answer.status, answer.problem().1.as_str()), (503, "Unavailable"));
}

#[tokio::test]
async fn calls_are_spread_over_a_list_and_the_end_of_one_costs_none() {
    let (first, second) = (start(&[]).await, start(&[]).await);
    let front = in_front_of(&format!("static:{},{}", first.addr, second.addr)).await;
    let uppercase = async || front.post("/uppercase", r#"{"s":"hello"}"#).await.status;
    for _ in 0..30 {
        assert_eq!(uppercase().await, 200);
    }
    let answered = first.stop().await.stderr.lines().filter(|line| line.contains("method=stringsvc.uppercase")).count();
    for _ in 0..30 {
        assert_eq!(uppercase().await, 200);
    }
    let others = second.stop().await.stderr.lines().filter(|line| line.contains("method=stringsvc.uppercase")).count();
    assert!(answered > 0 && others > 30 && answered + others == 60, "{answered} and {others}");
    assert_eq!(front.stop().await.status.code(), Some(0));
}

#[cfg(feature = "file")]
#[tokio::test]
async fn a_set_in_a_file_is_followed() {
    use std::time::Duration;

    use program::{File, PATIENCE};
    use tokio::time::{sleep, timeout};

    let (first, second) = (start(&[]).await, start(&[]).await);
    let set = File::new("upstream.json", &json!([first.addr]).to_string());
    let front = in_front_of(&format!("file:{}", set.path())).await;
    let answered = async |service: &Program| {
        let made = "kit_server_requests_total{service=\"stringsvc\",method=\"uppercase\"";
        service.get("/metrics").await.body.lines().any(|line| line.starts_with(made))
    };
    let until_asked = async |service: &Program| {
        let asked = async {
            // The file may not have been read when the first call comes.
            while !answered(service).await {
                front.post("/uppercase", r#"{"s":"hello"}"#).await;
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, asked).await.expect("it is found");
    };
    until_asked(&first).await;
    assert!(!answered(&second).await);
    set.write(&json!([second.addr]).to_string());
    until_asked(&second).await;
}

#[tokio::test]
async fn what_it_does_with_the_others_is_in_the_metrics() {
    let behind = start(&[]).await;
    let front = in_front_of(&format!("http://{}", behind.addr)).await;
    front.post("/uppercase", r#"{"s":"hello"}"#).await;
    let scrape = front.get("/metrics").await.body;
    for line in [
        r#"kit_client_requests_total{service="stringsvc",method="uppercase",outcome="success",code="OK"} 1"#,
        r#"kit_client_picks_total{client="stringsvc"} 1"#,
        r#"kit_client_instances{client="stringsvc",state="in"} 1"#,
    ] {
        assert!(scrape.lines().any(|found| found == line), "{line} in\n{scrape}");
    }
}
