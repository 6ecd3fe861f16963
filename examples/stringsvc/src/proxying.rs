//! Another instance of this service as a middleware of it: Go kit's stringsvc3.

use std::sync::Arc;

use kit::codec::Json;
use kit::http::client::{Client, Config, Target};
use kit::{Context, Endpoint, Error};

use crate::endpoints::{Text, UPPERCASE, Uppercased};
use crate::service::StringService;

/// `uppercase` at another instance, by HTTP.
///
/// # Errors
/// If `url` is not the address of one.
pub fn to(url: &str) -> Result<Arc<impl Endpoint<Text, Response = Uppercased> + use<>>, Error> {
    let client = Client::new(Config::default())?;
    Ok(Arc::new(client.post(&UPPERCASE, &Target::parse(url)?, Json).endpoint::<Uppercased>()?))
}

/// Forwards `uppercase` to an endpoint, whatever it leads to; `count` is done here.
#[derive(Clone, Debug)]
pub struct Proxying<S, E> {
    uppercase: E,
    next: S,
}

impl<S, E> Proxying<S, E> {
    /// Forwards to `uppercase` what `next` would have done.
    pub fn new(uppercase: E, next: S) -> Self {
        Self { uppercase, next }
    }
}

impl<S, E> StringService for Proxying<S, E>
where
    S: StringService,
    E: Endpoint<Text, Response = Uppercased> + 'static,
{
    async fn uppercase(&self, cx: &mut Context, text: String) -> Result<String, Error> {
        Ok(self.uppercase.call(cx, Text { s: text }).await?.v)
    }

    async fn count(&self, cx: &mut Context, text: String) -> Result<usize, Error> {
        self.next.count(cx, text).await
    }
}
