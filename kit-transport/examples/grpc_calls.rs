//! Calls `pb.Add` at a gRPC server of another make, such as `tests/real/peers/grpcio/server.py`, and looks at all that comes back:
//! `grpc_calls HOST:PORT`. What a service's own code would write is in each function; `tests/real/grpc` runs it.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use kit_core::{Code, Context, Endpoint as _, Error, Kind, Method, RequestId, Retry, Streaming};
use kit_transport::grpc;
use kit_transport::http::client::{Client, Config, Target};
use prost::Message;
use tokio::time::Instant;

static SUM: Method = Method::new("pb.Add", "Sum").idempotent();
static CONCAT: Method = Method::new("pb.Add", "Concat");
static SERIES: Method = Method::new("pb.Add", "Series").kind(Kind::ServerStream);
static NONE: Method = Method::new("pb.Add", "Multiply");

#[derive(Clone, PartialEq, Message)]
struct Numbers {
    #[prost(int64, tag = "1")]
    a: i64,
    #[prost(int64, tag = "2")]
    b: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sum {
    #[prost(int64, tag = "1")]
    v: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Texts {
    #[prost(string, tag = "1")]
    a: String,
    #[prost(string, tag = "2")]
    b: String,
}

#[derive(Clone, PartialEq, Message)]
struct Text {
    #[prost(string, tag = "1")]
    v: String,
}

#[derive(Clone, PartialEq, Message)]
struct From {
    #[prost(int64, tag = "1")]
    a: i64,
    #[prost(int64, tag = "2")]
    b: i64,
    #[prost(uint32, tag = "3")]
    count: u32,
    #[prost(uint32, tag = "4")]
    pause_ms: u32,
}

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who calls, and whom. Each call has a context of its own, in which its metadata is: an endpoint for application code would open a child.
struct Caller {
    client: Client,
    target: Target,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let target = std::env::args().nth(1).ok_or_else(|| Error::invalid_argument("whom? HOST:PORT"))?;
    let client = Client::new(Config { http2_only: true, ..Config::default() })?;
    let caller = Caller { client, target: format!("http://{target}").parse()? };
    caller.unary().await?;
    caller.errors().await?;
    caller.metadata().await?;
    caller.streams().await?;
    caller.deadlines().await?;
    Ok(())
}

impl Caller {
    async fn sum(&self, cx: &mut Context, a: i64, b: i64) -> Result<i64, Error> {
        let sum = grpc::client::unary::<Sum>(&SUM).at(&self.client, &self.target)?;
        Ok(sum.call(cx, Numbers { a, b }).await?.v)
    }

    async fn concat(&self, cx: &mut Context, a: &str, b: &str) -> Result<String, Error> {
        let concat = grpc::client::unary::<Text>(&CONCAT).at(&self.client, &self.target)?;
        Ok(concat.call(cx, Texts { a: a.into(), b: b.into() }).await?.v)
    }

    async fn series(&self, cx: &mut Context, count: u32, pause_ms: u32) -> Result<Streaming<Sum>, Error> {
        let series = grpc::client::server_stream::<Sum>(&SERIES).at(&self.client, &self.target)?;
        series.call(cx, From { a: 1, b: 1, count, pause_ms }).await
    }

    async fn unary(&self) -> Result<(), Error> {
        assert_eq!(self.sum(&mut within(PATIENCE), 1, 2).await?, 3);
        assert_eq!(self.sum(&mut within(PATIENCE), -5, 5).await?, 0);
        assert_eq!(self.concat(&mut within(PATIENCE), "größ", "e").await?, "größe");
        // Many of one connection, side by side.
        let calls = (1..=100).map(async |n| self.sum(&mut within(PATIENCE), n, 1).await);
        let sums: Vec<i64> = futures_util::future::try_join_all(calls).await?;
        assert!(sums.into_iter().eq(2..=101));
        Ok(())
    }

    async fn errors(&self) -> Result<(), Error> {
        let error = refused(self.sum(&mut within(PATIENCE), 0, 0).await);
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "can't sum two zeroes ✓"));
        assert_eq!((error.reason(), error.retry()), (Some("two_zeroes"), Retry::Never));
        let error = refused(self.sum(&mut within(PATIENCE), 1, 429).await);
        assert_eq!(error.code(), Code::ResourceExhausted);
        assert_eq!(error.retry(), Retry::After(Duration::from_millis(250)), "as its RetryInfo says");

        let error = refused(self.sum(&mut within(PATIENCE), 1, 404).await);
        assert_eq!((error.code(), error.message(), error.reason()), (Code::NotFound, "no such number", None));
        let error = refused(self.sum(&mut within(PATIENCE), 1, 500).await);
        assert_eq!(error.code(), Code::Unknown, "the handler raised");

        let none = grpc::client::unary::<Sum>(&NONE).at(&self.client, &self.target)?;
        let error = refused(none.call(&mut within(PATIENCE), Numbers { a: 1, b: 2 }).await);
        assert_eq!(error.code(), Code::Unimplemented);
        Ok(())
    }

    async fn metadata(&self) -> Result<(), Error> {
        let mut cx = within(PATIENCE);
        cx.set_request_id(RequestId::parse("real-1").expect("an id"));
        cx.outbound_mut().insert("x-greeting", "hello")?;
        cx.outbound_mut().insert_bin("x-odd-bin", &every_byte())?;
        self.sum(&mut cx, 1, 2).await?;
        let came = cx.inbound();
        assert_eq!((came.get("x-greeting"), came.get("x-request-id")), (Some("hello"), Some("real-1")));
        assert_eq!(came.get_bin("x-odd-bin"), Some(every_byte()), "there and back");
        // From behind the message.
        assert_eq!((came.get("x-end"), came.get_bin("x-end-bin")), (Some("Sum"), Some(every_byte())));

        // What came before an error.
        let mut cx = within(PATIENCE);
        cx.outbound_mut().insert("x-greeting", "hello")?;
        refused(self.sum(&mut cx, 1, 404).await);
        assert_eq!(cx.inbound().get("x-greeting"), Some("hello"));
        Ok(())
    }

    async fn streams(&self) -> Result<(), Error> {
        let mut cx = within(PATIENCE);
        cx.outbound_mut().insert("x-greeting", "hello")?;
        let mut sums = self.series(&mut cx, 5, 0).await?;
        assert_eq!(cx.inbound().get("x-greeting"), Some("hello"), "the head is here with the stream");
        let all: Vec<i64> = sums.by_ref().map_ok(|sum| sum.v).try_collect().await?;
        assert_eq!(all, [2, 3, 5, 8, 13]);
        assert_eq!(sums.end().take_trailers().get("x-end"), Some("Series"));

        // One without end is left, and its maker is told.
        let sums = self.series(&mut within(PATIENCE), 0, 10).await?;
        assert_eq!(sums.take(3).try_collect::<Vec<_>>().await?.len(), 3);

        // Each comes when it is made.
        let begun = Instant::now();
        let mut sums = self.series(&mut within(PATIENCE), 2, 10_000).await?;
        assert_eq!(sums.next().await.transpose()?.map(|sum| sum.v), Some(2));
        assert!(begun.elapsed() < Duration::from_secs(5), "not when the last is");
        Ok(())
    }

    async fn deadlines(&self) -> Result<(), Error> {
        let begun = Instant::now();
        let error = refused(self.concat(&mut within(Duration::from_millis(300)), "slow", "10").await);
        assert_eq!(error.code(), Code::DeadlineExceeded);
        assert!(begun.elapsed() < Duration::from_secs(5));

        let mut sums = self.series(&mut within(Duration::from_millis(500)), 2, 10_000).await?;
        assert_eq!(sums.next().await.transpose()?.map(|sum| sum.v), Some(2));
        let error = sums.next().await.expect("an end").expect_err("in time");
        assert_eq!(error.code(), Code::DeadlineExceeded);
        assert!(begun.elapsed() < Duration::from_secs(5));
        Ok(())
    }
}

fn within(time: Duration) -> Context {
    Context::new().with_deadline(Some(Instant::now() + time))
}

fn refused<T>(answer: Result<T, Error>) -> Error {
    answer.err().expect("refused")
}

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}
