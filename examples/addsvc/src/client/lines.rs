//! The series by HTTP: a line of JSON for each sum.

use futures_util::TryStreamExt as _;
use http::header::CONTENT_TYPE;
use kit::codec::Codec as _;
use kit::http::Response;
use kit::http::ndjson::NdJson;
use kit::{Code, Error};

use crate::endpoints::SumReply;
use crate::service::Sums;

/// The sums of an answer, as its lines come.
///
/// # Errors
/// `Internal` if whoever answered is no service of sums: at once by what it says it sent, or in the place of a line that is none.
pub(super) fn read(response: Response) -> Result<Sums, Error> {
    let lines = NdJson::new();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !lines.reads(&essence) {
        let shown: String = kind.chars().take(100).collect();
        let error = Error::new(Code::Internal, format!("the answer is no series, but of type {shown:?}"));
        return Err(error.with_reason("unexpected_content_type"));
    }
    let sums = lines.read::<SumReply>(response.into_body()).map_ok(|sum| sum.v);
    Ok(Box::pin(sums.map_err(unread)))
}

/// A line that cannot be read is its reader's mistake in a request, and its writer's in an answer.
fn unread(error: Error) -> Error {
    match error.code() {
        Code::InvalidArgument => Error::boundary(Code::Internal, error).with_message("the answer is no series"),
        _ => error,
    }
}
