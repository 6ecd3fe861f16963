//! The methods, as `grpc/testing/test.proto` names them.

use kit::{Kind, Method};

const SERVICE: &str = "grpc.testing.TestService";

/// Nothing for nothing.
pub static EMPTY_CALL: Method = Method::new(SERVICE, "EmptyCall").idempotent();
/// A payload for a payload.
pub static UNARY_CALL: Method = Method::new(SERVICE, "UnaryCall").idempotent();
/// Many payloads for one.
pub static STREAMING_OUTPUT_CALL: Method = Method::new(SERVICE, "StreamingOutputCall").kind(Kind::ServerStream);
/// The size of many payloads.
pub static STREAMING_INPUT_CALL: Method = Method::new(SERVICE, "StreamingInputCall").kind(Kind::ClientStream);
/// Payloads for payloads, while both come.
pub static FULL_DUPLEX_CALL: Method = Method::new(SERVICE, "FullDuplexCall").kind(Kind::Bidi);
/// Payloads for payloads, when all have come.
pub static HALF_DUPLEX_CALL: Method = Method::new(SERVICE, "HalfDuplexCall").kind(Kind::Bidi);
/// What no server has.
pub static UNIMPLEMENTED_CALL: Method = Method::new(SERVICE, "UnimplementedCall").idempotent();
/// What no server has, of a service that no server has.
pub static UNIMPLEMENTED_SERVICE: Method =
    Method::new("grpc.testing.UnimplementedService", "UnimplementedCall").idempotent();
