//! What must not be printed: secret values by type, and values under telling names.
//!
//! Both are on by default. A [`Secret`] cannot be printed at all short of [`Secret::expose`]; a [`Redaction`] looks at
//! the key of every pair, also inside nested values. Neither reads messages or values: `format!("token is {token}")`
//! prints the token.

mod names;
mod secret;

pub use self::names::{DENIED_FIELDS, DENIED_HEADERS, Redaction};
pub use self::secret::Secret;

/// What is printed in place of a secret.
pub const MASK: &str = "[redacted]";
