//! An agent in memory that speaks Consul's HTTP over pipes, and does what a real one will not do on demand.

mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::wire::{Request, decoded, millis, read};
use crate::consul::{Dial, Dialing, Io};

/// A clone is the same agent.
#[derive(Clone)]
pub(super) struct Double(Arc<Inner>);

struct Inner {
    content: Mutex<Content>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Content {
    index: u64,
    services: BTreeMap<String, Value>,
    /// The check of a service: its status, and until when it holds.
    checks: BTreeMap<String, Checked>,
    maintenance: BTreeMap<String, String>,
    /// Elements of an answer as they are, beside the services.
    extra: Vec<Value>,
    requests: Vec<Request>,
    dials: usize,
    open: usize,
    /// What queries get, one each, before they are answered well again.
    play: VecDeque<Play>,
    /// What every request gets.
    fault: Option<Play>,
    headers: Vec<(&'static str, String)>,
}

#[derive(Clone)]
struct Checked {
    status: String,
    output: String,
    ttl: Option<Duration>,
    until: Option<Instant>,
}

/// What a request gets.
#[derive(Clone, Debug)]
pub(super) enum Play {
    /// These bytes, and the connection stays.
    Bytes(Vec<u8>),
    /// These bytes, and the connection ends.
    Cut(Vec<u8>),
    /// A good beginning, then a byte a second.
    Drip,
    /// No answer.
    Hang,
    /// No connection.
    Refuse,
    /// A connection that never comes about.
    DialHangs,
}

impl Play {
    /// An answer with this status line, headers and body.
    pub(super) fn answer(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes())
    }
}

impl Double {
    pub(super) fn new() -> Self {
        let content = Content { index: 10, ..Content::default() };
        Self(Arc::new(Inner { content: Mutex::new(content), changes: watch::Sender::new(0) }))
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.content.lock().unwrap()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        let changed = {
            let mut content = self.content();
            content.index += 1;
            change(&mut content)
        };
        self.0.changes.send_modify(|changes| *changes += 1);
        changed
    }

    /// Makes these the instances of the service: ids are their addresses.
    pub(super) fn set(&self, addresses: &[&str]) {
        self.change(|content| {
            content.services.clear();
            content.extra.clear();
            for address in addresses {
                let (host, port) = address.rsplit_once(':').unwrap();
                let port: u16 = port.parse().unwrap();
                let host = host.trim_matches(['[', ']']);
                let service = json!({ "ID": address, "Name": "strings", "Address": host, "Port": port });
                content.services.insert((*address).to_owned(), service);
            }
        });
    }

    /// Puts an element beside them, as it is.
    pub(super) fn add(&self, element: Value) {
        self.change(|content| content.extra.push(element));
    }

    /// Another index, whatever it was.
    pub(super) fn index(&self, index: u64) {
        self.change(|content| content.index = index);
    }

    /// Wakes the queries that wait, with a new index and the same set.
    pub(super) fn touch(&self) {
        self.change(|_| ());
    }

    /// The next queries get these.
    pub(super) fn play(&self, plays: impl IntoIterator<Item = Play>) {
        self.content().play.extend(plays);
        self.touch();
    }

    /// Every request gets this, those that wait too; none makes it well.
    pub(super) fn fault(&self, fault: Option<Play>) {
        self.change(|content| content.fault = fault);
    }

    /// With these headers in place of what answers to queries have.
    pub(super) fn headers(&self, headers: &[(&'static str, &str)]) {
        self.content().headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    }

    /// Loses everything, as a restart without data does.
    pub(super) fn forget(&self) {
        self.change(|content| {
            content.services.clear();
            content.checks.clear();
            content.maintenance.clear();
            content.index = 5;
        });
    }

    /// What it was asked since the last time.
    pub(super) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.content().requests)
    }

    /// When it was queried since the last time.
    pub(super) fn polls(&self) -> Vec<Instant> {
        self.requests().iter().filter(|request| request.is_poll()).map(|request| request.at).collect()
    }

    /// Connections that were opened, and those that are open.
    pub(super) fn connections(&self) -> (usize, usize) {
        let content = self.content();
        (content.dials, content.open)
    }

    /// What is registered.
    pub(super) fn services(&self) -> BTreeMap<String, Value> {
        self.content().services.clone()
    }

    /// How a service stands: the status and the words of its check.
    pub(super) fn status(&self, id: &str) -> Option<(String, String)> {
        self.content().standing(id, Instant::now())
    }

    pub(super) fn in_maintenance(&self, id: &str) -> Option<String> {
        self.content().maintenance.get(id).cloned()
    }

    async fn serve(self, mut pipe: DuplexStream) {
        self.content().open += 1;
        let _ = self.talk(&mut pipe).await;
        self.content().open -= 1;
    }

    async fn talk(&self, pipe: &mut DuplexStream) -> io::Result<()> {
        loop {
            let request = read(pipe).await?;
            let poll = request.is_poll();
            let play = {
                let mut content = self.content();
                content.requests.push(request.clone());
                let fault = content.fault.clone();
                fault.or_else(|| if poll { content.play.pop_front() } else { None })
            };
            let play = match play {
                Some(play) => play,
                // A client that has gone is noticed while a query waits.
                None if poll => tokio::select! {
                    play = self.poll(&request) => play,
                    gone = pipe.read_u8() => return gone.map(drop),
                },
                None => self.agent(&request),
            };
            match play {
                Play::Bytes(bytes) => pipe.write_all(&bytes).await?,
                Play::Cut(bytes) => return pipe.write_all(&bytes).await,
                Play::Drip => {
                    pipe.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[").await?;
                    loop {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        pipe.write_all(b" ").await?;
                    }
                }
                Play::Refuse => return Ok(()),
                Play::Hang | Play::DialHangs => {
                    // Until the client has gone.
                    let _ = pipe.read_u8().await;
                    return Ok(());
                }
            }
        }
    }

    /// `/v1/health/service`.
    async fn poll(&self, request: &Request) -> Play {
        let parameter = |name: &str| request.parameter(name);
        let asked: u64 = parameter("index").map_or(0, |index| index.parse().unwrap());
        let wait = parameter("wait")
            .map_or(Duration::ZERO, |wait| Duration::from_millis(wait.strip_suffix("ms").unwrap().parse().unwrap()));
        let by = Instant::now() + wait + wait / 16;
        let mut changes = self.0.changes.subscribe();
        loop {
            changes.mark_unchanged();
            let now = Instant::now();
            let expires = {
                let mut content = self.content();
                content.expire(now);
                if let Some(play) = content.fault.clone().or_else(|| content.play.pop_front()) {
                    return play;
                }
                if content.index > asked || asked == 0 || now >= by {
                    return content.answer(parameter("passing").is_some());
                }
                content.checks.values().filter_map(|check| check.until).min().unwrap_or(by)
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = sleep_until(expires.min(by)) => {}
            }
        }
    }

    /// `/v1/agent/…`
    fn agent(&self, request: &Request) -> Play {
        let ok = |body: &str| Play::answer("200 OK", "", body);
        let path = request.target.split('?').next().unwrap();
        let (verb, id) = path.rsplit_once('/').unwrap();
        let id = decoded(id);
        self.change(|content| match (request.method.as_str(), verb) {
            ("PUT", "/v1/agent/service") => {
                let body = &request.body;
                let id = body["ID"].as_str().unwrap().to_owned();
                let check = &body["Check"];
                let ttl = check["TTL"].as_str().map(millis);
                let status = check["Status"].as_str().unwrap_or("critical").to_owned();
                let until = ttl.map(|ttl| Instant::now() + ttl);
                content.checks.insert(id.clone(), Checked { status, output: String::new(), ttl, until });
                content.services.insert(id, body.clone());
                ok("")
            }
            ("PUT", "/v1/agent/service/deregister") => {
                content.services.remove(&id);
                content.checks.remove(&id);
                content.maintenance.remove(&id);
                ok("")
            }
            ("PUT", "/v1/agent/service/maintenance") if content.services.contains_key(&id) => {
                match request.parameter("enable").as_deref() {
                    Some("true") => content.maintenance.insert(id, request.parameter("reason").unwrap_or_default()),
                    _ => content.maintenance.remove(&id),
                };
                ok("")
            }
            ("PUT", "/v1/agent/check/update") => match content.checks.get_mut(id.trim_start_matches("service:")) {
                Some(check) if check.ttl.is_some() => {
                    check.status = request.body["Status"].as_str().unwrap().to_owned();
                    check.output = request.body["Output"].as_str().unwrap().to_owned();
                    check.until = check.ttl.map(|ttl| Instant::now() + ttl);
                    ok("")
                }
                _ => Play::answer("500 Internal Server Error", "", "CheckID does not have associated TTL"),
            },
            ("GET", "/v1/agent/service") if content.services.contains_key(&id) => ok("{}"),
            _ => Play::answer("404 Not Found", "", "unknown service ID"),
        })
    }
}

impl Content {
    fn expire(&mut self, now: Instant) {
        let mut expired = false;
        for check in self.checks.values_mut().filter(|check| check.until.is_some_and(|until| until <= now)) {
            (check.status, check.until) = ("critical".into(), None);
            expired = true;
        }
        self.index += u64::from(expired);
    }

    fn standing(&mut self, id: &str, now: Instant) -> Option<(String, String)> {
        self.expire(now);
        self.checks.get(id).map(|check| (check.status.clone(), check.output.clone()))
    }

    fn answer(&self, passing: bool) -> Play {
        let mut elements = Vec::new();
        for (id, service) in &self.services {
            let status = self.checks.get(id).map_or("passing", |check| &check.status);
            let mut checks = vec![json!({ "CheckID": "serfHealth", "Status": "passing" }), json!({ "Status": status })];
            if self.maintenance.contains_key(id) {
                checks.push(json!({ "CheckID": format!("_service_maintenance:{id}"), "Status": "critical" }));
            }
            if passing && checks.iter().any(|check| check["Status"] != "passing") {
                continue;
            }
            elements
                .push(json!({ "Node": { "Node": "n1", "Address": "10.9.9.9" }, "Service": service, "Checks": checks }));
        }
        elements.extend(self.extra.iter().cloned());
        let body = Value::from(elements).to_string();
        let mut headers = format!("X-Consul-Index: {}\r\n", self.index);
        if !self.headers.is_empty() {
            headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        }
        Play::answer("200 OK", &headers, &body)
    }
}

impl Dial for Double {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async {
            let fault = {
                let mut content = self.content();
                content.dials += 1;
                content.fault.clone()
            };
            match fault {
                Some(Play::Refuse) => Err(io::ErrorKind::ConnectionRefused.into()),
                Some(Play::DialHangs) => pending().await,
                _ => {
                    let (near, far) = duplex(16 * 1024);
                    // It ends with its pipe.
                    tokio::spawn(self.clone().serve(far));
                    Ok(Box::new(near) as Box<dyn Io>)
                }
            }
        })
    }
}
