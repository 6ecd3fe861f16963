use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kit::grpc::Messages;
use kit::{Code, Endpoint as _, Outcome};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout as within;

use super::streams::{next, request, requests};
use super::{Failed, PATIENCE, call, failed, same};
use crate::client::TestClient;
use crate::messages::{Empty, Payload, StreamingOutputCallRequest};

/// A caller of kit's cancels by dropping what it waits for. So there is no result with the code; what says how the call ended is its token.
pub(super) async fn after_begin(client: &TestClient) -> Result<(), Failed> {
    let (sender, mut requests) = requests();
    let (asked, begun) = oneshot::channel();
    let mut asked = Some(asked);
    let requests = stream::poll_fn(move |task| {
        // Whoever asks for a request has sent the head of the call, or is about to.
        asked.take().map(|asked| asked.send(()));
        requests.poll_next_unpin(task)
    });
    let mut cx = call();
    let token = cx.cancel_token();
    tokio::select! {
        result = client.streaming_input_call.call(&mut cx, Messages::new(requests)) => {
            return Err(Failed::Otherwise(format!("it ended before it was cancelled: {result:?}")));
        }
        _ = begun => {}
    }
    drop(cx);
    same("what the call is told", token.checkpoint().map_err(|error| error.code()), Err(Code::Cancelled))?;
    gone(&sender).await?;
    unharmed(client).await
}

pub(super) async fn after_first_response(client: &TestClient) -> Result<(), Failed> {
    let (sender, requests) = requests();
    let ask = sender.send(Ok(request(27_182, 31_415)));
    ask.await.map_err(|_| Failed::Otherwise("the call did not wait for its request".to_owned()))?;
    let mut cx = call();
    let mut responses = client.full_duplex_call.call(&mut cx, requests).await?;
    next(&mut responses).await?;
    let end = responses.end().clone();
    drop(responses);
    same("the outcome", end.ended().map(|ended| ended.outcome()), Some(Outcome::Cancelled))?;
    gone(&sender).await?;
    unharmed(client).await
}

pub(super) async fn timeout(client: &TestClient) -> Result<(), Failed> {
    let (sender, requests) = requests();
    let request =
        StreamingOutputCallRequest { payload: Some(Payload::zeros(27_182)), ..StreamingOutputCallRequest::default() };
    let ask = sender.send(Ok(request));
    ask.await.map_err(|_| Failed::Otherwise("the call did not wait for its request".to_owned()))?;
    let mut cx = call();
    let result = client.full_duplex_call.call(&mut cx.scope_after(Duration::from_millis(1)), requests).await;
    let (code, _) = match result {
        Ok(mut responses) => match responses.next().await {
            Some(response) => failed(response)?,
            None => return Err(Failed::Otherwise("the stream ended well".to_owned())),
        },
        Err(error) => failed::<()>(Err(error))?,
    };
    same("the code", code, Code::DeadlineExceeded)?;
    gone(&sender).await
}

/// Nobody wants the requests of a call that is over.
async fn gone<T>(sender: &mpsc::Sender<T>) -> Result<(), Failed> {
    let closed = within(PATIENCE, sender.closed()).await;
    closed.map_err(|_| Failed::Otherwise("the requests of a call that is over are still waited for".to_owned()))
}

/// The other calls of the connection go on.
async fn unharmed(client: &TestClient) -> Result<(), Failed> {
    client.empty_call.call(&mut call(), Empty {}).await?;
    Ok(())
}
