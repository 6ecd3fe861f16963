use serde_json::Value;

/// An answer over HTTP/1.1.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, the names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, without the chunks that it came in.
    pub body: String,
    whole: bool,
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok()).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned()));
        let mut answer = Self { status, headers: headers.collect(), body: body.to_owned(), whole: true };
        if answer.header("transfer-encoding") == Some("chunked") {
            (answer.body, answer.whole) = joined(body);
        }
        answer
    }

    /// Whether the last of its chunks was there, if it came in chunks.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Its body, which is JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// The lines of its body, each of which is JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        self.body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// Status, code and reason of a problem that says nothing it should not.
    #[track_caller]
    pub fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        assert!(self.body.len() < 800, "{}", self.body);
        let json = self.json();
        assert_eq!(json["status"], self.status);
        assert!(json["id"].as_str().is_some_and(|id| id.len() == 16), "{json}");
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        (self.status, text("code"), text("reason"))
    }
}

/// What stands in chunks, as far as they came, and whether the last one did.
fn joined(mut chunks: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return (body, true);
        }
        body += &rest[..size];
        chunks = &rest[size + 2..];
    }
    (body, false)
}
