//! Text in a header: printable ASCII stays, the bytes of all else are escaped.

use http::HeaderValue;

/// # Source
/// gRPC over HTTP/2, `Percent-Encoded`.
pub(super) fn encoded(text: &str) -> HeaderValue {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' => out.extend_from_slice(b"%25"),
            b' '..=b'~' => out.push(byte),
            _ => out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(out)).expect("printable ASCII")
}

/// What is no escape stays as it is: a text that is damaged says more than none.
pub(super) fn decoded(value: &[u8]) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        _ => (hex | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_printable_ascii_is_escaped() {
        for (text, written) in [
            ("", ""),
            ("a line, with ~ and spaces", "a line, with ~ and spaces"),
            ("100%", "100%25"),
            ("\t\ntest with whitespace\r\n", "%09%0Atest with whitespace%0D%0A"),
            ("\u{263a} \u{1f608}", "%E2%98%BA %F0%9F%98%88"),
            ("\u{7f}", "%7F"),
        ] {
            assert_eq!(encoded(text), written);
            assert_eq!(decoded(written.as_bytes()), text);
        }
    }

    #[test]
    fn what_is_damaged_stays_as_it_came() {
        for (written, text) in [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%4x%41", "%4xA"), ("%e2%98%BA", "\u{263a}")]
        {
            assert_eq!(decoded(written.as_bytes()), text);
        }
        assert_eq!(decoded(b"%ff\xfe"), "\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in ".*") {
            let written = encoded(&text);
            prop_assert!(written.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte)));
            prop_assert_eq!(decoded(written.as_bytes()), text);
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(decoded(&bytes).len() <= 3 * bytes.len());
        }
    }
}
