//! What travels beside the messages, as netstrings one after the other.

use std::time::Duration;

use kit::failure::Details;
use kit::{Code, Context, Error, Metadata, RequestId, Retry};

use crate::netstring::{read, write};

/// What a caller says of its call.
pub(crate) struct Head {
    pub(crate) method: String,
    /// Time that is left.
    pub(crate) time: Duration,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) metadata: Metadata,
}

/// The head of a call in this context that has so much time left.
pub(crate) fn write_call(cx: &Context, left: Duration, method: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, method.as_bytes());
    // Whole microseconds, rounded down: a callee never has more time than its caller.
    write(&mut bytes, left.as_micros().to_string().as_bytes());
    let id = cx.request_id().map_or_else(String::new, ToString::to_string);
    write(&mut bytes, id.as_bytes());
    write_metadata(&mut bytes, cx.outbound());
    bytes
}

pub(crate) fn read_call(bytes: &[u8]) -> Option<Head> {
    let (method, rest) = text(bytes)?;
    let (time, rest) = text(rest)?;
    let (request_id, rest) = text(rest)?;
    Some(Head {
        method: method.to_owned(),
        time: Duration::from_micros(time.parse().ok()?),
        request_id: RequestId::parse(request_id),
        metadata: read_metadata(rest)?,
    })
}

/// Keys and values; of a key that ends in `-bin` the bytes themselves.
pub(crate) fn write_metadata(into: &mut Vec<u8>, metadata: Option<&Metadata>) {
    let Some(metadata) = metadata else { return };
    for key in metadata.headers().keys() {
        let key = key.as_str();
        if key.ends_with("-bin") {
            for value in metadata.get_all_bin(key) {
                write(into, key.as_bytes());
                write(into, &value);
            }
        } else {
            for value in metadata.get_all(key) {
                write(into, key.as_bytes());
                write(into, value.as_bytes());
            }
        }
    }
}

pub(crate) fn read_metadata(mut rest: &[u8]) -> Option<Metadata> {
    let mut metadata = Metadata::default();
    while !rest.is_empty() {
        let (key, after) = text(rest)?;
        let (value, after) = read(after)?;
        let kept = match key.ends_with("-bin") {
            true => metadata.append_bin(key, value),
            false => metadata.append(key, str::from_utf8(value).ok()?),
        };
        kept.ok()?;
        rest = after;
    }
    Some(metadata)
}

/// What a stranger may know of an error: its causes and fields stay here.
pub(crate) fn write_error(error: &Error, trailers: &Metadata) -> Vec<u8> {
    let hint = match error.retry() {
        Retry::After(pause) => format!("after {}", pause.as_nanos().div_ceil(1_000)),
        Retry::Never => "never".to_owned(),
        // That it is safe is known of a call that the callee itself has made.
        _ => String::new(),
    };
    let mut bytes = Vec::new();
    let (id, reason) = (error.id().to_string(), error.reason().unwrap_or_default());
    // What a failure is called, and what it holds: nothing of an error that is none.
    let details = Details::of(error);
    let [name, variant, payload] = details
        .as_ref()
        .map_or([""; 3], |details| [details.name(), details.reason(), details.payload().unwrap_or_default()]);
    for part in [error.code().as_str(), error.message(), reason, &id, &hint, name, variant, payload] {
        write(&mut bytes, part.as_bytes());
    }
    write_metadata(&mut bytes, Some(trailers));
    bytes
}

pub(crate) fn read_error(bytes: &[u8]) -> Option<(Error, Metadata)> {
    let (code, rest) = text(bytes)?;
    let (message, rest) = text(rest)?;
    let (reason, rest) = text(rest)?;
    let (id, rest) = text(rest)?;
    let (hint, rest) = text(rest)?;
    let (name, rest) = text(rest)?;
    let (variant, rest) = text(rest)?;
    let (payload, rest) = text(rest)?;
    let code: Code = code.parse().ok()?;
    let mut error = Error::new(code, message.to_owned()).with_id(id.parse().ok()?);
    if !reason.is_empty() {
        error = error.with_reason(reason.to_owned());
    }
    if hint == "never" {
        error = error.with_retry(Retry::Never);
    } else if let Some(pause) = hint.strip_prefix("after ") {
        error = error.with_retry(Retry::After(Duration::from_micros(pause.parse().ok()?)));
    }
    let payload = Some(payload.into()).filter(|_| !payload.is_empty());
    // `None` of an empty name.
    if let Some(details) = Details::new(name.to_owned(), variant.to_owned(), payload) {
        error = error.with_details(details);
    }
    Some((error, read_metadata(rest)?))
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (text, rest) = read(bytes)?;
    Some((str::from_utf8(text).ok()?, rest))
}
