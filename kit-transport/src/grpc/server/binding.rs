use std::fmt;
use std::marker::PhantomData;

use kit_core::{Endpoint, Streaming};

use crate::codec::{Codec, Messages, Protobuf};
use crate::grpc::Config;

/// An endpoint on gRPC: itself an endpoint, from a request of HTTP to a response of HTTP, so that every layer can stand round it and an
/// error of any stage passes them all.
///
/// `K` is the kind of call, as its constructor says; `C` writes and reads the messages.
pub struct Binding<E, Req, K, C = Protobuf> {
    pub(super) endpoint: E,
    pub(super) codec: C,
    pub(super) config: Config,
    kind: PhantomData<fn(Req) -> K>,
}

/// One message, one message.
#[derive(Clone, Copy, Debug)]
pub enum Unary {}

/// One message, a stream of them.
#[derive(Clone, Copy, Debug)]
pub enum ServerStream {}

/// A stream of messages, one message.
#[derive(Clone, Copy, Debug)]
pub enum ClientStream {}

/// A stream of messages, a stream of messages.
#[derive(Clone, Copy, Debug)]
pub enum BidiStream {}

/// Binds an endpoint that answers a message with a message.
pub fn unary<E, Req>(endpoint: E) -> Binding<E, Req, Unary>
where
    E: Endpoint<Req>,
{
    Binding::new(endpoint)
}

/// Binds an endpoint that answers a message with [`Streaming`].
pub fn server_stream<E, Req, Res>(endpoint: E) -> Binding<E, Req, ServerStream>
where
    E: Endpoint<Req, Response = Streaming<Res>>,
{
    Binding::new(endpoint)
}

/// Binds an endpoint that answers [`Messages`] with a message. It may answer before it has read them all.
pub fn client_stream<E, Req>(endpoint: E) -> Binding<E, Req, ClientStream>
where
    E: Endpoint<Messages<Req>>,
{
    Binding::new(endpoint)
}

/// Binds an endpoint that answers [`Messages`] with [`Streaming`].
pub fn bidi_stream<E, Req, Res>(endpoint: E) -> Binding<E, Req, BidiStream>
where
    E: Endpoint<Messages<Req>, Response = Streaming<Res>>,
{
    Binding::new(endpoint)
}

impl<E, Req, K> Binding<E, Req, K> {
    fn new(endpoint: E) -> Self {
        Self { endpoint, codec: Protobuf, config: Config::default(), kind: PhantomData }
    }
}

impl<E, Req, K, C> Binding<E, Req, K, C> {
    /// Writes and reads the messages by another codec than [`Protobuf`]: [`Json`](crate::codec::Json) answers `application/grpc+json`, and
    /// nothing else.
    #[must_use]
    pub fn codec<D: Codec>(self, codec: D) -> Binding<E, Req, K, D> {
        Binding { endpoint: self.endpoint, codec, config: self.config, kind: PhantomData }
    }

    /// With other limits, or with compression.
    #[must_use]
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }
}

impl<E: fmt::Debug, Req, K, C: fmt::Debug> fmt::Debug for Binding<E, Req, K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("endpoint", &self.endpoint)
            .field("codec", &self.codec)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
