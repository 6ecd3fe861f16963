//! A failure in the JSON of a wire: a member beside code and reason.

use kit_core::Error;
use kit_core::failure::Details;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What is written of one.
#[derive(Serialize)]
pub(crate) struct Written<'a> {
    name: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

/// What is read of one.
#[derive(Deserialize)]
struct Read<'a> {
    name: String,
    reason: String,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

impl<'a> Written<'a> {
    /// As JSON; `None` if what it holds is none.
    pub(crate) fn of(details: &'a Details) -> Option<Self> {
        let payload = details.payload().map(serde_json::from_str).transpose().ok()?;
        Some(Self { name: details.name(), reason: details.reason(), payload })
    }
}

/// The error, with the failure that its wire tells of. One that is out of bounds, or a stranger's word for something else, is left.
pub(crate) fn attach(error: Error, member: Option<&RawValue>) -> Error {
    let details = member.and_then(|member| {
        let read: Read<'_> = serde_json::from_str(member.get()).ok()?;
        Details::new(read.name, read.reason, read.payload.map(|payload| payload.get().into()))
    });
    match details {
        Some(details) => error.with_details(details),
        None => error,
    }
}
