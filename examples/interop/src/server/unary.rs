use kit::{Context, Error, StreamEnd};

use super::{echo, payload, wanted};
use crate::messages::{Empty, SimpleRequest, SimpleResponse};

pub(super) async fn empty_call(_cx: &mut Context, _: Empty) -> Result<Empty, Error> {
    Ok(Empty {})
}

pub(super) async fn unary_call(cx: &mut Context, request: SimpleRequest) -> Result<SimpleResponse, Error> {
    echo::initial(cx)?;
    if let Some(value) = cx.inbound().get_bin(echo::TRAILING) {
        let end = StreamEnd::new();
        echo::trailing(Some(value), &end)?;
        cx.announce(end);
    }
    wanted(request.response_status)?;
    Ok(SimpleResponse { payload: Some(payload(request.response_type, request.response_size)?) })
}
