//! The service: it answers as it is told to.

mod echo;
mod streams;
mod unary;

use kit::grpc::server::{bidi_stream, client_stream, server_stream, unary};
use kit::http::server::Router;
use kit::server::Stack;
use kit::{Code, Error, endpoint_fn};

use crate::messages::{EchoStatus, Payload, PayloadType};
use crate::methods::{
    EMPTY_CALL, FULL_DUPLEX_CALL, HALF_DUPLEX_CALL, STREAMING_INPUT_CALL, STREAMING_OUTPUT_CALL, UNARY_CALL,
};

/// The largest payload that is made, in bytes: what is asked for is a stranger's word.
pub const MAX_PAYLOAD: usize = 16 * 1024 * 1024;

/// The service, every method inside `stack`.
pub fn routes(stack: Stack) -> Router<Stack> {
    Router::with(stack)
        .grpc(&EMPTY_CALL, unary(endpoint_fn(unary::empty_call)))
        .grpc(&UNARY_CALL, unary(endpoint_fn(unary::unary_call)))
        .grpc(&STREAMING_INPUT_CALL, client_stream(endpoint_fn(streams::streaming_input_call)))
        .grpc(&STREAMING_OUTPUT_CALL, server_stream(endpoint_fn(streams::streaming_output_call)))
        .grpc(&FULL_DUPLEX_CALL, bidi_stream(endpoint_fn(streams::full_duplex_call)))
        .grpc(&HALF_DUPLEX_CALL, bidi_stream(endpoint_fn(streams::half_duplex_call)))
}

/// A payload of this type and size.
fn payload(kind: i32, size: i32) -> Result<Payload, Error> {
    if PayloadType::try_from(kind).is_err() {
        return Err(Error::invalid_argument("no payloads of this type are made"));
    }
    let size = usize::try_from(size).map_err(|_| Error::invalid_argument("a payload has no negative size"))?;
    match size <= MAX_PAYLOAD {
        true => Ok(Payload::zeros(size)),
        false => Err(Error::invalid_argument("a payload has at most 16 MiB")),
    }
}

/// The error that the caller wants, if it wants one.
fn wanted(status: Option<EchoStatus>) -> Result<(), Error> {
    let Some(EchoStatus { code, message }) = status.filter(|status| status.code != 0) else { return Ok(()) };
    let code = u8::try_from(code).ok().and_then(Code::from_number);
    Err(Error::new(code.unwrap_or(Code::Unknown), message))
}

/// How many bytes it has.
fn size(payload: Option<Payload>) -> usize {
    payload.map_or(0, |payload| payload.body.len())
}
