use kit::Endpoint as _;

use super::{Failed, call, zeros};
use crate::client::TestClient;
use crate::messages::{Empty, Payload, SimpleRequest};

pub(super) fn large_request() -> SimpleRequest {
    SimpleRequest { response_size: 314_159, payload: Some(Payload::zeros(271_828)), ..SimpleRequest::default() }
}

pub(super) async fn empty(client: &TestClient) -> Result<(), Failed> {
    client.empty_call.call(&mut call(), Empty {}).await?;
    Ok(())
}

pub(super) async fn large(client: &TestClient) -> Result<(), Failed> {
    let response = client.unary_call.call(&mut call(), large_request()).await?;
    zeros(response.payload, 314_159)
}
