use std::fmt::Write as _;

/// `text` as one segment of a path, or one name or value of a query: whatever could end it or mean something there is escaped.
///
/// ```
/// use kit_transport::http::server::reply::escaped;
///
/// assert_eq!(format!("/profiles/{}", escaped("Ann/Bö")), "/profiles/Ann%2FB%C3%B6");
/// ```
///
/// # Source
/// RFC 3986, 2.3: what is not reserved stands for itself.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(byte.into()),
            _ => write!(escaped, "%{byte:02X}").expect("a string takes what is written to it"),
        }
    }
    escaped
}

/// Whether `text` has the characters of a URI reference, and something of them. Line breaks, spaces and backslashes, which
/// browsers take for slashes, are none.
///
/// # Source
/// RFC 3986, 2 and 4.1; RFC 9110, 10.2.2.
pub(super) fn is_reference(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let escape = |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    !text.is_empty() && text.bytes().all(allowed) && text.split('%').skip(1).all(escape)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_location_is_a_uri_reference() {
        for text in ["/", "/a/b?c=d#e", "a/b", "../a", "?page=2", "https://[::1]:80/%C3%A9", "//host/a"] {
            assert!(is_reference(text), "{text:?}");
        }
        for text in [
            "",
            " ",
            "/a b",
            "/a\r\nset-cookie: b=c",
            "/é",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "\\\\host",
            "/<a>",
            "/\"",
            "/\0",
        ] {
            assert!(!is_reference(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_segment_once_escaped(text in "(?s).{1,50}") {
            let escaped = escaped(&text);
            prop_assert!(is_reference(&escaped), "{}", escaped);
            prop_assert!(!escaped.contains(['/', '?', '#', '&', '=', '+']));
        }
    }
}
