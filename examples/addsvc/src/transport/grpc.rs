//! gRPC: `pb.Add` as in `proto/add.proto`, on the messages that the other wires have, with health and reflection.

use kit::grpc::server::{server_stream, unary};
use kit::grpc::{health, reflection};
use kit::http::server::Router;
use kit::server::Stack;
use kit::{Error, Health};

use crate::endpoints::{self, CONCAT, SERIES, SUM};
use crate::service::AddService;

/// `proto/add.proto` as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!("../../proto/add.binpb");

/// The service on gRPC, every method inside `stack`; health and reflection outside.
///
/// What the service refuses is a status. Go kit's addsvc answers OK and puts the text into the reply, where nothing on the way can see
/// that the call failed; its clients read a status too.
///
/// # Errors
/// None: the descriptors are those of the build.
pub(super) fn routes<S: AddService + Clone>(service: S, stack: Stack, health: &Health) -> Result<Router<Stack>, Error> {
    let reflection = reflection::Service::new()
        .file_descriptor_set(DESCRIPTORS)?
        .file_descriptor_set(&health::file_descriptor_set())?;
    Ok(Router::with(stack)
        .grpc(&SUM, unary(endpoints::sum(service.clone())))
        .grpc(&CONCAT, unary(endpoints::concat(service.clone())))
        .grpc(&SERIES, server_stream(endpoints::series(service)))
        .merge(health::Service::new(health).service(SUM.service()).routes())
        .merge(reflection.routes()))
}
