use futures_util::{StreamExt as _, future, stream};
use kit::grpc::Messages;
use kit::{Endpoint as _, Error, Streaming};
use tokio::sync::mpsc;

use super::{Failed, call, same, zeros};
use crate::client::TestClient;
use crate::messages::{
    Payload, ResponseParameters, StreamingInputCallRequest, StreamingOutputCallRequest, StreamingOutputCallResponse,
};

/// What is sent, and what is asked for, message by message, in bytes.
const SENT: [usize; 4] = [27_182, 8, 1_828, 45_904];
const ASKED: [usize; 4] = [31_415, 9, 2_653, 58_979];

pub(super) async fn client_streaming(client: &TestClient) -> Result<(), Failed> {
    let requests = SENT.map(|size| Ok(StreamingInputCallRequest { payload: Some(Payload::zeros(size)) }));
    let requests = Messages::new(stream::iter(requests));
    let response = client.streaming_input_call.call(&mut call(), requests).await?;
    same("the size of all payloads", response.aggregated_payload_size, 74_922)
}

pub(super) async fn server_streaming(client: &TestClient) -> Result<(), Failed> {
    let request = StreamingOutputCallRequest {
        response_parameters: ASKED.map(parameters).to_vec(),
        ..StreamingOutputCallRequest::default()
    };
    let mut responses = client.streaming_output_call.call(&mut call(), request).await?;
    for size in ASKED {
        zeros(next(&mut responses).await?.payload, size)?;
    }
    end(&mut responses).await
}

pub(super) async fn ping_pong(client: &TestClient) -> Result<(), Failed> {
    let (pings, requests) = requests();
    let ping = async |sent: usize, asked: usize| {
        let gone = |_| Failed::Otherwise("the call did not wait for its next request".to_owned());
        pings.send(Ok(request(sent, asked))).await.map_err(gone)
    };
    // The first before the call: many servers say nothing before they have it.
    ping(SENT[0], ASKED[0]).await?;
    let mut cx = call();
    let mut pongs = client.full_duplex_call.call(&mut cx, requests).await?;
    zeros(next(&mut pongs).await?.payload, ASKED[0])?;
    for (sent, asked) in SENT.into_iter().zip(ASKED).skip(1) {
        ping(sent, asked).await?;
        zeros(next(&mut pongs).await?.payload, asked)?;
    }
    drop(pings);
    end(&mut pongs).await
}

pub(super) async fn empty(client: &TestClient) -> Result<(), Failed> {
    let mut responses = client.full_duplex_call.call(&mut call(), Messages::new(stream::empty())).await?;
    end(&mut responses).await
}

/// A payload for a payload.
pub(super) fn request(sent: usize, asked: usize) -> StreamingOutputCallRequest {
    StreamingOutputCallRequest {
        response_parameters: vec![parameters(asked)],
        payload: Some(Payload::zeros(sent)),
        ..StreamingOutputCallRequest::default()
    }
}

fn parameters(size: usize) -> ResponseParameters {
    ResponseParameters { size: i32::try_from(size).unwrap_or(i32::MAX), interval_us: 0 }
}

/// Requests as they are sent; the stream of them ends when the sender is dropped.
pub(super) fn requests<T: Send + 'static>() -> (mpsc::Sender<Result<T, Error>>, Messages<T>) {
    let (sender, mut receiver) = mpsc::channel(1);
    (sender, Messages::new(stream::poll_fn(move |task| receiver.poll_recv(task))))
}

/// The one request, and no other.
pub(super) fn only<T: Send + 'static>(request: T) -> Messages<T> {
    Messages::new(stream::once(future::ready(Ok(request))))
}

pub(super) async fn next(
    responses: &mut Streaming<StreamingOutputCallResponse>,
) -> Result<StreamingOutputCallResponse, Failed> {
    match responses.next().await {
        Some(response) => Ok(response?),
        None => Err(Failed::Otherwise("the answer ended before its last message".to_owned())),
    }
}

pub(super) async fn end(responses: &mut Streaming<StreamingOutputCallResponse>) -> Result<(), Failed> {
    match responses.next().await {
        None => Ok(()),
        Some(response) => {
            response?;
            Err(Failed::Otherwise("the answer has one more message".to_owned()))
        }
    }
}
