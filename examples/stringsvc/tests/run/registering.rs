use std::time::Duration;

use program::PATIENCE;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::support::start;

/// An agent that says yes to everything, and what it was told: a line and a body.
async fn agent() -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (tell, told) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let _ = answer(stream, tell).await;
            });
        }
    });
    (address, told)
}

async fn answer(stream: TcpStream, tell: mpsc::Sender<(String, String)>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    stream.read_line(&mut first).await?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let _ = tell.send((first.trim().to_owned(), String::from_utf8(body).expect("text"))).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ntrue").await
}

#[tokio::test]
async fn it_is_announced_when_it_answers_and_withdrawn_before_it_drains() {
    let (agent, mut told) = agent().await;
    let service = start(&["--register", &format!("consul:{agent}")]).await;
    let (line, body) = timeout(PATIENCE, told.recv()).await.expect("in time").expect("a request");
    assert!(line.starts_with("PUT /v1/agent/service/register"), "{line}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    let (host, port) = service.addr.rsplit_once(':').expect("a port");
    assert_eq!((&body["Name"], &body["Address"]), (&"stringsvc".into(), &host.into()));
    assert_eq!((body["Port"].to_string().as_str(), &body["Check"]["Status"]), (port, &"passing".into()));
    assert_eq!(service.get("/readyz").await.status, 200);

    service.signal("TERM");
    let withdrawn = async {
        loop {
            let (line, _) = told.recv().await.expect("a request");
            if line.starts_with("PUT /v1/agent/service/deregister/") {
                return;
            }
        }
    };
    timeout(PATIENCE, withdrawn).await.expect("it is withdrawn");
    let ended = service.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let place = |of: &str| ended.stderr.find(of).unwrap_or_else(|| panic!("{of} in {}", ended.stderr));
    let order = ["check=ready", "msg=withdrawn", "part=http step=stopping", "msg=drained", "part=metrics step=stopped"];
    assert!(order.map(place).is_sorted(), "{}", ended.stderr);
}

#[tokio::test]
async fn without_its_registry_it_starts_unready_and_says_so() {
    // A port that nobody has any more.
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let service = start(&["--register", &format!("consul:{nobody}")]).await;
    let unready = async {
        loop {
            let answer = service.get("/readyz").await;
            if answer.status == 503 {
                return answer.body;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let body = timeout(PATIENCE, unready).await.expect("it becomes unready");
    assert!(body.contains(r#"{"name":"registration","status":"unhealthy"}"#), "{body}");
    assert_eq!(service.post("/count", r#"{"s":"a"}"#).await.status, 200);
    let ended = service.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("msg=\"not registered yet\""), "{}", ended.stderr);
}
