use std::fmt;
use std::marker::PhantomData;

use kit_core::{Context, Endpoint, Error, Routed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exchange::Received;
use super::id::Id;
use super::{Client, answer, request};
use crate::http::{Request, Response};

/// A method of another service: a request goes as parameters, the result comes back as the answer.
///
/// It calls with the context that it is given, for the inside of a stack; application code takes [`Client::endpoint`]. Over an endpoint
/// of [`Routed`] requests, such as [`raw`](crate::http::client::raw), it is a view on whichever channel was picked, and stands inside a
/// balancer.
///
/// # Errors
/// The table of [the module](super#errors).
///
/// # Cancel safety
/// That of the inner endpoint.
pub struct Binding<E, Req, Res> {
    client: Client<E>,
    name: &'static str,
    types: PhantomData<fn(Req) -> Res>,
}

impl<E, Req, Res> Binding<E, Req, Res> {
    /// Calls the method that has this name there.
    pub fn new(client: &Client<E>, name: &'static str) -> Self {
        Self { client: client.clone(), name, types: PhantomData }
    }
}

impl<E, Req, Res> Endpoint<Req> for Binding<E, Req, Res>
where
    E: Endpoint<Request, Response = Response>,
    Req: Serialize + Send,
    Res: DeserializeOwned + Send,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, request: Req) -> Result<Res, Error> {
        let (id, body) = self.write(request)?;
        read(id, self.client.exchange(cx, body).await?)
    }
}

impl<E, C, Req, Res> Endpoint<Routed<C, Req>> for Binding<E, Req, Res>
where
    E: Endpoint<Routed<C, Request>, Response = Response>,
    C: Send,
    Req: Serialize + Send,
    Res: DeserializeOwned + Send,
{
    type Response = Res;

    async fn call(&self, cx: &mut Context, routed: Routed<C, Req>) -> Result<Res, Error> {
        let Routed { instance, channel, request } = routed;
        let (id, request) = self.write(request)?;
        read(id, self.client.exchange_over(cx, Routed { instance, channel, request }).await?)
    }
}

impl<E, Req: Serialize, Res> Binding<E, Req, Res> {
    /// The body of a call, and its id. The request is not kept while it waits: the body has all of it.
    fn write(&self, request: Req) -> Result<(Id, Vec<u8>), Error> {
        let id = self.client.next_id();
        Ok((id, request::body(self.name, &request, Some(id))?))
    }
}

/// The result of the call that has this id.
fn read<Res: DeserializeOwned>(id: Id, received: Received) -> Result<Res, Error> {
    if let Some(failed) = received.failed {
        // A result beside a status that denies it is not believed.
        let answer = answer::text(&received.body).and_then(answer::read);
        return Err(answer.ok().and_then(|answer| answer.error_of(id)).unwrap_or(failed));
    }
    if received.body.is_empty() {
        return Err(answer::malformed("there is no answer"));
    }
    let result = answer::read(answer::text(&received.body)?)?.to(id)?;
    answer::value(result.as_bytes())
}

/// A method of another service whose answer nobody wants.
///
/// It calls with the context that it is given, for the inside of a stack; application code takes [`Client::notification`].
///
/// # Errors
/// What the inner endpoint fails with, and what a status other than 2xx stands for. How the method itself ended nobody says.
///
/// # Cancel safety
/// That of the inner endpoint.
pub struct Notification<E, Req> {
    client: Client<E>,
    name: &'static str,
    types: PhantomData<fn(Req)>,
}

impl<E, Req> Notification<E, Req> {
    /// Notifies the method that has this name there.
    pub fn new(client: &Client<E>, name: &'static str) -> Self {
        Self { client: client.clone(), name, types: PhantomData }
    }
}

impl<E, Req> Endpoint<Req> for Notification<E, Req>
where
    E: Endpoint<Request, Response = Response>,
    Req: Serialize + Send,
{
    type Response = ();

    async fn call(&self, cx: &mut Context, request: Req) -> Result<(), Error> {
        let body = request::body(self.name, &request, None)?;
        drop(request);
        // What a server says all the same is no answer to anything.
        self.client.exchange(cx, body).await?.failed.map_or(Ok(()), Err)
    }
}

impl<E, Req, Res> fmt::Debug for Binding<E, Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binding({} at {})", self.name, self.client.path)
    }
}

impl<E, Req> fmt::Debug for Notification<E, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notification({} at {})", self.name, self.client.path)
    }
}
