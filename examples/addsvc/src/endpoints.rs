//! The operations as endpoints: a name, a request and a response for each. The types have a form as JSON and one as Protocol Buffers
//! (`proto/add.proto`), so that every wire has the same.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use kit::{Endpoint, Kind, Method, Streaming, endpoint_with};
use serde::{Deserialize, Serialize};

use crate::service::{AddService, Series};

/// `sum`, on every wire: gRPC's `/pb.Add/Sum`, HTTP's `/sum`.
pub static SUM: Method = Method::new("pb.Add", "Sum").path("/sum").idempotent();

/// `concat`, on every wire.
pub static CONCAT: Method = Method::new("pb.Add", "Concat").path("/concat").idempotent();

/// `series`, on every wire that has streams.
pub static SERIES: Method = Method::new("pb.Add", "Series").path("/series").idempotent().kind(Kind::ServerStream);

/// Two numbers: `{"a":1,"b":2}`, or with capitals, as Go kit's clients write them.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
pub struct SumRequest {
    /// The first.
    #[prost(int64, tag = "1")]
    #[serde(alias = "A")]
    pub a: i64,
    /// The second.
    #[prost(int64, tag = "2")]
    #[serde(alias = "B")]
    pub b: i64,
}

/// What `sum` answers, and each item of a series: `{"v":3}`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
pub struct SumReply {
    /// The sum.
    #[prost(int64, tag = "1")]
    pub v: i64,
}

/// Two texts: `{"a":"1","b":"2"}`, or with capitals, as Go kit's clients write them.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
pub struct ConcatRequest {
    /// The first.
    #[prost(string, tag = "1")]
    #[serde(alias = "A")]
    pub a: String,
    /// The second.
    #[prost(string, tag = "2")]
    #[serde(alias = "B")]
    pub b: String,
}

/// What `concat` answers: `{"v":"12"}`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
pub struct ConcatReply {
    /// Both in one.
    #[prost(string, tag = "1")]
    pub v: String,
}

/// What a series begins with: `{"a":1,"b":1,"count":5,"pause_ms":100}`, of which the last two may be left out.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
pub struct SeriesRequest {
    /// The first number.
    #[prost(int64, tag = "1")]
    pub a: i64,
    /// The second.
    #[prost(int64, tag = "2")]
    pub b: i64,
    /// How many sums; zero for as many as there are.
    #[prost(uint32, tag = "3")]
    #[serde(default)]
    pub count: u32,
    /// The time before each sum but the first, in milliseconds.
    #[prost(uint32, tag = "4")]
    #[serde(default)]
    pub pause_ms: u32,
}

impl From<SeriesRequest> for Series {
    fn from(from: SeriesRequest) -> Self {
        let SeriesRequest { a, b, count, pause_ms } = from;
        Self { a, b, count, pause: Duration::from_millis(pause_ms.into()) }
    }
}

/// A pause of more than 49 days is one of 49 days.
impl From<Series> for SeriesRequest {
    fn from(from: Series) -> Self {
        let Series { a, b, count, pause } = from;
        Self { a, b, count, pause_ms: u32::try_from(pause.as_millis()).unwrap_or(u32::MAX) }
    }
}

/// The endpoint of [`AddService::sum`].
pub fn sum<S: AddService>(service: S) -> impl Endpoint<SumRequest, Response = SumReply> + 'static {
    endpoint_with(service, async |service, cx, of: SumRequest| Ok(SumReply { v: service.sum(cx, of.a, of.b).await? }))
}

/// The endpoint of [`AddService::concat`].
pub fn concat<S: AddService>(service: S) -> impl Endpoint<ConcatRequest, Response = ConcatReply> + 'static {
    endpoint_with(service, async |service, cx, of: ConcatRequest| {
        Ok(ConcatReply { v: service.concat(cx, of.a, of.b).await? })
    })
}

/// The endpoint of [`AddService::series`].
pub fn series<S: AddService>(service: S) -> impl Endpoint<SeriesRequest, Response = Streaming<SumReply>> + 'static {
    endpoint_with(service, async |service, cx, from: SeriesRequest| {
        let sums = service.series(cx, from.into()).await?;
        Ok(Streaming::new(cx, sums.map_ok(|v| SumReply { v })))
    })
}
