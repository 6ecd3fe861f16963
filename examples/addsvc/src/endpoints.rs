//! The operations as endpoints: a name, a request and a response for each.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use kit::{Endpoint, Kind, Method, Streaming, endpoint_with};
use serde::{Deserialize, Serialize};

use crate::service::{self, AddService};

/// `sum`, on every wire: gRPC's `/pb.Add/Sum`, HTTP's `/sum`.
pub static SUM: Method = Method::new("pb.Add", "Sum").path("/sum").idempotent();

/// `concat`, on every wire.
pub static CONCAT: Method = Method::new("pb.Add", "Concat").path("/concat").idempotent();

/// `series`, on every wire that has streams.
pub static SERIES: Method = Method::new("pb.Add", "Series").path("/series").idempotent().kind(Kind::ServerStream);

/// Two numbers: `{"a":1,"b":2}`, or with capitals, as Go kit's clients write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The first.
    #[serde(alias = "A")]
    pub a: i64,
    /// The second.
    #[serde(alias = "B")]
    pub b: i64,
}

/// What `sum` answers, and each item of a series: `{"v":3}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summed {
    /// The sum.
    pub v: i64,
}

/// Two texts: `{"a":"1","b":"2"}`, or with capitals, as Go kit's clients write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The first.
    #[serde(alias = "A")]
    pub a: String,
    /// The second.
    #[serde(alias = "B")]
    pub b: String,
}

/// What `concat` answers: `{"v":"12"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concatenated {
    /// Both in one.
    pub v: String,
}

/// What a series begins with: `{"a":1,"b":1,"count":5,"pause_ms":100}`, of which the last two may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The first number.
    pub a: i64,
    /// The second.
    pub b: i64,
    /// How many sums; zero for as many as there are.
    #[serde(default)]
    pub count: u32,
    /// The time before each sum but the first, in milliseconds.
    #[serde(default)]
    pub pause_ms: u32,
}

impl From<Series> for service::Series {
    fn from(from: Series) -> Self {
        let Series { a, b, count, pause_ms } = from;
        Self { a, b, count, pause: Duration::from_millis(pause_ms.into()) }
    }
}

/// A pause of more than 49 days is one of 49 days.
impl From<service::Series> for Series {
    fn from(from: service::Series) -> Self {
        let service::Series { a, b, count, pause } = from;
        Self { a, b, count, pause_ms: u32::try_from(pause.as_millis()).unwrap_or(u32::MAX) }
    }
}

/// The endpoint of [`AddService::sum`].
pub fn sum<S: AddService>(service: S) -> impl Endpoint<Numbers, Response = Summed> + 'static {
    endpoint_with(service, async |service, cx, of: Numbers| Ok(Summed { v: service.sum(cx, of.a, of.b).await? }))
}

/// The endpoint of [`AddService::concat`].
pub fn concat<S: AddService>(service: S) -> impl Endpoint<Texts, Response = Concatenated> + 'static {
    endpoint_with(service, async |service, cx, of: Texts| Ok(Concatenated { v: service.concat(cx, of.a, of.b).await? }))
}

/// The endpoint of [`AddService::series`].
pub fn series<S: AddService>(service: S) -> impl Endpoint<Series, Response = Streaming<Summed>> + 'static {
    endpoint_with(service, async |service, cx, from: Series| {
        let sums = service.series(cx, from.into()).await?;
        Ok(Streaming::new(cx, sums.map_ok(|v| Summed { v })))
    })
}
