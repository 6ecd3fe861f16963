//! The messages, as `grpc/testing/messages.proto` numbers them. Fields about credentials and load balancers are read over.

use bytes::Bytes;
use prost::{Enumeration, Message};

/// Nothing.
#[derive(Clone, PartialEq, Message)]
pub struct Empty {}

/// A yes, a no, or, as a field, neither.
#[derive(Clone, PartialEq, Message)]
pub struct BoolValue {
    /// Which.
    #[prost(bool, tag = "1")]
    pub value: bool,
}

/// What a payload is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum PayloadType {
    /// What can be compressed: zeros.
    Compressable = 0,
}

/// Bytes for their size.
#[derive(Clone, PartialEq, Message)]
pub struct Payload {
    /// Of what.
    #[prost(enumeration = "PayloadType", tag = "1")]
    pub kind: i32,
    /// The bytes.
    #[prost(bytes = "bytes", tag = "2")]
    pub body: Bytes,
}

impl Payload {
    /// So many zeros.
    pub fn zeros(size: usize) -> Self {
        Self { kind: PayloadType::Compressable.into(), body: vec![0; size].into() }
    }
}

/// The status that the server is to end with.
#[derive(Clone, PartialEq, Message)]
pub struct EchoStatus {
    /// A number of gRPC.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// Its line.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// What `UnaryCall` takes.
#[derive(Clone, PartialEq, Message)]
pub struct SimpleRequest {
    /// What the answer's payload is to be made of.
    #[prost(enumeration = "PayloadType", tag = "1")]
    pub response_type: i32,
    /// How large it is to be, in bytes.
    #[prost(int32, tag = "2")]
    pub response_size: i32,
    /// The request's own.
    #[prost(message, optional, tag = "3")]
    pub payload: Option<Payload>,
    /// How to end.
    #[prost(message, optional, tag = "7")]
    pub response_status: Option<EchoStatus>,
}

/// What it answers.
#[derive(Clone, PartialEq, Message)]
pub struct SimpleResponse {
    /// As large as was asked for.
    #[prost(message, optional, tag = "1")]
    pub payload: Option<Payload>,
}

/// What `StreamingInputCall` takes, many times.
#[derive(Clone, PartialEq, Message)]
pub struct StreamingInputCallRequest {
    /// To be counted.
    #[prost(message, optional, tag = "1")]
    pub payload: Option<Payload>,
}

/// What it answers.
#[derive(Clone, PartialEq, Message)]
pub struct StreamingInputCallResponse {
    /// How large all payloads were together, in bytes.
    #[prost(int32, tag = "1")]
    pub aggregated_payload_size: i32,
}

/// One message of an answer.
#[derive(Clone, PartialEq, Message)]
pub struct ResponseParameters {
    /// How large its payload is to be, in bytes.
    #[prost(int32, tag = "1")]
    pub size: i32,
    /// How long to wait before it, in microseconds.
    #[prost(int32, tag = "2")]
    pub interval_us: i32,
}

/// What the calls take that answer with a stream.
#[derive(Clone, PartialEq, Message)]
pub struct StreamingOutputCallRequest {
    /// What the answers' payloads are to be made of.
    #[prost(enumeration = "PayloadType", tag = "1")]
    pub response_type: i32,
    /// The answers.
    #[prost(message, repeated, tag = "2")]
    pub response_parameters: Vec<ResponseParameters>,
    /// The request's own.
    #[prost(message, optional, tag = "3")]
    pub payload: Option<Payload>,
    /// How to end.
    #[prost(message, optional, tag = "7")]
    pub response_status: Option<EchoStatus>,
}

/// What they answer.
#[derive(Clone, PartialEq, Message)]
pub struct StreamingOutputCallResponse {
    /// As large as was asked for.
    #[prost(message, optional, tag = "1")]
    pub payload: Option<Payload>,
}
