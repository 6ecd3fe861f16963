use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use kit_core::{Child, ChildLayer, Error, Layer as _, Method};

use super::error;
use super::wire::Wire;
use crate::codec::{Codec, Protobuf};
use crate::grpc::Config;
use crate::http::client::{Channel, Client, Picked, Target};

/// One message there, one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {}

/// One message there, many back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerStream {}

/// Many messages there, one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientStream {}

/// Many messages both ways, at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BidiStream {}

/// A method of another service, called by gRPC: made by [`unary`](super::unary) and its siblings, whose kind it has as `K`.
///
/// It goes to the channel of each request's [`Routed`](kit_core::Routed), as a balancer has [picked](Picked) it, or to the one target
/// that [`endpoint`](Self::endpoint) or [`at`](Self::at) names. Either way it calls with the context that it is given, but for what
/// `endpoint` makes, which opens a [child](Child) for application code.
///
/// The context's deadline, or [`default_deadline`](crate::http::client::Config::default_deadline), covers all of it, the last message of
/// a stream too. The head of the answer is the context's inbound metadata; what follows the messages is added to that where the answer is
/// one message, and is the [stream's](kit_core::StreamEnd) trailers where it is many.
///
/// # Errors
/// The table of [the module](super#errors).
///
/// # Cancel safety
/// Dropping the call, or the stream that it answered with, resets the stream of HTTP/2 and drops the source of the request's messages. If
/// the callee does not read, so that a message of the request waits for room in its window, the source is dropped all the
/// same, but the callee is told only when it reads again, or by its own end of the deadline.
pub struct Binding<K, Res, C = Protobuf, At = Picked> {
    pub(super) at: At,
    pub(super) wire: Wire<C>,
    shape: PhantomData<fn() -> (K, Res)>,
}

impl<K, Res> Binding<K, Res> {
    pub(super) fn new(method: &'static Method) -> Self {
        Self { at: Picked, wire: Wire::new(method, Protobuf), shape: PhantomData }
    }
}

impl<K, Res, C: Codec> Binding<K, Res, C> {
    /// With messages that `codec` writes and reads, such as [`Json`](crate::codec::Json). Default [`Protobuf`].
    #[must_use]
    pub fn codec<D: Codec>(self, codec: D) -> Binding<K, Res, D> {
        Binding { at: Picked, wire: self.wire.with_codec(codec), shape: PhantomData }
    }

    /// With these limits, and with messages compressed or not. Default [`Config::default`].
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.wire.config = config;
        self
    }

    /// The endpoint for application code, at one target: each call has a [child](Child) of its caller's context.
    ///
    /// ```
    /// use kit_core::{Error, Method};
    /// use kit_transport::grpc;
    /// use kit_transport::http::client::{Client, Config};
    /// # #[derive(Clone, PartialEq, prost::Message)] struct Sum { #[prost(int64, tag = "1")] v: i64 }
    ///
    /// static SUM: Method = Method::new("pb.Add", "Sum");
    ///
    /// let client = Client::new(Config { http2_only: true, ..Config::default() })?;
    /// let sum = grpc::client::unary::<Sum>(&SUM).endpoint(&client, &"http://127.0.0.1:8080".parse()?)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`at`](Self::at).
    #[expect(clippy::type_complexity, reason = "a binding at a target, called with a child context")]
    pub fn endpoint(self, client: &Client, target: &Target) -> Result<Child<Binding<K, Res, C, Arc<Channel>>>, Error> {
        let method = self.wire.method;
        Ok(ChildLayer::new(method).layer(self.at(client, target)?))
    }

    /// The binding alone, at one target: for the inside of a stack that opens its own [child](ChildLayer).
    ///
    /// # Errors
    /// `FailedPrecondition` for a client that does not speak [HTTP/2](crate::http::client::Config::http2_only); `InvalidArgument` for a
    /// method whose service or name is empty, or cannot stand in a path.
    pub fn at(self, client: &Client, target: &Target) -> Result<Binding<K, Res, C, Arc<Channel>>, Error> {
        let at = client.channel(target);
        self.wire.path()?;
        if !at.config().http2_only {
            return Err(error::not_http2(at.target()));
        }
        Ok(Binding { at, wire: self.wire, shape: PhantomData })
    }
}

impl<K, Res, C, At: fmt::Debug> fmt::Debug for Binding<K, Res, C, At> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.wire.method;
        write!(f, "Binding(gRPC {}/{} at {:?})", method.service(), method.name(), self.at)
    }
}
