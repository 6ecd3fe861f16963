//! What is answered.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use kit_core::{Error, Outcome};

use super::Reply;
use crate::codec::{Codec as _, Json};
use crate::http::{Body, Response};
use crate::jsonrpc::error;

/// How one call ended.
pub(super) struct Answer {
    /// None for a notification.
    pub(super) json: Option<Vec<u8>>,
    pub(super) outcome: Outcome,
}

/// The response object of a call with this id.
pub(super) fn object(id: &[u8], result: &Result<Reply, Error>) -> Vec<u8> {
    const FRAME: usize = r#"{"jsonrpc":"2.0","result":,"id":}"#.len();
    let mut json = Vec::with_capacity(FRAME + id.len() + result.as_ref().map_or(160, |reply| reply.json().len()));
    json.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    match result {
        Ok(reply) => {
            json.extend_from_slice(br#""result":"#);
            json.extend_from_slice(reply.json());
        }
        Err(failed) => {
            json.extend_from_slice(br#""error":"#);
            error::write(failed, &mut json);
        }
    }
    json.extend_from_slice(br#","id":"#);
    json.extend_from_slice(id);
    json.push(b'}');
    json
}

/// The response object of every call of a batch that has one, in their order.
pub(super) fn array(answers: Vec<Option<Vec<u8>>>) -> Option<Vec<u8>> {
    let mut json = Vec::with_capacity(2 + answers.iter().flatten().map(|answer| answer.len() + 1).sum::<usize>());
    for answer in answers.into_iter().flatten() {
        json.push(if json.is_empty() { b'[' } else { b',' });
        json.extend_from_slice(&answer);
    }
    json.push(b']');
    (json.len() > 1).then_some(json)
}

/// 200 with what is answered, 204 where that is nothing at all.
pub(super) fn response(json: Option<Vec<u8>>) -> Response {
    let Some(json) = json else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    };
    let mut response = Response::new(Body::full(Bytes::from(json)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(Json.content_type()));
    response
}
