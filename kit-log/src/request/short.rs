//! Texts of a request line that are put together on the stack: by `fmt` each would cost more than all its other pairs.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use crate::digits;

/// Longer than any address and than the names of most methods.
const MAX: usize = 96;

/// A text of at most [`MAX`] bytes.
pub(super) struct Short {
    bytes: [u8; MAX],
    len: usize,
}

impl Short {
    fn new() -> Self {
        Self { bytes: [0; MAX], len: 0 }
    }

    /// `service.method`, unless that is too long.
    pub(super) fn method(service: &str, name: &str) -> Option<Self> {
        let mut text = Self::new();
        let whole = [service, ".", name].iter().try_for_each(|part| text.write_str(part));
        whole.is_ok().then_some(text)
    }

    /// Microseconds as milliseconds with three decimals.
    pub(super) fn millis(micros: u64) -> Self {
        let mut text = Self::new();
        text.push_number(micros / 1_000);
        let rest = (micros % 1_000) as usize;
        let [tens, ones] = digits::PAIRS[rest % 100];
        text.push(&[b'.', b'0' + (rest / 100) as u8, tens, ones]);
        text
    }

    /// An address with its port.
    pub(super) fn address(address: &SocketAddr) -> Option<Self> {
        let mut text = Self::new();
        match address {
            SocketAddr::V4(v4) => {
                for (at, octet) in v4.ip().octets().into_iter().enumerate() {
                    if at > 0 {
                        text.push(b".");
                    }
                    text.push_number(octet.into());
                }
                text.push(b":");
                text.push_number(v4.port().into());
            }
            SocketAddr::V6(v6) => write!(text, "{v6}").ok()?,
        }
        Some(text)
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn push_number(&mut self, number: u64) {
        let mut to = [0; digits::MAX];
        let count = digits::back(&mut to, number);
        self.push(&to[digits::MAX - count..]);
    }

    /// What has room for certain.
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() > MAX - self.len {
            return Err(fmt::Error);
        }
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn method(service: &str, name: &str) -> Option<String> {
        Short::method(service, name).map(|text| text.as_str().to_owned())
    }

    #[test]
    fn a_name_that_is_too_long_is_none() {
        assert_eq!(method("strings", "count").as_deref(), Some("strings.count"));
        assert!(method(&"é".repeat(40), "count").is_some());
        assert_eq!(method(&"x".repeat(MAX), "count"), None);
    }

    #[test]
    fn the_longest_address_fits() {
        let longest = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535";
        let text = Short::address(&longest.parse().unwrap()).unwrap();
        assert_eq!(text.as_str(), longest);
    }

    proptest! {
        #[test]
        fn times_are_printed_as_fmt_would(micros: u64, shift in 0u32..64) {
            let micros = micros >> shift;
            let expected = format!("{}.{:03}", micros / 1_000, micros % 1_000);
            let text = Short::millis(micros);
            prop_assert_eq!(text.as_str(), expected);
        }

        #[test]
        fn addresses_are_printed_as_fmt_would(address: SocketAddr) {
            let text = Short::address(&address).unwrap();
            prop_assert_eq!(text.as_str(), address.to_string());
        }
    }
}
