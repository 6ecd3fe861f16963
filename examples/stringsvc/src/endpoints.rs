//! The operations as endpoints: a name, a request and a response for each.

use kit::{Endpoint, Method, endpoint_with};
use serde::{Deserialize, Serialize};

use crate::service::StringService;

/// What the service is called, where it is announced too.
pub const SERVICE: &str = "stringsvc";

/// `uppercase`, on every wire.
pub static UPPERCASE: Method = Method::new(SERVICE, "uppercase").path("/uppercase").idempotent();

/// `count`, on every wire.
pub static COUNT: Method = Method::new(SERVICE, "count").path("/count").idempotent();

/// A text to work on: `{"s":"hello"}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub s: String,
}

/// What `uppercase` answers: `{"v":"HELLO"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uppercased {
    /// The text in upper case.
    pub v: String,
}

/// What `count` answers: `{"v":5}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// How many characters it has.
    pub v: usize,
}

/// The endpoint of [`StringService::uppercase`].
pub fn uppercase<S: StringService>(service: S) -> impl Endpoint<Text, Response = Uppercased> + 'static {
    endpoint_with(service, async |service, cx, text: Text| Ok(Uppercased { v: service.uppercase(cx, text.s).await? }))
}

/// The endpoint of [`StringService::count`].
pub fn count<S: StringService>(service: S) -> impl Endpoint<Text, Response = Counted> + 'static {
    endpoint_with(service, async |service, cx, text: Text| Ok(Counted { v: service.count(cx, text.s).await? }))
}
