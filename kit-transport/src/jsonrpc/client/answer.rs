//! What was answered.

use kit_core::{BoxError, Code, Error, Retry};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::id::Id;
use crate::codec::{Decode as _, Json};
use crate::jsonrpc::error;
use crate::jsonrpc::message::{is_id, is_version, members, trimmed};

/// What is wrong with an answer: the cause of the error of a call that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedAnswer(&'static str);

/// One response object.
pub(super) struct Answer<'a> {
    /// As it was written.
    pub(super) id: &'a str,
    pub(super) result: Result<&'a str, Error>,
}

/// The text of a body, which is valid JSON.
pub(super) fn text(body: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let checked: Result<IgnoredAny, Error> = Json.decode(body);
    checked.map_err(unreadable)?;
    Ok(trimmed(text))
}

/// The answer that the text, which is valid JSON, is.
pub(super) fn read(text: &str) -> Result<Answer<'_>, Error> {
    let Some(found) = members(text, &["jsonrpc", "result", "error", "id"]) else {
        return Err(malformed("an answer is an object"));
    };
    let [version, result, error, id] = found.values;
    if found.repeated.contains(&true) {
        return Err(malformed("a member stands twice"));
    }
    if !is_version(version) {
        return Err(malformed("its version is not 2.0"));
    }
    let Some(id) = id.filter(|id| is_id(id)) else {
        return Err(malformed("it has no id"));
    };
    let result = match (result, error) {
        (Some(result), None) => Ok(result),
        (None, Some(object)) => {
            let object: &RawValue = serde_json::from_str(object).map_err(unreadable)?;
            Err(error::read(object).map_err(unreadable)?)
        }
        _ => return Err(malformed("it has not one of result and error")),
    };
    Ok(Answer { id, result })
}

impl<'a> Answer<'a> {
    /// The result of the call of this id. A server that could not read the id of what it refuses answers with null.
    pub(super) fn to(self, id: Id) -> Result<&'a str, Error> {
        let refused = self.id == "null" && self.result.is_err();
        if refused || Id::read(self.id) == Some(id) { self.result } else { Err(malformed("its id is not the call's")) }
    }

    /// The error that it answers the call of this id with; `None` for anything else.
    pub(super) fn error_of(self, id: Id) -> Option<Error> {
        let error = self.result.err()?;
        (self.id == "null" || Id::read(self.id) == Some(id)).then_some(error)
    }
}

/// The value of a result.
pub(super) fn value<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    Json.decode(json).map_err(unreadable)
}

pub(super) fn malformed(what: &'static str) -> Error {
    unreadable(MalformedAnswer(what))
}

/// Another instance, of another version, may do better.
fn unreadable(cause: impl Into<BoxError>) -> Error {
    Error::boundary(Code::Internal, cause)
        .with_message("the answer of another service could not be read")
        .with_reason("malformed_answer")
        .with_retry(Retry::MayHaveRun)
}
