use std::pin::pin;

use bytes::Bytes;
use futures_core::Stream;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE, USER_AGENT};
use http::uri::{Authority, PathAndQuery};
use http::{Method as Verb, StatusCode};
use kit_core::{Context, Error, Metadata, Method, Streaming};

use super::answer::Answer;
use super::error;
use super::upload::{Hold, upload};
use crate::codec::{Codec, Decode, Encode};
use crate::grpc::frame::{ACCEPT_ENCODING, Coding, ENCODING, Form, Frames, write};
use crate::grpc::{Config, media, status};
use crate::http::client::{Call, Channel, Sent, within};
use crate::http::{Body, Request};

/// A method as it is on the wire: what its four kinds have in common.
pub(super) struct Wire<C> {
    pub(super) method: &'static Method,
    /// None for a method that no path can be made of.
    path: Option<PathAndQuery>,
    codec: C,
    content_type: HeaderValue,
    pub(super) config: Config,
}

/// What is sent, and the call's hold on it if it is written while the answer is read.
type Outgoing = (Body, Option<Hold>);

/// Room for those of nearly every call, two of which say how messages are compressed.
const HEADERS: usize = 6;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("grpc-rust-kit/", env!("CARGO_PKG_VERSION")));
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const CODINGS: HeaderValue = HeaderValue::from_static("gzip,identity");

impl<C: Codec> Wire<C> {
    pub(super) fn new(method: &'static Method, codec: C) -> Self {
        let content_type = match media::name(&codec) {
            // As gRPC's own clients write it, which every server reads.
            "proto" => HeaderValue::from_static(media::CONTENT),
            name => media::content_type(name),
        };
        Self { method, path: path(method), codec, content_type, config: Config::default() }
    }

    pub(super) fn with_codec<D: Codec>(&self, codec: D) -> Wire<D> {
        Wire { config: self.config, ..Wire::new(self.method, codec) }
    }

    pub(super) fn path(&self) -> Result<&PathAndQuery, Error> {
        self.path.as_ref().ok_or_else(|| error::no_path(self.method.service(), self.method.name()))
    }

    /// One message, to be sent.
    pub(super) fn one<Req>(&self, request: &Req) -> Result<Outgoing, Error>
    where
        C: Encode<Req>,
    {
        let message = self.form().message(request).map_err(|error| error.with_retry(kit_core::Retry::Never))?;
        Ok((Body::only(message), None))
    }

    /// Any number of messages, to be sent as they come.
    pub(super) fn many<Req, S>(&self, requests: S) -> Outgoing
    where
        C: Encode<Req>,
        Req: 'static,
        S: Stream<Item = Result<Req, Error>> + Send + 'static,
    {
        let (body, hold) = upload(write(self.form(), requests));
        (body, Some(hold))
    }

    /// A call whose answer is one message.
    pub(super) async fn answer<Res>(
        &self,
        cx: &mut Context,
        channel: &Channel,
        outgoing: Result<Outgoing, Error>,
    ) -> Result<Res, Error>
    where
        C: Decode<Res>,
    {
        let outgoing = outgoing?;
        let mut call = self.begin(cx, channel)?;
        let result = match self.send(&mut call, channel, outgoing) {
            Ok((sent, hold)) => within(call.deadline, pin!(self.read(&mut call, channel, sent, hold))).await,
            Err(refused) => Some(Err(refused)),
        };
        call.end(result)
    }

    /// A call whose answer is many messages: returns when its head is here.
    pub(super) async fn stream<Res>(
        &self,
        cx: &mut Context,
        channel: &Channel,
        outgoing: Result<Outgoing, Error>,
    ) -> Result<Streaming<Res>, Error>
    where
        C: Decode<Res> + Unpin,
        Res: 'static,
    {
        let outgoing = outgoing?;
        let mut call = self.begin(cx, channel)?;
        let result = match self.send(&mut call, channel, outgoing) {
            Ok((sent, hold)) => within(call.deadline, pin!(self.head(&mut call, channel, sent, hold))).await,
            Err(refused) => Some(Err(refused)),
        };
        let result = result.map(|answer| Ok(answer?.stream(&mut call.cx, self.codec.clone())));
        call.end(result)
    }

    fn begin<'a>(&self, cx: &'a mut Context, channel: &'a Channel) -> Result<Call<'a>, Error> {
        match channel.config().http2_only {
            true => Call::begin(cx, channel),
            false => Err(error::not_http2(channel.target())),
        }
    }

    fn send(&self, call: &mut Call<'_>, channel: &Channel, outgoing: Outgoing) -> Result<(Sent, Option<Hold>), Error> {
        let (body, hold) = outgoing;
        let path = match &**channel.prefix() {
            "" => self.path()?.clone(),
            prefix => crate::http::client::path_and_query(Bytes::from([prefix, self.path()?.as_str()].concat()))?,
        };
        let mut message = Request::new(body);
        *message.method_mut() = Verb::POST;
        message.headers_mut().reserve(if self.config.gzip { HEADERS + 2 } else { HEADERS });
        message.headers_mut().insert(USER_AGENT, AGENT);
        call.sign(&mut message);
        let headers = message.headers_mut();
        if call.cx.outbound().is_some() {
            status::unreserve(headers);
            headers.remove(ACCEPT_ENCODING);
        }
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        headers.insert(TE, TRAILERS);
        if self.config.gzip {
            headers.insert(ENCODING, GZIP);
            headers.insert(ACCEPT_ENCODING, CODINGS);
        }
        channel.address_for_wire(&mut message, path);
        Ok((call.send(message, self.method.is_idempotent()), hold))
    }

    async fn read<Res>(
        &self,
        call: &mut Call<'_>,
        channel: &Channel,
        sent: Sent,
        hold: Option<Hold>,
    ) -> Result<Res, Error>
    where
        C: Decode<Res>,
    {
        let answer = self.head(call, channel, sent, hold).await?;
        answer.only(&mut call.cx, &self.codec).await
    }

    /// The answer whose head is here, and says that there is one.
    async fn head(
        &self,
        call: &mut Call<'_>,
        channel: &Channel,
        sent: Sent,
        mut hold: Option<Hold>,
    ) -> Result<Answer, Error> {
        let (deadline, target) = (call.deadline, channel.target());
        let answered = match &mut hold {
            None => call.answer(sent).await,
            Some(hold) => hold.or_failed(call.answer(sent)).await,
        };
        let (parts, body) = answered.map_err(|error| error::unanswered(error, deadline, target))?.into_parts();
        call.cx.set_inbound(Metadata::received(parts.headers));
        let headers = call.cx.inbound().headers();
        let said = headers.get(status::STATUS).map(HeaderValue::as_bytes);
        // A head that has what would follow the messages, since there are none.
        if said.is_some_and(|said| said != b"0")
            && let Err(error) = status::error_of(headers)
        {
            hold.into_iter().for_each(Hold::finish);
            return Err(error::of_status(error, deadline, target));
        }
        let well = said.is_some() && parts.status == StatusCode::OK;
        let coding = if well { Coding::Identity } else { self.check(parts.status, headers, target)? };
        let frames = Frames::of_answer(body, coding, self.config.max_read_bytes);
        Ok(Answer::new(frames, hold, well, deadline, target))
    }

    /// How the messages of an answer are compressed, if they are messages of gRPC.
    fn check(&self, status: StatusCode, headers: &HeaderMap, target: &Authority) -> Result<Coding, Error> {
        if status != StatusCode::OK {
            return Err(error::of_http(status, headers, target));
        }
        match headers.get(CONTENT_TYPE).and_then(media::format) {
            Some("") => {}
            Some(format) if format == media::name(&self.codec) => {}
            format => return Err(error::unexpected_content(headers, format.is_some(), target)),
        }
        Coding::named(headers, self.config.gzip).map_err(|_| error::unexpected_coding(headers.get(ENCODING), target))
    }

    fn form(&self) -> Form<C> {
        let coding = if self.config.gzip { Coding::Gzip } else { Coding::Identity };
        Form { codec: self.codec.clone(), coding, limit: self.config.max_write_bytes }
    }
}

/// # Source
/// gRPC over HTTP/2, "Requests": `Path`.
fn path(method: &Method) -> Option<PathAndQuery> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '?', '#', '%']);
    let both = is_name(method.service()) && is_name(method.name());
    both.then(|| crate::grpc::path(method).parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_of_service_and_method_and_of_nothing_else() {
        static SUM: Method = Method::new("pb.Add", "Sum").path("/sum");
        assert_eq!(path(&SUM).expect("a path"), "/pb.Add/Sum");
        for (service, name) in [("", "Sum"), ("pb.Add", ""), ("pb/Add", "Sum"), ("pb.Add", "Sum?x"), ("pb.Add", "S um")]
        {
            assert!(path(&Method::new(service, name)).is_none(), "{service:?} {name:?}");
        }
    }
}
