//! What HTTP/2 lets a server do to a call: each of these needs a server that does it.

use std::time::Duration;

use futures_util::future::try_join_all;
use kit::Endpoint as _;
use tokio::time::sleep;

use super::unary::{large, large_request};
use super::{Failed, call, failed};
use crate::client::TestClient;

/// How long a server's `GOAWAY` may be on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// How many calls are made at once where one may be.
const AT_ONCE: usize = 10;

/// The server says after the first that it takes no more: the second goes elsewhere, and nobody notices.
pub(super) async fn goaway(client: &TestClient) -> Result<(), Failed> {
    large(client).await?;
    sleep(ON_ITS_WAY).await;
    large(client).await
}

/// The server resets the stream before it has answered in full. Its reset says that there is no error, and the call has one.
pub(super) async fn reset(client: &TestClient) -> Result<(), Failed> {
    failed(client.unary_call.call(&mut call(), large_request()).await).map(drop)
}

/// The server pings wherever it can; it counts the answers.
pub(super) async fn ping(client: &TestClient) -> Result<(), Failed> {
    large(client).await
}

/// The server takes one stream at a time.
pub(super) async fn max_streams(client: &TestClient) -> Result<(), Failed> {
    // After it the limit is known.
    large(client).await?;
    try_join_all((0..AT_ONCE).map(|_| large(client))).await.map(drop)
}
