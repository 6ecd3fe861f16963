use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Hosts, NameServerPool, PoolContext, TlsConfig};
use kit_core::{Code, Error};
use tokio::time::timeout;

use super::Config;
use super::records::{Reply, Step, walk};

/// Aliases that are followed, before they are taken for a circle.
const ALIASES: usize = 8;

/// Whom a source asks.
pub(super) trait Resolve: Send + Sync + 'static {
    /// The records of this kind.
    fn ask(&self, name: &Name, kind: RecordType) -> impl Future<Output = Result<Reply, Error>> + Send;
}

/// Asks name servers: over UDP, and over TCP what is too large for it.
pub(super) struct Client {
    /// One each, so that one that answers with a failure does not speak for the others.
    servers: Vec<NameServerPool<TokioRuntimeProvider>>,
    /// The one that answered last.
    preferred: AtomicUsize,
    options: DnsRequestOptions,
    each: Duration,
    /// Names of the machine's own file, as it was at the start; empty where the servers were given.
    hosts: Hosts,
}

impl Client {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let (servers, mut options, hosts) = match config.servers.as_slice() {
            [] => {
                let (system, options) = hickory_resolver::system_conf::read_system_conf().map_err(|error| {
                    Error::failed_precondition("the name servers of the system cannot be read").with_cause(error)
                })?;
                (system.name_servers, options, Hosts::from_system().unwrap_or_default())
            }
            given => {
                let server = |address: &std::net::SocketAddr| {
                    let mut server = NameServerConfig::udp_and_tcp(address.ip());
                    server.connections.iter_mut().for_each(|connection| connection.port = address.port());
                    server
                };
                (given.iter().map(server).collect(), ResolverOpts::default(), Hosts::default())
            }
        };
        if servers.is_empty() {
            return Err(Error::failed_precondition("the system has no name server"));
        }
        let each = config.timeout / u32::try_from(servers.len()).unwrap_or(u32::MAX);
        options.timeout = each;
        let mut request = DnsRequestOptions::default();
        request.use_edns = options.edns0;
        request.edns_payload_len = options.edns_payload_len;
        let tls = TlsConfig::new().map_err(|error| Error::boundary(Code::Internal, error))?;
        let context = Arc::new(PoolContext::new(options, tls));
        let runtime = TokioRuntimeProvider::default();
        let pool = |server| NameServerPool::from_config([server], Arc::clone(&context), runtime.clone());
        Ok(Self {
            servers: servers.into_iter().map(pool).collect(),
            preferred: AtomicUsize::new(0),
            options: request,
            each,
            hosts,
        })
    }

    /// What the first server says that says anything.
    async fn one(&self, query: &Query) -> Result<Response, Error> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failure = None;
        for place in (0..self.servers.len()).map(|turn| (first + turn) % self.servers.len()) {
            let answer = timeout(self.each, self.servers[place].lookup(query.clone(), self.options).first_answer());
            match judge(answer.await.unwrap_or(Err(NetError::Timeout)), query) {
                Ok(response) => {
                    self.preferred.store(place, Ordering::Relaxed);
                    return Ok(response);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.expect("there is a server, and it failed"))
    }
}

/// What a server says, and means.
enum Response {
    Message(DnsResponse),
    Nobody { ttl: Option<u32> },
}

impl Resolve for Client {
    async fn ask(&self, name: &Name, kind: RecordType) -> Result<Reply, Error> {
        let mut name = name.clone();
        let mut limit = u32::MAX;
        for _ in 0..ALIASES {
            let query = Query::query(name.clone(), kind);
            if let Some(found) = self.hosts.lookup_static_host(&query) {
                let records: Vec<RData> = found.answers().iter().map(|record| record.data.clone()).collect();
                return Ok(Reply::Found { records, ttl: limit });
            }
            let message = match self.one(&query).await? {
                Response::Message(message) => message,
                Response::Nobody { ttl } => return Ok(Reply::Nobody { ttl }),
            };
            match walk(&message.answers, &name, kind) {
                Step::Found { records, ttl } => return Ok(Reply::Found { records, ttl: ttl.min(limit) }),
                Step::Alias { .. } | Step::Nothing if message.response_code == ResponseCode::NXDomain => {
                    return Ok(Reply::Nobody { ttl: message.negative_ttl() });
                }
                Step::Alias { name: next, ttl } => (name, limit) = (next, ttl.min(limit)),
                Step::Nothing => return Err(failure(&query, "records that were not asked for")),
            }
        }
        Err(Error::unavailable(format!("the aliases of {name} are too many, or lead in a circle")))
    }
}

/// Tells what a server knows from what it fails to say.
fn judge(answer: Result<DnsResponse, NetError>, query: &Query) -> Result<Response, Error> {
    let error = match answer {
        Ok(message) => match message.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => return Ok(Response::Message(message)),
            other => return Err(failure(query, &said(other))),
        },
        Err(error) => error,
    };
    let why = match &error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => return Ok(Response::Nobody { ttl: none.negative_ttl }),
            // To be sent on to other servers is no answer; one that serves a zone has its SOA beside an absence.
            ResponseCode::NoError if none.soa.is_some() || none.ns.is_none() => {
                return Ok(Response::Nobody { ttl: none.negative_ttl });
            }
            ResponseCode::NoError => "a referral".to_owned(),
            other => said(other),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => said(*code),
        NetError::Timeout => "nothing in time".to_owned(),
        NetError::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => "nothing, it is not there".to_owned(),
        NetError::Truncated => "too little, even over TCP".to_owned(),
        _ => "what is no answer".to_owned(),
    };
    Err(failure(query, &why).with_cause(error))
}

/// The name of a code on the wire.
fn said(code: ResponseCode) -> String {
    match code {
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        other => format!("code {}", u16::from(other)),
    }
}

fn failure(query: &Query, why: &str) -> Error {
    Error::unavailable(format!("a name server answers {why}, asked for {} {}", query.query_type(), query.name()))
}
