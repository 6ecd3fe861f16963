//! Several codecs for one endpoint: the request says which one it is written in, and which one its answer is to be written in.
//!
//! ```
//! use kit_core::{Error, request_fn};
//! use kit_transport::codec::Json;
//! # #[cfg(feature = "cbor")]
//! use kit_transport::codec::Cbor;
//! use kit_transport::http::server::extract::{Path, extract};
//! use kit_transport::http::server::{Answers, Router, offer};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Profile { id: u64, name: String }
//!
//! # #[cfg(feature = "cbor")] {
//! let put = request_fn(async |profile: Profile| Ok(profile));
//! let get = request_fn(async |id: u64| Ok(Profile { id, name: "Ann".into() }));
//! let service = Router::new()
//!     .put("/profiles", offer(put, (Json, Cbor)))
//!     .get("/profiles/{id}", Answers::new(extract(|Path(id): Path<u64>| Ok(id)), (Json, Cbor)).bind(get))
//!     .build()?;
//! # }
//! # Ok::<(), Error>(())
//! ```
//!
//! | the request | is read by | is answered by |
//! |---|---|---|
//! | `Content-Type` of one of those that read | that one | |
//! | any other, or none | 415, with what is read in `Accept` | |
//! | no `Accept`, or none that is well formed | | the one that reads its `Content-Type`, else the first |
//! | an `Accept` with some of those that write | | the one of the highest weight; of several the one it names most precisely, then the one that reads its `Content-Type`, then the first |
//! | an `Accept` with none of them | | 406 |
//!
//! That nobody can answer is known before the body is read and before the endpoint runs. An answer says `Vary: Accept`. An error is
//! `application/problem+json` whatever `Accept` says: it is better read as that than not at all. A binding of one codec asks nothing and
//! pays for nothing: it answers what it has, as RFC 9110 allows.
//!
//! # Source
//! RFC 9110, 12.5.1 (`Accept`), 15.5.7 (406), 15.5.16 (415).

mod accept;
mod codecs;
#[cfg(test)]
mod tests;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, VARY};
use kit_core::{Code, Context, Endpoint, Error};

use super::Binding;
use super::extract::{DecodeRequest, body, media};
use super::reply::EncodeResponse;
use crate::codec::shown;
use crate::http::problem::Rejection;
use crate::http::{Body, Request, Response};

pub(in crate::http::server) use codecs::listed;
pub use codecs::{Codecs, DecodeOneOf, EncodeOneOf};

/// Binds an endpoint that reads and answers any of these codecs, a tuple in the order of preference.
pub fn offer<E, Req, K>(endpoint: E, codecs: K) -> Binding<E, Offer<K, K>, Offer<K, K>, Req>
where
    E: Endpoint<Req>,
    K: DecodeOneOf<Req> + EncodeOneOf<E::Response>,
    Req: Send,
{
    Offer::new(codecs.clone(), codecs).bind(endpoint)
}

/// Codecs to read requests by, and codecs to write answers by: tuples of up to six, in the order of preference.
///
/// ```
/// # #[cfg(feature = "form")] {
/// use kit_core::request_fn;
/// use kit_transport::codec::{Form, Json};
/// use kit_transport::http::server::Offer;
///
/// // What browsers and programs send; the answer is JSON for both.
/// # #[derive(serde::Deserialize)] struct Login { name: String }
/// let login = Offer::new((Form, Json), (Json,)).bind(request_fn(async |login: Login| Ok(login.name)));
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Offer<R, W> {
    reads: R,
    writes: W,
}

/// Codecs to write answers by, for requests that are read in another way: `decode` makes them, such as
/// [`extract`](super::extract::extract) for what has no body.
#[derive(Clone, Copy, Debug)]
pub struct Answers<D, W> {
    decode: D,
    writes: W,
}

/// Which codec writes the answer to this call.
#[derive(Clone, Copy)]
struct Chosen(usize);

impl<R, W> Offer<R, W> {
    /// Reads by `reads`, writes by `writes`.
    pub fn new(reads: R, writes: W) -> Self {
        Self { reads, writes }
    }

    /// Binds an endpoint to both.
    pub fn bind<E, Req>(self, endpoint: E) -> Binding<E, Self, Self, Req>
    where
        E: Endpoint<Req>,
        R: DecodeOneOf<Req>,
        W: EncodeOneOf<E::Response>,
        Req: Send,
    {
        Binding::new(endpoint, self.clone(), self)
    }
}

impl<D, W> Answers<D, W> {
    /// Reads by `decode`, writes by `writes`.
    pub fn new(decode: D, writes: W) -> Self {
        Self { decode, writes }
    }

    /// Binds an endpoint to both.
    pub fn bind<E, Req>(self, endpoint: E) -> Binding<E, Self, Offer<(), W>, Req>
    where
        E: Endpoint<Req>,
        D: DecodeRequest<Req>,
        W: EncodeOneOf<E::Response>,
    {
        let encode = Offer::new((), self.writes.clone());
        Binding::new(endpoint, self, encode)
    }
}

/// # Errors
/// 406 and 415 as the table of [the module](self) says, 413 above the [limit](super::extract::BodyLimit), and those of the codec.
impl<R, W, Req> DecodeRequest<Req> for Offer<R, W>
where
    R: DecodeOneOf<Req>,
    W: Codecs,
{
    fn decode(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Req, Error>> + Send {
        read(self, cx, request.into_body())
    }
}

async fn read<R, W, Req>(offer: &Offer<R, W>, cx: &mut Context, body: Body) -> Result<Req, Error>
where
    R: DecodeOneOf<Req>,
    W: Codecs,
{
    choose(&offer.writes, cx)?;
    let codec = media::find(&offer.reads, cx.inbound().headers())?;
    let bytes = body::read(cx, body).await?;
    offer.reads.decode_one(codec, &bytes)
}

/// # Errors
/// 406 as the table of [the module](self) says, and those of the inner decoder.
impl<D, W, Req> DecodeRequest<Req> for Answers<D, W>
where
    D: DecodeRequest<Req>,
    W: Codecs,
{
    async fn decode(&self, cx: &mut Context, request: Request) -> Result<Req, Error> {
        choose(&self.writes, cx)?;
        self.decode.decode(cx, request).await
    }
}

/// 200 and the whole answer, by the codec that the request was found to want.
impl<R, W, Res> EncodeResponse<Res> for Offer<R, W>
where
    R: Send + Sync + 'static,
    W: EncodeOneOf<Res>,
{
    fn encode(&self, cx: &mut Context, answer: Res) -> Result<Response, Error> {
        // Without its decoder in front of it, it writes what it likes best.
        let codec = cx.extensions().get().map_or(0, |&Chosen(codec)| codec).min(W::COUNT - 1);
        let mut response = Response::new(Body::full(self.writes.encode_one(codec, &answer)?));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.writes.content_type(codec)));
        headers.insert(VARY, HeaderValue::from(ACCEPT));
        Ok(response)
    }
}

/// Notes which of these codecs is to write the answer, or refuses a caller whom none of them serves.
fn choose<W: Codecs>(writes: &W, cx: &mut Context) -> Result<(), Error> {
    let Some(codec) = accept::choose(writes, cx.inbound().headers()) else {
        let wanted = cx.inbound().headers().get(ACCEPT).map_or(&b""[..], |value| value.as_bytes());
        let wanted = shown(&String::from_utf8_lossy(wanted), 100);
        return Err(Error::boundary(Code::InvalidArgument, Rejection::NotAcceptable)
            .with_message(format!("the answer can be {}", listed(writes, W::content_type, " or ")))
            .with_reason("not_acceptable")
            .with_field("accept", wanted));
    };
    cx.extensions_mut().insert(Chosen(codec));
    Ok(())
}
