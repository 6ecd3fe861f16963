//! Names whose values are masked.

use serde::{Deserialize, Serialize};

/// Headers whose values [`Redaction::default`] masks.
pub const DENIED_HEADERS: &[&str] = &["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];

/// Fields whose values [`Redaction::default`] masks.
pub const DENIED_FIELDS: &[&str] = &[
    "access_key",
    "api_key",
    "cookies",
    "credential",
    "credentials",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "private_key",
    "pwd",
    "secret",
    "secret_key",
    "secrets",
    "signing_key",
    "token",
];

/// Decides by its name whether a value is masked. The default masks [`DENIED_HEADERS`] and [`DENIED_FIELDS`].
///
/// A name is denied when it is one of the list, or ends in one after a separator or at a capital: `token` covers
/// `csrf_token`, `user.token` and `accessToken`, not `tokens`. Case and separators do not matter: `X-API-Key`,
/// `x_api_key` and `xApiKey` are one name.
///
/// # Examples
/// ```
/// use kit_log::Redaction;
///
/// let redaction = Redaction::default().deny("iban").allow("page_token");
/// assert!(redaction.denies("Authorization") && redaction.denies("customer.IBAN"));
/// assert!(!redaction.denies("page_token") && !redaction.denies("authority"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Spec", into = "Spec")]
pub struct Redaction {
    spec: Spec,
    /// Denied names, folded, in order of their last letter.
    denied: Vec<Vec<u8>>,
    /// Names let through whole, folded.
    allowed: Vec<Vec<u8>>,
    /// A bit for the last letter of every denied name: most keys are told apart by it.
    endings: u32,
}

/// How a configuration file says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Spec {
    /// Whether the lists of this crate hold.
    standard: bool,
    deny: Vec<String>,
    allow: Vec<String>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { standard: true, deny: Vec::new(), allow: Vec::new() }
    }
}

impl Redaction {
    /// Masks nothing.
    pub fn none() -> Self {
        Self::from(Spec { standard: false, ..Spec::default() })
    }

    /// Denies one more name.
    #[must_use]
    pub fn deny(self, name: impl Into<String>) -> Self {
        let mut spec = self.spec;
        spec.deny.push(name.into());
        Self::from(spec)
    }

    /// Lets one name through that would be denied. Only this whole name: `page_token` leaves `next_page_token` denied.
    #[must_use]
    pub fn allow(self, name: impl Into<String>) -> Self {
        let mut spec = self.spec;
        spec.allow.push(name.into());
        Self::from(spec)
    }

    /// Whether a value of this name is masked.
    pub fn denies(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let trailing = name.iter().rev().take_while(|byte| separates(**byte));
        let name = &name[..name.len() - trailing.count()];
        let Some(last) = name.last() else {
            return false;
        };
        self.endings & ending(*last) != 0 && self.denies_slowly(name)
    }

    fn denies_slowly(&self, name: &[u8]) -> bool {
        self.denied.iter().any(|denied| ends_in(name, denied))
            && !self.allowed.iter().any(|allowed| equals(name, allowed))
    }
}

impl Default for Redaction {
    fn default() -> Self {
        Self::from(Spec::default())
    }
}

impl From<Spec> for Redaction {
    fn from(spec: Spec) -> Self {
        let standard = [DENIED_HEADERS, DENIED_FIELDS].concat();
        let standard = if spec.standard { &standard[..] } else { &[] };
        let names = standard.iter().copied();
        let denied: Vec<_> =
            names.chain(spec.deny.iter().map(String::as_str)).map(fold).filter(|name| !name.is_empty()).collect();
        let lasts = denied.iter().filter_map(|name| name.last());
        Self {
            endings: lasts.fold(0, |endings, last| endings | ending(*last)),
            allowed: spec.allow.iter().map(|name| fold(name)).collect(),
            denied,
            spec,
        }
    }
}

impl From<Redaction> for Spec {
    fn from(redaction: Redaction) -> Self {
        redaction.spec
    }
}

fn ending(letter: u8) -> u32 {
    // Case is one of the bits dropped.
    1 << (letter & 31)
}

fn separates(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

fn fold(name: &str) -> Vec<u8> {
    let letters = name.bytes().filter(|byte| !separates(*byte));
    letters.map(|byte| byte.to_ascii_lowercase()).collect()
}

fn ends_in(name: &[u8], denied: &[u8]) -> bool {
    let mut at = name.len();
    for letter in denied.iter().rev() {
        loop {
            if at == 0 {
                return false;
            }
            at -= 1;
            if !separates(name[at]) {
                break;
            }
        }
        if name[at].to_ascii_lowercase() != *letter {
            return false;
        }
    }
    at == 0 || separates(name[at - 1]) || name[at].is_ascii_uppercase()
}

fn equals(name: &[u8], allowed: &[u8]) -> bool {
    let letters = name.iter().filter(|byte| !separates(**byte));
    letters.map(u8::to_ascii_lowercase).eq(allowed.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_denied_however_it_is_spelt() {
        let redaction = Redaction::default();
        for name in [DENIED_HEADERS, DENIED_FIELDS].concat() {
            for spelling in [
                name.to_owned(),
                name.to_uppercase(),
                name.replace(['_', '-'], ""),
                name.replace(['_', '-'], "."),
                format!("request.header.{name}"),
                format!("{name}_"),
            ] {
                assert!(redaction.denies(&spelling), "{spelling}");
            }
        }
    }

    #[test]
    fn a_denied_name_counts_at_the_end_of_a_longer_one_only_at_a_word_s_start() {
        let redaction = Redaction::default();
        for name in ["csrf_token", "accessToken", "DB-PASSWORD", "x-api-key", "xApiKey"] {
            assert!(redaction.denies(name), "{name}");
        }
        for name in ["tokens", "token_count", "key", "method", "broken", "authority", "monkey", ""] {
            assert!(!redaction.denies(name), "{name}");
        }
    }

    #[test]
    fn a_list_of_one_s_own_adds_and_exempts() {
        let redaction = Redaction::default().deny("IBAN").allow("page-token");
        assert!(redaction.denies("iban") && redaction.denies("payer.iban"));
        assert!(!redaction.denies("pageToken"));
        assert!(redaction.denies("next_page_token"));
        assert!(!Redaction::none().denies("password"));
    }

    #[test]
    fn a_file_says_it_in_three_words() {
        let text = r#"{"standard":false,"deny":["iban"],"allow":[]}"#;
        let redaction: Redaction = serde_json::from_str(text).unwrap();
        assert!(redaction.denies("iban") && !redaction.denies("password"));
        assert_eq!(serde_json::to_string(&redaction).unwrap(), text);
        assert_eq!(serde_json::from_str::<Redaction>("{}").unwrap(), Redaction::default());
    }
}
