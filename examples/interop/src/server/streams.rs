use std::time::Duration;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use kit::grpc::Messages;
use kit::{Context, Error, Streaming};
use tokio::time::sleep;

use super::{echo, payload, size, wanted};
use crate::messages::{
    StreamingInputCallRequest, StreamingInputCallResponse, StreamingOutputCallRequest, StreamingOutputCallResponse,
};

/// As many requests are kept by a call that answers when all have come.
const MAX_KEPT: usize = 1_000;

pub(super) async fn streaming_input_call(
    _cx: &mut Context,
    mut requests: Messages<StreamingInputCallRequest>,
) -> Result<StreamingInputCallResponse, Error> {
    let mut total: usize = 0;
    while let Some(request) = requests.next().await {
        total += size(request?.payload);
    }
    let aggregated_payload_size =
        i32::try_from(total).map_err(|_| Error::out_of_range("the payloads are too large to be counted"))?;
    Ok(StreamingInputCallResponse { aggregated_payload_size })
}

pub(super) async fn streaming_output_call(
    cx: &mut Context,
    request: StreamingOutputCallRequest,
) -> Result<Streaming<StreamingOutputCallResponse>, Error> {
    answer(cx, stream::once(async { Ok(request) }))
}

pub(super) async fn full_duplex_call(
    cx: &mut Context,
    requests: Messages<StreamingOutputCallRequest>,
) -> Result<Streaming<StreamingOutputCallResponse>, Error> {
    answer(cx, requests)
}

pub(super) async fn half_duplex_call(
    cx: &mut Context,
    mut requests: Messages<StreamingOutputCallRequest>,
) -> Result<Streaming<StreamingOutputCallResponse>, Error> {
    let mut kept = Vec::new();
    while let Some(request) = requests.next().await {
        if kept.len() == MAX_KEPT {
            return Err(Error::resource_exhausted("there are more requests than are kept"));
        }
        kept.push(Ok(request?));
    }
    answer(cx, stream::iter(kept))
}

/// Answers each request in its turn.
fn answer(
    cx: &mut Context,
    requests: impl Stream<Item = Result<StreamingOutputCallRequest, Error>> + Send + 'static,
) -> Result<Streaming<StreamingOutputCallResponse>, Error> {
    echo::initial(cx)?;
    let trailing = cx.inbound().get_bin(echo::TRAILING);
    let answers = Streaming::new(cx, requests.map(|request| responses(request?)).try_flatten());
    echo::trailing(trailing, answers.end())?;
    Ok(answers)
}

/// The answers to one request, each after its pause.
fn responses(
    request: StreamingOutputCallRequest,
) -> Result<impl Stream<Item = Result<StreamingOutputCallResponse, Error>> + Send, Error> {
    wanted(request.response_status)?;
    let kind = request.response_type;
    Ok(stream::iter(request.response_parameters).then(move |parameters| async move {
        let pause = u64::try_from(parameters.interval_us).unwrap_or_default();
        if pause > 0 {
            sleep(Duration::from_micros(pause)).await;
        }
        Ok(StreamingOutputCallResponse { payload: Some(payload(kind, parameters.size)?) })
    }))
}
