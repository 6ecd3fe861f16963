use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method as Verb;
use http::header::HeaderName;
use kit_core::{Child, ChildLayer, Context, Error, Layer, Method};

use super::Channel;
use super::binding::{Binding, Decoding, Operation};
use super::path::{Path, Values};
use crate::codec::{Codec, Decode};
use crate::http::{Body, Request};

/// A binding that is being described: made by [`Client::post`](super::Client::post) and its siblings for one target, by
/// [`post`](super::post) and its siblings for the channel that is [picked](super::Picked) for each request, ended by [`endpoint`](Self::endpoint) or
/// [`binding`](Self::binding).
///
/// ```
/// use kit_core::{Error, Method};
/// use kit_transport::codec::Json;
/// use kit_transport::http::client::{Client, Config};
/// use serde::Deserialize;
///
/// struct List { tenant: String, after: Option<u64>, tags: Vec<String> }
///
/// #[derive(Deserialize)]
/// struct Page { names: Vec<String> }
///
/// static LIST: Method = Method::new("profiles", "list").path("/tenants/{tenant}/profiles").idempotent();
///
/// let client = Client::new(Config::default())?;
/// let list = client
///     .get(&LIST, &"http://127.0.0.1:8080".parse()?, Json)
///     .parameter("tenant", |list: &List| list.tenant.clone())
///     .query("after", |list| list.after)
///     .query("tag", |list| list.tags.clone())
///     .endpoint::<Page>()?;
/// # Ok::<(), Error>(())
/// ```
#[must_use = "it calls nothing before it is ended by `endpoint` or `binding`"]
pub struct BindingBuilder<Req, C, At = Arc<Channel>> {
    at: At,
    verb: Verb,
    method: &'static Method,
    parameters: Vec<(&'static str, Values<Req>)>,
    query: Vec<(&'static str, Values<Req>)>,
    shape: Shape<Req, C>,
}

/// What the parts of a binding have in common with its builder.
pub(super) struct Shape<Req, C> {
    pub(super) codec: C,
    /// None for a request without a body.
    pub(super) encode: Option<Encoding<Req, C>>,
    pub(super) headers: Vec<(HeaderName, Values<Req>)>,
    pub(super) before: Vec<Before>,
    pub(super) after: Vec<After>,
}

pub(super) type Encoding<Req, C> = fn(&C, &Req) -> Result<Bytes, Error>;
pub(super) type Before = Arc<dyn Fn(&mut Context, &mut Request) -> Result<(), Error> + Send + Sync>;
pub(super) type After = Arc<dyn Fn(&mut Context, &mut http::Response<Body>) -> Result<(), Error> + Send + Sync>;

impl<Req, C: Codec, At> BindingBuilder<Req, C, At> {
    pub(super) fn new(at: At, verb: Verb, method: &'static Method, codec: C, encode: Option<Encoding<Req, C>>) -> Self {
        let shape = Shape { codec, encode, headers: Vec::new(), before: Vec::new(), after: Vec::new() };
        Self { at, verb, method, parameters: Vec::new(), query: Vec::new(), shape }
    }

    /// Fills the parameter `{name}` of the method's path, or `{*name}`, which may have slashes. The value is escaped. One that
    /// is empty, `.` or `..` is refused when it is called with, since it would call another route.
    pub fn parameter<V>(mut self, name: &'static str, value: impl Fn(&Req) -> V + Send + Sync + 'static) -> Self
    where
        V: fmt::Display,
    {
        self.parameters.push((name, Arc::new(move |request, put| put(&value(request)))));
        self
    }

    /// Adds a pair to the query for each value: `None` adds none, `Some` one, a `Vec` as many as it has. Both sides are escaped.
    pub fn query<V>(mut self, name: &'static str, values: impl Fn(&Req) -> V + Send + Sync + 'static) -> Self
    where
        V: IntoIterator,
        V::Item: fmt::Display,
    {
        self.query.push((name, each(values)));
        self
    }

    /// Sets a header for each value, as [`query`](Self::query) does with pairs. What is the same for every call, or comes from a
    /// layer, is [`Context::outbound_mut`]'s.
    pub fn header<V>(mut self, name: HeaderName, values: impl Fn(&Req) -> V + Send + Sync + 'static) -> Self
    where
        V: IntoIterator,
        V::Item: fmt::Display,
    {
        self.shape.headers.push((name, each(values)));
        self
    }

    /// Runs `hook` on every request before it is sent, after the hooks named earlier. What it refuses is not sent.
    pub fn before<F>(mut self, hook: F) -> Self
    where
        F: Fn(&mut Context, &mut Request) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.shape.before.push(Arc::new(hook));
        self
    }

    /// Runs `hook` on every answer before its status is looked at, after the hooks named earlier. What it refuses is not decoded.
    pub fn after<F>(mut self, hook: F) -> Self
    where
        F: Fn(&mut Context, &mut http::Response<Body>) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.shape.after.push(Arc::new(hook));
        self
    }

    /// The endpoint for application code: each call has a [child](Child) of its caller's context.
    ///
    /// # Errors
    /// `InvalidArgument` for a method whose path is missing or malformed, has a parameter that nothing fills, or lacks one
    /// that is filled.
    pub fn endpoint<Res>(self) -> Result<Child<Binding<Req, Res, C, At>>, Error>
    where
        C: Decode<Res>,
    {
        let method = self.method;
        Ok(child(self.binding()?, method))
    }

    /// The endpoint for application code, whose answers `decode` makes out of responses of success: for bodies that are
    /// read after the call has returned, for headers, for `204 No Content`.
    ///
    /// The body is announced as the call's stream and has no size limit. It is cut off at the call's deadline, ends with an error if
    /// it breaks off, and is cancelled if it is dropped before its end.
    ///
    /// ```
    /// # use kit_core::{Error, Method};
    /// # use kit_transport::codec::Json;
    /// # use kit_transport::http::client::{Client, Config};
    /// # static EXPORT: Method = Method::new("profiles", "export").path("/export");
    /// # static REMOVE: Method = Method::new("profiles", "remove").path("/profiles/{id}").idempotent();
    /// # let (client, target) = (Client::new(Config::default())?, "http://127.0.0.1:8080".parse()?);
    /// let export = client.post(&EXPORT, &target, Json).endpoint_with(|_cx, response| Ok(response.into_body()))?;
    /// let remove = client
    ///     .delete(&REMOVE, &target, Json)
    ///     .parameter("id", |id: &u64| *id)
    ///     .endpoint_with(|_cx, _no_content| Ok(()))?;
    /// # fn types(_: impl kit_core::Endpoint<u32, Response = kit_transport::http::Body>, _: impl kit_core::Endpoint<u64, Response = ()>) {}
    /// # types(export, remove);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`endpoint`](Self::endpoint).
    pub fn endpoint_with<Res, F>(self, decode: F) -> Result<Child<Binding<Req, Res, C, At>>, Error>
    where
        F: Fn(&mut Context, http::Response<Body>) -> Result<Res, Error> + Send + Sync + 'static,
    {
        let method = self.method;
        Ok(child(self.binding_with(decode)?, method))
    }

    /// The binding alone, which calls with the context it is given: for the inside of a stack that opens its own
    /// [child](ChildLayer).
    ///
    /// # Errors
    /// As [`endpoint`](Self::endpoint).
    pub fn binding<Res>(self) -> Result<Binding<Req, Res, C, At>, Error>
    where
        C: Decode<Res>,
    {
        self.build(Decoding::Typed(C::decode))
    }

    /// The binding alone, as [`binding`](Self::binding), whose answers `decode` makes, as in
    /// [`endpoint_with`](Self::endpoint_with).
    ///
    /// # Errors
    /// As [`endpoint`](Self::endpoint).
    pub fn binding_with<Res, F>(self, decode: F) -> Result<Binding<Req, Res, C, At>, Error>
    where
        F: Fn(&mut Context, http::Response<Body>) -> Result<Res, Error> + Send + Sync + 'static,
    {
        self.build(Decoding::With(Arc::new(decode)))
    }

    fn build<Res>(self, decoding: Decoding<Res, C>) -> Result<Binding<Req, Res, C, At>, Error> {
        let template = self.method.path_template().unwrap_or_default();
        let path = Path::new(template, self.parameters, self.query)?;
        let operation = Operation::new(self.verb, self.method.is_idempotent(), path, self.shape, decoding);
        Ok(Binding::new(self.at, operation))
    }
}

fn child<E>(binding: E, method: &'static Method) -> Child<E> {
    ChildLayer::new(method).layer(binding)
}

fn each<Req, V>(values: impl Fn(&Req) -> V + Send + Sync + 'static) -> Values<Req>
where
    V: IntoIterator,
    V::Item: fmt::Display,
{
    Arc::new(move |request, put| values(request).into_iter().for_each(|value| put(&value)))
}

impl<Req, C, At: fmt::Debug> fmt::Debug for BindingBuilder<Req, C, At> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BindingBuilder({} {} at {:?})", self.verb, self.method.name(), self.at)
    }
}
