//! Discovery: what registries and name servers answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use kit::discovery::consul::{Config as ConsulConfig, Consul, Dial, Dialing, Io, Query};
use kit::discovery::dns::{Config as DnsConfig, DnsSource};
use kit::discovery::{Address, Discovery, Instancer as _, State, value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::UdpSocket;

use crate::Target;
use crate::run::{block_on, may_be_shown};

pub(crate) const CONSUL: Target = Target {
    name: "consul",
    run: |bytes| drop(consul(bytes)),
    seeds: &[
        br#"7
[{"Node":{"Node":"n1","Address":"10.0.0.9","Meta":null},"Service":{"ID":"s1","Service":"strings","Tags":["blue"],"Address":"2001:db8::1","Port":80,"Meta":{"version":"2","zone":"b","priority":"1"},"Weights":{"Passing":5,"Warning":2},"Locality":{"Zone":"z"}},"Checks":[{"Status":"passing"},{"Node":"n1","Status":"passing"}]}]"#,
        br#"18446744073709551615
[{"Node":{"Address":"n1.test"},"Service":{"Address":"","Port":65536},"Checks":null},{"Node":{},"Service":{"Port":-1}},null,[]]"#,
        b"-1\n{\"a\":[[[[[[]]]]]]}",
        b"0\n[]",
    ],
    connects: false,
};

pub(crate) const DNS: Target = Target {
    name: "dns",
    run: |bytes| drop(dns(bytes)),
    seeds: &[
        b"S\x81\x80\0\x01\0\x02\0\0\0\0\x02_a\x04_tcp\x01b\0\0\x21\0\x01\xc0\x0c\0\x21\0\x01\0\0\0\x3c\0\x0a\0\x01\0\x05\x1f\x90\x01t\xc0\x14\xc0\x0c\0\x21\0\x01\0\0\0\x05\0\x07\0\0\0\0\0\0\0",
        b"S\x81\x83\0\x01\0\0\0\x01\0\0\x02_a\x04_tcp\x01b\0\0\x21\0\x01\xc0\x14\0\x06\0\x01\0\0\0\x3c\0\x16\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01",
        b"H\x81\x80\0\x01\0\x02\0\0\0\0\x01a\x01b\0\0\x01\0\x01\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0e\xc0\x0e\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x01",
        b"H\x81\x80\0\x01\0\x01\0\0\0\0\x01a\x01b\0\0\x01\0\x01\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c",
    ],
    connects: true,
};

pub(crate) const VALUES: Target = Target {
    name: "values",
    run: |bytes| {
        match value::read(Some("key"), bytes) {
            Ok(instance) => {
                let written = value::write(&instance);
                let again = value::read(Some(&instance.id), written.as_bytes()).expect("what was written can be read");
                assert_eq!(again, instance, "{written}");
            }
            Err(malformed) => is_a_line(&malformed.to_string()),
        }
    },
    seeds: &[
        b"10.0.0.1:80",
        b" [fe80::1%eth0]:80\n",
        br#"{"id":"s1","host":"2001:db8::1","port":80,"priority":1,"weight":5,"zone":"b","tags":["blue"],"metadata":{"version":"2"},"healthy":false,"other":[{}]}"#,
        br#"{"address":"a.test:8080","address":"b:1","weight":-1}"#,
    ],
    connects: false,
};

/// What is known of the service when an agent has answered this index, a line feed, and this body. `None` for what no header holds.
fn consul(bytes: &[u8]) -> Option<State> {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let (index, body) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let index = HeaderValue::from_bytes(index).ok()?;
    let head = [&b"HTTP/1.1 200 OK\r\nx-consul-index: "[..], index.as_bytes(), b"\r\ncontent-length: "].concat();
    let answer = [&head[..], body.len().to_string().as_bytes(), b"\r\n\r\n", body].concat();
    block_on(async {
        let (agent, mut theirs) = duplex(answer.len() + 4096);
        let agent = Agent(Arc::new(Mutex::new(Some(agent))));
        let consul = Consul::over(ConsulConfig::default(), agent).expect("the defaults are good");
        let discovery = consul.instancer("fuzz", Query::default()).expect("a good name");
        let answering = async {
            let mut query = [0; 1024];
            let asked = theirs.read(&mut query).await.expect("it asks");
            assert!(query[..asked].starts_with(b"GET /v1/health/service/fuzz?"));
            theirs.write_all(&answer).await.expect("there is room");
            std::future::pending().await
        };
        Some(known(&discovery.start().expect("the defaults are good"), answering).await)
    })
}

/// What is known when a name server has answered this, whatever it was asked. The first byte says what that is.
fn dns(bytes: &[u8]) -> State {
    let (what, answer) = bytes.split_first().map_or((b'S', &[][..]), |(what, answer)| (*what, answer));
    block_on(async {
        let server = UdpSocket::bind("127.0.0.1:0").await.expect("a port is free");
        let mut config = match what {
            b'S' => DnsConfig::srv("_a._tcp.b"),
            _ => DnsConfig::host("a.b", 80),
        };
        config.resolve = what != b'S';
        // What is no answer is waited past.
        config.timeout = Duration::from_millis(10);
        let config = config.server(server.local_addr().expect("an address"));
        let source = DnsSource::new(config).expect("good settings");
        let discovery = Discovery::of("fuzz", source).start().expect("the defaults are good");
        let answering = async {
            let mut query = [0; 1024];
            while let Ok((asked, from)) = server.recv_from(&mut query).await {
                // With the id of the question, or nobody would look at the rest.
                let reply = [&query[..asked.min(2)], answer].concat();
                let _ = server.send_to(&reply, from).await;
            }
        };
        known(&discovery, answering).await
    })
}

/// Runs it until it knows something, if only that it failed, while `answering` answers; and looks at what it knows.
async fn known(discovery: &Discovery, answering: impl Future<Output = ()>) -> State {
    let mut subscription = discovery.subscribe();
    let knowing = async {
        loop {
            let state = subscription.state();
            if state.totals().answers + state.totals().failures > 0 {
                return state;
            }
            subscription.changed().await.expect("it runs");
        }
    };
    let state = tokio::select! {
        state = knowing => state,
        () = answering => unreachable!("there may always be another question"),
    };
    discovery.stop();
    is_sound(&state);
    state
}

/// Every instance has an address, and what was skipped is said in lines.
fn is_sound(state: &State) {
    for instance in state.instances().into_iter().flat_map(|set| set.iter()) {
        instance.address.parse::<Address>().expect("an address");
    }
    for skipped in state.skipped() {
        is_a_line(&skipped.to_string());
    }
    if let Some(error) = state.error() {
        may_be_shown(error);
    }
}

fn is_a_line(text: &str) {
    assert!(text.len() <= 1024 && !text.contains(['\n', '\r', '\0', '\u{1b}']), "{text:?}");
}

/// The one connection that there is.
struct Agent(Arc<Mutex<Option<DuplexStream>>>);

impl Dial for Agent {
    fn dial(&self) -> Dialing<'_> {
        let one = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async { one.map(|one| Box::new(one) as Box<dyn Io>).ok_or_else(|| std::io::Error::other("gone")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(state: &State) -> Vec<String> {
        state.instances().into_iter().flat_map(|set| set.iter()).map(|instance| instance.address.to_string()).collect()
    }

    #[test]
    fn what_is_mutated_is_what_is_read() {
        assert_eq!(addresses(&consul(CONSUL.seeds[0]).expect("a good header")), ["[2001:db8::1]:80"]);
        assert_eq!(consul(CONSUL.seeds[1]).expect("a good header").skipped_count(), 4);
        let state = dns(DNS.seeds[0]);
        assert_eq!((addresses(&state), state.skipped_count()), (vec!["t.b:8080".to_owned()], 1), "{state:?}");
        assert_eq!(addresses(&dns(DNS.seeds[2])), ["10.0.0.1:80"]);
        for empty in [DNS.seeds[1], DNS.seeds[3]] {
            assert!(addresses(&dns(empty)).is_empty());
        }
    }
}
