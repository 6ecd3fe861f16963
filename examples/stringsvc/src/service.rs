//! The business: two operations on strings. No word of any wire, of logs or of metrics.

use kit::{Context, Error};

/// What the service offers.
pub trait StringService: Send + Sync + 'static {
    /// The text in upper case.
    fn uppercase(&self, cx: &mut Context, text: String) -> impl Future<Output = Result<String, Error>> + Send;

    /// How many characters the text has.
    fn count(&self, cx: &mut Context, text: String) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// The service itself.
#[derive(Clone, Copy, Debug)]
pub struct Strings;

impl StringService for Strings {
    async fn uppercase(&self, _cx: &mut Context, text: String) -> Result<String, Error> {
        Ok(not_empty(text)?.to_uppercase())
    }

    async fn count(&self, _cx: &mut Context, text: String) -> Result<usize, Error> {
        Ok(not_empty(text)?.chars().count())
    }
}

/// The one business error: there is nothing to do for an empty text.
fn not_empty(text: String) -> Result<String, Error> {
    match text.is_empty() {
        true => Err(Error::invalid_argument("the string is empty").with_reason("empty_string")),
        false => Ok(text),
    }
}
