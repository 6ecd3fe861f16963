//! Go kit's service by gRPC: what it refuses it says in the reply, and the status says OK.

use std::sync::Arc;

use kit::grpc::client::unary;
use kit::http::client::Channel;
use kit::{Endpoint, Routed, endpoint_with};

use crate::endpoints::{CONCAT, ConcatReply, ConcatRequest, SUM, SumReply, SumRequest};
use crate::error::AddError;

#[derive(Clone, PartialEq, prost::Message)]
struct SumReplied {
    #[prost(int64, tag = "1")]
    v: i64,
    #[prost(string, tag = "2")]
    err: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ConcatReplied {
    #[prost(string, tag = "1")]
    v: String,
    #[prost(string, tag = "2")]
    err: String,
}

/// A request on its way to the instance that was picked for it. What the reply says is read there, inside the stack, so that metrics and
/// log have an error for one.
type To<Req> = Routed<Arc<Channel>, Req>;

/// `sum` at either service.
pub(super) fn sum() -> impl Endpoint<To<SumRequest>, Response = SumReply> + 'static {
    endpoint_with(unary::<SumReplied>(&SUM), async |sum, cx, request: To<SumRequest>| {
        let SumReplied { v, err } = sum.call(cx, request).await?;
        AddError::said(&err).map(|()| SumReply { v })
    })
}

/// `concat` at either service.
pub(super) fn concat() -> impl Endpoint<To<ConcatRequest>, Response = ConcatReply> + 'static {
    endpoint_with(unary::<ConcatReplied>(&CONCAT), async |concat, cx, request: To<ConcatRequest>| {
        let ConcatReplied { v, err } = concat.call(cx, request).await?;
        AddError::said(&err).map(|()| ConcatReply { v })
    })
}
