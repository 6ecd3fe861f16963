use std::time::Duration;

use kit_core::{BoxEndpoint, Method, Streaming};

use crate::codec::Messages;
use crate::testing::Message;

/// One message in, one out: what is served, and what calls it.
pub type Unary = BoxEndpoint<Message, Message>;
/// One message in, many out.
pub type ServerStream = BoxEndpoint<Message, Streaming<Message>>;
/// Many messages in, one out.
pub type ClientStream = BoxEndpoint<Messages<Message>, Message>;
/// Many messages in, many out.
pub type Bidi = BoxEndpoint<Messages<Message>, Streaming<Message>>;

/// What a transport may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carried {
    /// Metadata after the last message.
    Trailers,
    /// An error after the first message, with all that it says. A transport without breaks the stream off, with some error.
    StreamErrors,
    /// What is sent of a [failure](kit_core::failure). A transport without sends code, line and reason alone.
    Failures,
}

/// Endpoints on a transport, and endpoints that call them over it.
///
/// What is served stands as a service stands: with a context of its own, in a task or a thread of its own where the transport
/// has such, without layers but those that it cannot be without. What is given back calls with the context that it is given, as
/// what stands inside a client's stack does, and opens no [child](kit_core::Child): rules read there what came back. One rig may
/// be asked for several services, each of another method, which are there until it is dropped.
pub trait TransportRig {
    /// Serves `service` as `method`, and gives an endpoint that calls it.
    fn unary(&mut self, method: &'static Method, service: Unary) -> impl Future<Output = Unary>;

    /// The same for an answer of many messages. Default `None`: the transport has none.
    fn server_stream(
        &mut self,
        method: &'static Method,
        service: ServerStream,
    ) -> impl Future<Output = Option<ServerStream>> {
        let _ = (method, service);
        async { None }
    }

    /// The same for a request of many messages. Default `None`: the transport has none.
    fn client_stream(
        &mut self,
        method: &'static Method,
        service: ClientStream,
    ) -> impl Future<Output = Option<ClientStream>> {
        let _ = (method, service);
        async { None }
    }

    /// The same for many messages both ways, at the same time. Default `None`: the transport has none.
    fn bidi(&mut self, method: &'static Method, service: Bidi) -> impl Future<Output = Option<Bidi>> {
        let _ = (method, service);
        async { None }
    }

    /// Whether it carries this. Default true.
    fn carries(&self, what: Carried) -> bool {
        let _ = what;
        true
    }

    /// The largest message that both sides take, in bytes. Default `None`: none is refused. A rig sets one that is quick to
    /// reach, of 32 KiB or more, such as 64 KiB.
    fn limit(&self) -> Option<usize> {
        None
    }

    /// How long an answer, an end and word of it may take. Default 10 s.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}
