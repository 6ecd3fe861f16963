use futures_util::StreamExt as _;
use kit::{BoxEndpoint, Code, Endpoint as _};

use super::streams::only;
use super::{Failed, call, failed, same};
use crate::client::TestClient;
use crate::messages::{EchoStatus, Empty, SimpleRequest, StreamingOutputCallRequest};

/// Blanks that are no spaces, a character of three bytes, one of four.
const SPECIAL: &str = "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";

pub(super) async fn code_and_message(client: &TestClient) -> Result<(), Failed> {
    let status = |message: &str| Some(EchoStatus { code: 2, message: message.to_owned() });
    let ought = || (Code::Unknown, "test status message".to_owned());

    let request = SimpleRequest { response_status: status("test status message"), ..SimpleRequest::default() };
    let one = client.unary_call.call(&mut call(), request).await;
    same("the status of one answer", failed(one)?, ought())?;

    let response_status = status("test status message");
    let request = StreamingOutputCallRequest { response_status, ..StreamingOutputCallRequest::default() };
    // A server may say it instead of a head, or behind one.
    let many = match client.full_duplex_call.call(&mut call(), only(request)).await {
        Ok(mut responses) => match responses.next().await {
            Some(response) => failed(response)?,
            None => return Err(Failed::Otherwise("the stream ended well".to_owned())),
        },
        Err(error) => failed::<()>(Err(error))?,
    };
    same("the status of a stream", many, ought())
}

pub(super) async fn special_message(client: &TestClient) -> Result<(), Failed> {
    let response_status = Some(EchoStatus { code: 2, message: SPECIAL.to_owned() });
    let request = SimpleRequest { response_status, ..SimpleRequest::default() };
    let result = client.unary_call.call(&mut call(), request).await;
    same("the status", failed(result)?, (Code::Unknown, SPECIAL.to_owned()))
}

pub(super) async fn unimplemented(method: &BoxEndpoint<Empty, Empty>) -> Result<(), Failed> {
    let (code, _) = failed(method.call(&mut call(), Empty {}).await)?;
    same("the code", code, Code::Unimplemented)
}
