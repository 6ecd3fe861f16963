use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::str::FromStr;

use crate::malformed::Malformed;

/// Where an instance listens: a host and a port.
///
/// It is written `host:port`; an IPv6 address stands in brackets, because its own colons leave open where the port begins. A
/// host is an IP address or a name; the final dot of an absolute name is not part of it.
///
/// ```
/// use kit_discovery::Address;
///
/// let address: Address = "[2001:db8:0::1]:8080".parse()?;
/// assert_eq!((address.host(), address.port()), ("2001:db8::1", 8080));
/// assert_eq!(Address::new("::1", 80)?.to_string(), "[::1]:80");
/// assert!("::1:80".parse::<Address>().is_err());
/// # Ok::<(), kit_discovery::Malformed>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    host: Box<str>,
    port: u16,
}

impl Address {
    /// `host`, with or without brackets if it is an IPv6 address, at `port`.
    ///
    /// # Errors
    /// [`Malformed`] for a host that is neither an address nor a name, and for port 0.
    pub fn new(host: &str, port: u16) -> Result<Self, Malformed> {
        if port == 0 {
            return Err(Malformed::new("the port is 0"));
        }
        let bare = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or_else(|| Malformed::of("no closing bracket in", host))?,
            None => host,
        };
        let host = if bare.contains(':') { ipv6(bare)? } else { name(bare, host)? };
        Ok(Self { host: host.into(), port })
    }

    /// The address, or the name without a final dot; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, never 0.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Address {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let no_port = || Malformed::of("no port in", text);
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(|| Malformed::of("no closing bracket in", text))?;
                if !host.contains(':') {
                    return Err(Malformed::of("brackets without an IPv6 address in", text));
                }
                (host, port.strip_prefix(':').ok_or_else(no_port)?)
            }
            None => {
                let (host, port) = text.rsplit_once(':').ok_or_else(no_port)?;
                if host.contains("://") {
                    return Err(Malformed::of("a URL where host:port belongs:", text));
                }
                if host.contains(':') {
                    return Err(Malformed::of("an IPv6 address without brackets in", text));
                }
                (host, port)
            }
        };
        // `u16::from_str` takes a sign.
        if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(no_port());
        }
        Self::new(host, port.parse().map_err(|_| Malformed::of("a port above 65535 in", text))?)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// The one spelling of an IPv6 address; a scope is a number, as sockets take it.
fn ipv6(text: &str) -> Result<Cow<'_, str>, Malformed> {
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(address.to_string().into());
    }
    match format!("[{text}]:1").parse::<SocketAddrV6>() {
        Ok(address) if address.scope_id() == 0 => Ok(address.ip().to_string().into()),
        Ok(address) => Ok(format!("{}%{}", address.ip(), address.scope_id()).into()),
        Err(_) => Err(Malformed::of("no IPv6 address:", text)),
    }
}

/// A name of RFC 1123, or with the underscores that container networks use; what is all numbers is an IPv4 address.
fn name<'a>(text: &'a str, whole: &str) -> Result<Cow<'a, str>, Malformed> {
    let host = text.strip_suffix('.').unwrap_or(text);
    if host.is_empty() {
        return Err(Malformed::of("no host in", whole));
    }
    if host.len() > 253 || host.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(Malformed::of("a label is empty, or longer than a name may be, in", whole));
    }
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        return Err(Malformed::of("what no host name holds in", whole));
    }
    let last = host.rsplit('.').next().unwrap_or(host);
    if last.bytes().all(|byte| byte.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return Err(Malformed::of("no IPv4 address:", whole));
    }
    Ok(host.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        text.parse::<Address>().expect_err(text).to_string()
    }

    #[test]
    fn an_address_has_one_spelling() {
        for (given, written) in [
            ("10.0.0.1:80", "10.0.0.1:80"),
            ("strings.example.:8080", "strings.example:8080"),
            ("my_service-1:65535", "my_service-1:65535"),
            ("[::1]:80", "[::1]:80"),
            ("[2001:DB8:0:0::1]:80", "[2001:db8::1]:80"),
            ("[fe80::1%3]:80", "[fe80::1%3]:80"),
            ("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.1]:80"),
            ("localhost:080", "localhost:80"),
        ] {
            assert_eq!(given.parse::<Address>().expect(given).to_string(), written);
        }
        assert_eq!(Address::new("::1", 80).unwrap(), Address::new("[::1]", 80).unwrap());
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        for (given, reason) in [
            ("", "no port in \"\""),
            ("10.0.0.1", "no port in \"10.0.0.1\""),
            ("10.0.0.1:", "no port in \"10.0.0.1:\""),
            ("a:+80", "no port in \"a:+80\""),
            ("[::1]", "no port in \"[::1]\""),
            ("[::1", "no closing bracket in \"[::1\""),
            ("a:0", "the port is 0"),
            ("a:65536", "a port above 65535 in \"a:65536\""),
            ("::1:80", "an IPv6 address without brackets in \"::1:80\""),
            (":80", "no host in \"\""),
            ("http://a:80", "a URL where host:port belongs: \"http://a:80\""),
            ("[10.0.0.1]:80", "brackets without an IPv6 address in \"[10.0.0.1]:80\""),
            ("[fe80::1%eth0]:80", "no IPv6 address: \"fe80::1%eth0\""),
            ("10.0.0.256:80", "no IPv4 address: \"10.0.0.256\""),
            ("a b:80", "what no host name holds in \"a b\""),
            ("a..b:80", "a label is empty, or longer than a name may be, in \"a..b\""),
            ("user@a:80", "what no host name holds in \"user@a\""),
        ] {
            assert_eq!(refused(given), reason, "{given}");
        }
    }

    #[test]
    fn a_reason_echoes_no_more_than_it_must() {
        let reason = refused(&"x\n".repeat(10_000));
        assert!(reason.len() < 200 && !reason.contains('\n'), "{reason}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_written_the_same(text in "\\PC{0,40}|[\\[\\]0-9a-f:.%]{0,40}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
            }
        }

        #[test]
        fn every_socket_address_is_one(address: std::net::SocketAddr) {
            prop_assume!(address.port() != 0);
            let read = Address::new(&address.ip().to_string(), address.port()).unwrap();
            prop_assert_eq!(read.to_string().parse::<Address>().unwrap(), read);
        }
    }
}
