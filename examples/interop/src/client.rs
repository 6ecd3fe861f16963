//! The service as a client sees it, at one server.

use kit::grpc::Messages;
use kit::grpc::client::{bidi_stream, client_stream, server_stream, unary};
use kit::http::client::{Client, Config, Target};
use kit::{BoxEndpoint, Endpoint as _, Error, Streaming};

use crate::messages::{
    Empty, SimpleRequest, SimpleResponse, StreamingInputCallRequest, StreamingInputCallResponse,
    StreamingOutputCallRequest, StreamingOutputCallResponse,
};
use crate::methods::{
    EMPTY_CALL, FULL_DUPLEX_CALL, STREAMING_INPUT_CALL, STREAMING_OUTPUT_CALL, UNARY_CALL, UNIMPLEMENTED_CALL,
    UNIMPLEMENTED_SERVICE,
};

/// The methods, over a channel of its own. They call with the context that they are given, so that what comes back beside the messages
/// is in it.
#[derive(Clone, Debug)]
pub struct TestClient {
    /// `TestService/EmptyCall`.
    pub empty_call: BoxEndpoint<Empty, Empty>,
    /// `TestService/UnaryCall`.
    pub unary_call: BoxEndpoint<SimpleRequest, SimpleResponse>,
    /// `TestService/StreamingInputCall`.
    pub streaming_input_call: BoxEndpoint<Messages<StreamingInputCallRequest>, StreamingInputCallResponse>,
    /// `TestService/StreamingOutputCall`.
    pub streaming_output_call: BoxEndpoint<StreamingOutputCallRequest, Streaming<StreamingOutputCallResponse>>,
    /// `TestService/FullDuplexCall`.
    pub full_duplex_call: BoxEndpoint<Messages<StreamingOutputCallRequest>, Streaming<StreamingOutputCallResponse>>,
    /// `TestService/UnimplementedCall`.
    pub unimplemented_call: BoxEndpoint<Empty, Empty>,
    /// `UnimplementedService/UnimplementedCall`.
    pub unimplemented_service: BoxEndpoint<Empty, Empty>,
}

impl TestClient {
    /// A new channel to `target`: one connection, made by the first call, closed when the last clone of this is dropped.
    ///
    /// # Errors
    /// None that the caller can do anything about.
    pub fn new(target: &Target) -> Result<Self, Error> {
        let client = Client::new(Config { http2_only: true, ..Config::default() })?;
        Ok(Self {
            empty_call: unary(&EMPTY_CALL).at(&client, target)?.boxed(),
            unary_call: unary(&UNARY_CALL).at(&client, target)?.boxed(),
            streaming_input_call: client_stream(&STREAMING_INPUT_CALL).at(&client, target)?.boxed(),
            streaming_output_call: server_stream(&STREAMING_OUTPUT_CALL).at(&client, target)?.boxed(),
            full_duplex_call: bidi_stream(&FULL_DUPLEX_CALL).at(&client, target)?.boxed(),
            unimplemented_call: unary(&UNIMPLEMENTED_CALL).at(&client, target)?.boxed(),
            unimplemented_service: unary(&UNIMPLEMENTED_SERVICE).at(&client, target)?.boxed(),
        })
    }
}
