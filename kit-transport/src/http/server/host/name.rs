//! What may stand as a host.

use std::net::Ipv6Addr;

/// Whether `text` is `host` or `host:port`: a name, an IPv4 address or an IPv6 address in brackets, and no user.
///
/// # Source
/// RFC 9110, 7.2; RFC 3986, 3.2.2 and 3.2.3.
pub(super) fn is_authority(text: &[u8]) -> bool {
    let (host, port) = match text {
        [b'[', rest @ ..] => match rest.iter().position(|&byte| byte == b']') {
            Some(end) if is_address(&rest[..end]) => match &rest[end + 1..] {
                [] => return true,
                [b':', port @ ..] => return is_port(port),
                _ => return false,
            },
            _ => return false,
        },
        _ => match text.iter().position(|&byte| byte == b':') {
            Some(colon) => (&text[..colon], &text[colon + 1..]),
            None => (text, &b""[..]),
        },
    };
    !host.is_empty() && is_name(host) && is_port(port)
}

fn is_address(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Empty is a port too: "host:" is in the grammar.
fn is_port(text: &[u8]) -> bool {
    text.len() <= 5
        && text.iter().all(u8::is_ascii_digit)
        && text.iter().fold(0, |port: u32, digit| port * 10 + u32::from(digit - b'0')) <= 65_535
}

/// What a name is made of besides escapes: every request has one, so its bytes are looked up.
static NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
            | b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=');
        byte += 1;
    }
    table
};

fn is_name(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let fits = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(u8::is_ascii_hexdigit)),
            _ => NAME[usize::from(byte)],
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether two hosts are one: case apart, and apart from the port that the scheme implies.
pub(super) fn is_same(scheme: Option<&str>, one: &[u8], other: &[u8]) -> bool {
    let bare = |host| match scheme {
        Some("http") => without(host, b":80"),
        Some("https") => without(host, b":443"),
        _ => host,
    };
    bare(one).eq_ignore_ascii_case(bare(other))
}

fn without<'a>(host: &'a [u8], port: &[u8]) -> &'a [u8] {
    host.strip_suffix(port).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts_and_nothing_else_is() {
        for host in [
            "a",
            "A.example",
            "a_b",
            "1.2.3.4",
            "a:",
            "a:0",
            "a:65535",
            "[::1]",
            "[::1]:80",
            "xn--bcher-kva.example.",
            "a%2db",
        ] {
            assert!(is_authority(host.as_bytes()), "{host:?}");
        }
        for host in [
            "",
            ":80",
            "a b",
            "a@b",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "a:b",
            "a:80:80",
            "a:65536",
            "a:123456",
            "a:-1",
            "a:+1",
            "[",
            "[]",
            "[::1",
            "::1",
            "[::1]80",
            "[::1]a",
            "[1.2.3.4]",
            "[fe80::1%eth0]",
            "a%2",
            "a%zz",
            "\u{e9}",
            "a\"",
            "<a>",
            "a\0",
            "http://a",
        ] {
            assert!(!is_authority(host.as_bytes()), "{host:?}");
        }
    }

    #[test]
    fn the_port_that_the_scheme_implies_makes_no_difference() {
        assert!(is_same(Some("http"), b"A.b", b"a.B:80"));
        assert!(is_same(Some("https"), b"a:443", b"a"));
        assert!(is_same(None, b"a", b"A"));
        for (scheme, one, other) in
            [(Some("http"), "a", "b"), (Some("http"), "a", "a:443"), (None, "a", "a:80"), (Some("http"), "a", "a.")]
        {
            assert!(!is_same(scheme, one.as_bytes(), other.as_bytes()), "{one} {other}");
        }
    }
}
