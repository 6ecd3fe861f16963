//! The service behind the gateway, and how it is called.

use kit::client::Client;
use kit::http::Response;
use kit::http::client::raw;
use kit::{BoxEndpoint, Endpoint as _, Method};

use crate::passing::{Passed, Passing, Sending};

/// What the service is called where it is looked for, and the path below which it is passed on.
pub const SERVICE: &str = "stringsvc";

/// Its operations. Both may be called twice: what failed at one instance is sent to another.
pub static UPPERCASE: Method = Method::new(SERVICE, "uppercase").path("/uppercase").idempotent();
/// As [`UPPERCASE`].
pub static COUNT: Method = Method::new(SERVICE, "count").path("/count").idempotent();

/// The operations of the service, at whichever instance.
#[derive(Clone, Debug)]
pub struct Stringsvc {
    /// `POST /uppercase`.
    pub uppercase: Passing<BoxEndpoint<Passed, Response>>,
    /// `POST /count`.
    pub count: Passing<BoxEndpoint<Passed, Response>>,
}

impl Stringsvc {
    /// At the instances that `client` finds.
    pub fn at(client: &Client) -> Self {
        let passing = |method| Passing::to(SERVICE, client.endpoint(method, Sending(raw())).boxed());
        Self { uppercase: passing(&UPPERCASE), count: passing(&COUNT) }
    }
}
