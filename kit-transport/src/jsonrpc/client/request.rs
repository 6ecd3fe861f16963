//! What is asked.

use bytes::Bytes;
use kit_core::{Error, Retry};
use serde::Serialize;

use super::id::Id;
use crate::codec::{Encode as _, Json};

/// Parameters as they are sent; `None` for none at all.
pub(super) fn params<T: Serialize + ?Sized>(value: &T) -> Result<Option<Bytes>, Error> {
    // Nothing that fails here was sent, and the same request would fail again.
    let json = Json.encode(value).map_err(|error| error.with_retry(Retry::Never))?;
    match json.first() {
        Some(b'[' | b'{') => Ok(Some(json)),
        _ if &json[..] == b"null" => Ok(None),
        _ => Err(Error::invalid_argument("params must be an array or an object")
            .with_reason("bad_params")
            .with_retry(Retry::Never)),
    }
}

/// Writes a request object; without an id it is a notification.
pub(super) fn write(name: &str, params: Option<&Bytes>, id: Option<Id>, into: &mut Vec<u8>) {
    into.extend_from_slice(br#"{"jsonrpc":"2.0","method":"#);
    serde_json::to_writer(&mut *into, name).expect("a string is JSON");
    if let Some(params) = params {
        into.extend_from_slice(br#","params":"#);
        into.extend_from_slice(params);
    }
    if let Some(id) = id {
        into.extend_from_slice(format!(r#","id":{id}"#).as_bytes());
    }
    into.push(b'}');
}

/// The body of one request.
pub(super) fn body<T: Serialize + ?Sized>(name: &str, value: &T, id: Option<Id>) -> Result<Vec<u8>, Error> {
    let params = params(value)?;
    let mut body = Vec::with_capacity(64 + name.len() + params.as_ref().map_or(0, Bytes::len));
    write(name, params.as_ref(), id, &mut body);
    Ok(body)
}
