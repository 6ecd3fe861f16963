//! What HTTP/2 writes a header as.

use http::header::HeaderValue;

/// The value of a header that has another one in every message, to be kept out of HPACK's table. In there it would never be found again: each
/// would push out a header that does come again, and h2 goes through all earlier ones of its name to see that it is new. HTTP/1.1 has
/// no table, and whoever prints the header by `Debug` reads `Sensitive`.
///
/// # Source
/// RFC 7541, 6.2.3 and 7.1.3. A literal without indexing (6.2.2) would do; h2 has this one alone.
pub(super) fn unindexed(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}
