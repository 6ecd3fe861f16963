use kit::{Context, Endpoint as _, Error, Metadata};

use super::streams::{end, next, only, request};
use super::unary::large_request;
use super::{Failed, call, same, zeros};
use crate::client::TestClient;

const INITIAL: (&str, &str) = ("x-grpc-test-echo-initial", "test_initial_metadata_value");
const TRAILING: (&str, &[u8]) = ("x-grpc-test-echo-trailing-bin", &[0xab, 0xab, 0xab]);

pub(super) async fn custom(client: &TestClient) -> Result<(), Failed> {
    let mut cx = with_metadata()?;
    let response = client.unary_call.call(&mut cx, large_request()).await?;
    zeros(response.payload, 314_159)?;
    // Of a call with one answer all that came beside it is in one place.
    ahead(cx.inbound())?;
    behind(cx.inbound())?;

    let mut cx = with_metadata()?;
    let mut responses = client.full_duplex_call.call(&mut cx, only(request(271_828, 314_159))).await?;
    ahead(cx.inbound())?;
    zeros(next(&mut responses).await?.payload, 314_159)?;
    end(&mut responses).await?;
    behind(&responses.end().take_trailers())
}

fn with_metadata() -> Result<Context, Error> {
    let mut cx = call();
    cx.outbound_mut().insert(INITIAL.0, INITIAL.1)?;
    cx.outbound_mut().insert_bin(TRAILING.0, TRAILING.1)?;
    Ok(cx)
}

fn ahead(metadata: &Metadata) -> Result<(), Failed> {
    same("the metadata ahead of the messages", metadata.get(INITIAL.0), Some(INITIAL.1))
}

fn behind(metadata: &Metadata) -> Result<(), Failed> {
    same("the metadata behind the messages", metadata.get_bin(TRAILING.0), Some(TRAILING.1.to_vec()))
}
