//! Calls to methods of a JSON-RPC server, as endpoints.
//!
//! A [`Client`] puts calls on any endpoint of HTTP, such as [`Raw`](crate::http::client::Raw) or a whole client stack over it. Of it
//! are made endpoints of one method each, with an answer or [without](Client::notification), and one for [batches](Client::batches).
//!
//! ```
//! use kit_core::{Context, Endpoint as _, Error, Method, sources::CountingIds};
//! use kit_transport::http::client::{self, Client};
//! use kit_transport::jsonrpc::client::{Batch, Client as Rpc};
//!
//! static SUM: Method = Method::new("calculator", "sum").idempotent();
//! static LOG: Method = Method::new("calculator", "log");
//!
//! # async fn calls() -> Result<(), Error> {
//! let http = Client::new(client::Config::default())?;
//! let rpc = Rpc::new(http.raw(&"http://127.0.0.1:8080".parse()?), "/rpc")?.ids(CountingIds::from(1));
//!
//! let sum = rpc.endpoint::<Vec<i64>, i64>(&SUM);
//! let log = rpc.notification::<(String,)>(&LOG);
//! let mut cx = Context::new();
//! assert_eq!(sum.call(&mut cx, vec![1, 2, 4]).await?, 7);
//! log.call(&mut cx, ("added".to_owned(),)).await?;
//!
//! let mut batch = Batch::new();
//! let small = batch.call::<i64>(&SUM, &[1, 2])?;
//! let large = batch.call::<i64>(&SUM, &[1_000, 2_000])?;
//! batch.notify(&LOG, &["both"])?;
//! let mut answers = rpc.batches().call(&mut cx, batch).await?;
//! assert_eq!((answers.take(small)?, answers.take(large)?), (3, 3_000));
//! # Ok(()) }
//! ```
//!
//! A request is written as its parameters: a struct or a map by name, a tuple or a list by position, `()` and `None` as none at
//! all; anything else is refused before it is sent. Deadline, metadata and request id are the inner endpoint's to send.
//!
//! # Errors
//!
//! | what happened | code | reason |
//! |---|---|---|
//! | an error object | [as the table says](super#errors), its cause [`RemoteError`](super::RemoteError) | its own |
//! | an answer that is none, has another version or another call's id, or none where one must be | `Internal`, its cause [`MalformedAnswer`] | `malformed_answer` |
//! | a result that does not fit | `Internal` | `malformed_answer` |
//! | a body of another type, or with a content coding | `Internal` | `unexpected_content_type`, `unexpected_content_coding` |
//! | a body of more than [`max_answer_bytes`](Client::max_answer_bytes) | `ResourceExhausted` | `answer_too_large` |
//! | a status other than 2xx without an error object | [its own](crate::http::problem::error), or that of the status | its own |
//! | a body that is not here at the deadline | `DeadlineExceeded` | |
//! | parameters that are no array and no object | `InvalidArgument` | `bad_params` |
//!
//! and whatever the inner endpoint fails with.

mod answer;
mod batch;
mod binding;
mod exchange;
mod id;
mod request;

use std::fmt;
use std::sync::Arc;

use http::uri::PathAndQuery;
use kit_core::sources::{CountingIds, Ids};
use kit_core::{Child, ChildLayer, Error, Layer as _, Method};

pub use answer::MalformedAnswer;
pub use batch::{Answers, Batch, Batches, Ticket, methods};
pub use binding::{Binding, Notification};

use id::Id;

/// Calls methods over the HTTP of `E`, at one path. Clones share it and its ids.
pub struct Client<E> {
    inner: Arc<E>,
    path: PathAndQuery,
    ids: Arc<dyn Ids>,
    max_answer_bytes: usize,
}

impl<E> Client<E> {
    /// How large an answer may be, in bytes: 2 MiB, as for any other answer of HTTP.
    pub const MAX_ANSWER_BYTES: usize = 2 * 1024 * 1024;

    /// Calls over `inner` at this path, such as `/rpc`.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path.
    pub fn new(inner: E, path: &str) -> Result<Self, Error> {
        let parsed = path.starts_with('/').then(|| path.parse::<PathAndQuery>().ok()).flatten();
        let Some(path) = parsed else {
            return Err(Error::invalid_argument(format!("{path:?} is no path")).with_reason("bad_path"));
        };
        let ids = Arc::new(CountingIds::from(1));
        Ok(Self { inner: Arc::new(inner), path, ids, max_answer_bytes: Self::MAX_ANSWER_BYTES })
    }

    /// With ids from this source. Default: 1, 2, 3 and so on, since a connection has no need of more.
    ///
    /// An id up to 2⁵³ − 1, which every server reads, is written as a number, a larger one as 32 hexadecimal digits.
    #[must_use]
    pub fn ids(mut self, ids: impl Ids + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// With another limit on the size of an answer, in bytes. Default [`MAX_ANSWER_BYTES`](Self::MAX_ANSWER_BYTES).
    #[must_use]
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// The endpoint of a method for application code: each call has a [child](Child) of its caller's context.
    pub fn endpoint<Req, Res>(&self, method: &'static Method) -> Child<Binding<E, Req, Res>> {
        ChildLayer::new(method).layer(Binding::new(self, method.name()))
    }

    /// The method alone, which calls with the context it is given: for the inside of a stack that opens its own child, and, over
    /// [`raw`](crate::http::client::raw), for that of a balancer.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use kit_core::{Context, Endpoint as _, Error, Factory as _, Instance, Method, Routed};
    /// use kit_transport::http::client::{Channels, Config, raw};
    /// use kit_transport::jsonrpc::client::Client;
    /// # use kit_core::request_fn;
    /// # use kit_transport::http::server::{Router, Server};
    ///
    /// static SUM: Method = Method::new("calculator", "sum").idempotent();
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// # let sum = request_fn(async |numbers: Vec<i64>| Ok(numbers.iter().sum::<i64>()));
    /// # let rpc = kit_transport::jsonrpc::server::Methods::new().method(&SUM, sum).build()?;
    /// # let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
    /// # let address = bound.local_addr().to_string();
    /// # tokio::spawn(bound.serve(Router::new().post("/rpc", rpc).build()?, std::future::pending()));
    /// let sum = Client::new(raw(), "/rpc")?.binding::<Vec<i64>, i64>(&SUM);
    ///
    /// // What an endpointer makes of an instance, and a balancer of a request.
    /// let instance = Arc::new(Instance::new(address));
    /// let channel = Arc::new(Channels::new(Config::default())?.make(&instance).await?);
    /// let routed = Routed { instance, channel, request: vec![1, 2, 4] };
    /// assert_eq!(sum.call(&mut Context::new(), routed).await?, 7);
    /// # Ok(()) }
    /// ```
    pub fn binding<Req, Res>(&self, method: &'static Method) -> Binding<E, Req, Res> {
        Binding::new(self, method.name())
    }

    /// The endpoint of a method whose answer nobody wants: it returns when the server has taken the notification, and does not
    /// learn how it ended.
    pub fn notification<Req>(&self, method: &'static Method) -> Child<Notification<E, Req>> {
        ChildLayer::new(method).layer(Notification::new(self, method.name()))
    }

    /// The endpoint of batches: one request of HTTP for the calls of a [`Batch`].
    pub fn batches(&self) -> Child<Batches<E>> {
        ChildLayer::new(&methods::BATCH).layer(Batches::new(self))
    }

    fn next_id(&self) -> Id {
        Id::new(self.ids.next_id())
    }
}

impl<E> Clone for Client<E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            path: self.path.clone(),
            ids: Arc::clone(&self.ids),
            max_answer_bytes: self.max_answer_bytes,
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for Client<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("inner", &self.inner).field("path", &self.path).finish_non_exhaustive()
    }
}
