use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;

use bytes::Bytes;
use kit_core::{Context, Endpoint, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Params;
use crate::codec::{Encode, Json};
use crate::http::keep::{begin, by};

/// What a method answered, as JSON: what the layers round it see as its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(Bytes);

impl Reply {
    /// The result, as JSON.
    pub fn json(&self) -> &[u8] {
        &self.0
    }
}

/// An endpoint as a method: itself an endpoint, from parameters as they came to a result as it leaves, so that parameters that
/// do not fit pass the layers like any other error.
pub struct MethodBinding<E, Req> {
    endpoint: E,
    request: PhantomData<fn(Req)>,
}

impl<E, Req> MethodBinding<E, Req> {
    pub(super) fn new(endpoint: E) -> Self {
        Self { endpoint, request: PhantomData }
    }
}

impl<E, Req> Endpoint<Params> for MethodBinding<E, Req>
where
    E: Endpoint<Req>,
    E::Response: Serialize,
    Req: DeserializeOwned + Send,
{
    type Response = Reply;

    async fn call(&self, cx: &mut Context, params: Params) -> Result<Reply, Error> {
        let request: Req = params.read()?;
        // The bytes are not kept while the endpoint works: a batch shares one body.
        drop(params);
        let deadline = begin(cx)?;
        let answer = by(deadline, pin!(self.endpoint.call(cx, request))).await?;
        let json = Json.encode(&answer)?;
        cx.sizes_mut().add_sent(json.len());
        Ok(Reply(json))
    }
}

impl<E: fmt::Debug, Req> fmt::Debug for MethodBinding<E, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MethodBinding").field(&self.endpoint).finish()
    }
}

/// Answers what reaches no method; the layers stand round it like round any other.
#[derive(Clone, Copy, Debug)]
pub struct Refusal(pub(super) ());

impl Endpoint<Params> for Refusal {
    type Response = Reply;

    async fn call(&self, _cx: &mut Context, params: Params) -> Result<Reply, Error> {
        Err(params.refusal().unwrap_or_else(|| Error::bug("a call that was not refused")))
    }
}
