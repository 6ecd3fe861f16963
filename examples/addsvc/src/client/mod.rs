//! The service from afar: the same trait, whoever answers and on whichever wire.

mod gokit;
mod lines;

use futures_util::TryStreamExt as _;
use kit::client::{self, Client as Instances};
use kit::codec::Json;
use kit::discovery::{Instancer, Mapped};
use kit::failure::{RecognizeLayer, RecognizeStreamLayer};
use kit::grpc::client::server_stream;
use kit::http::client::{post, raw};
use kit::jsonrpc::client::{Binding, Client as Rpc};
use kit::lifecycle::Part;
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{BoxEndpoint, Context, Endpoint as _, Error, Layer as _, endpoint_with, request_fn};
use serde::{Deserialize, Serialize};

use crate::endpoints::{CONCAT, ConcatReply, ConcatRequest, SERIES, SUM, SeriesRequest, SumReply, SumRequest};
use crate::error::AddError;
use crate::registering::seen_over;
use crate::service::{AddService, Series, Sums};
use crate::transport::Wire;

/// The wire that calls go over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// JSON over HTTP. The default: everything answers it.
    #[default]
    Http,
    /// JSON-RPC 2.0, at `/rpc`. It has no streams, and therefore no series.
    Jsonrpc,
    /// gRPC, on connections that speak HTTP/2 from their first byte.
    Grpc,
}

impl Transport {
    /// What has to answer it.
    pub const fn wire(self) -> Wire {
        match self {
            Self::Http => Wire::Http,
            Self::Jsonrpc => Wire::Jsonrpc,
            Self::Grpc => Wire::Grpc,
        }
    }
}

/// Calls the instances of the service, as [`kit::client`] does: each call goes to one of them, and to another if that one fails and there
/// is time; whoever fails is left alone for a while.
///
/// What the service refuses comes back as what it was: `error.cause::<AddError>()` is the variant.
#[derive(Clone, Debug)]
pub struct Client {
    sum: BoxEndpoint<SumRequest, SumReply>,
    concat: BoxEndpoint<ConcatRequest, ConcatReply>,
    series: BoxEndpoint<SeriesRequest, Sums>,
    instances: Instances,
}

/// Finds the service's own enum in what comes back, on any wire.
const REFUSALS: RecognizeLayer<AddError> = RecognizeLayer::new();
/// Also in what ends a stream.
const STREAMED_REFUSALS: RecognizeStreamLayer<AddError> = RecognizeStreamLayer::new();

impl Client {
    /// Calls those whom `source` finds, over `transport`: each at its address, or at the port that it [announces](crate::registering) for
    /// that.
    ///
    /// # Errors
    /// As [`client::Builder::start`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        transport: Transport,
        source: impl Instancer + 'static,
        mut config: client::Config,
        log: &Logger,
        metrics: &Registry,
    ) -> Result<Self, Error> {
        config.connections.http2_only |= transport == Transport::Grpc;
        let source = Mapped::new(source, move |instance| Some(seen_over(transport.wire(), instance)));
        let instances = Instances::builder(source).config(config).start(log, metrics)?;
        match transport {
            Transport::Http => Self::http(instances),
            Transport::Jsonrpc => Self::jsonrpc(instances),
            Transport::Grpc => Ok(Self::grpc(instances)),
        }
    }

    fn http(instances: Instances) -> Result<Self, Error> {
        let sum = post(&SUM, Json).binding()?;
        let concat = post(&CONCAT, Json).binding()?;
        let series = post(&SERIES, Json).binding_with(|_cx, response| lines::read(response))?;
        Ok(Self {
            sum: REFUSALS.layer(instances.endpoint(&SUM, sum)).boxed(),
            concat: REFUSALS.layer(instances.endpoint(&CONCAT, concat)).boxed(),
            series: REFUSALS.layer(instances.endpoint(&SERIES, series)).boxed(),
            instances,
        })
    }

    fn jsonrpc(instances: Instances) -> Result<Self, Error> {
        let rpc = Rpc::new(raw(), "/rpc")?;
        let none = request_fn(async |_| Err(Error::unimplemented("JSON-RPC has no streams").with_reason("no_streams")));
        Ok(Self {
            sum: REFUSALS.layer(instances.endpoint(&SUM, Binding::new(&rpc, "sum"))).boxed(),
            concat: REFUSALS.layer(instances.endpoint(&CONCAT, Binding::new(&rpc, "concat"))).boxed(),
            series: none.boxed(),
            instances,
        })
    }

    fn grpc(instances: Instances) -> Self {
        let series = STREAMED_REFUSALS.layer(instances.endpoint(&SERIES, server_stream::<SumReply>(&SERIES)));
        let series = endpoint_with(series, async |series, cx, from: SeriesRequest| {
            Ok(Box::pin(series.call(cx, from).await?.map_ok(|sum| sum.v)) as Sums)
        });
        Self {
            sum: REFUSALS.layer(instances.endpoint(&SUM, gokit::sum())).boxed(),
            concat: REFUSALS.layer(instances.endpoint(&CONCAT, gokit::concat())).boxed(),
            series: series.boxed(),
            instances,
        }
    }

    /// Those it calls: who they are, how each stands and why.
    pub fn instances(&self) -> &Instances {
        &self.instances
    }

    /// As a part of a program, which closes it in its turn.
    ///
    /// # Errors
    /// None.
    pub async fn run(self, part: Part) -> Result<(), Error> {
        self.instances.run(part).await
    }
}

impl AddService for Client {
    async fn sum(&self, cx: &mut Context, a: i64, b: i64) -> Result<i64, Error> {
        Ok(self.sum.call(cx, SumRequest { a, b }).await?.v)
    }

    async fn concat(&self, cx: &mut Context, a: String, b: String) -> Result<String, Error> {
        Ok(self.concat.call(cx, ConcatRequest { a, b }).await?.v)
    }

    async fn series(&self, cx: &mut Context, from: Series) -> Result<Sums, Error> {
        self.series.call(cx, from.into()).await
    }
}
