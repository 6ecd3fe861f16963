use bytes::Bytes;
use kit::Error;
use kit::codec::{Codec, Decode, Encode};

/// Text as a netstring: its length in bytes, a colon, the text, a comma. `5:hello,`
///
/// # Source
/// D. J. Bernstein, "Netstrings", 1997.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Netstring;

/// What [`Netstring`] writes and reads.
pub trait Text: Sized {
    /// Its text.
    fn text(&self) -> &str;

    /// What has this text.
    fn from_text(text: String) -> Self;
}

impl Text for String {
    fn text(&self) -> &str {
        self
    }

    fn from_text(text: String) -> Self {
        text
    }
}

impl Codec for Netstring {
    fn content_type(&self) -> &'static str {
        "application/x-netstring"
    }
}

impl<T: Text> Encode<T> for Netstring {
    fn encode(&self, value: &T) -> Result<Bytes, Error> {
        let mut bytes = Vec::new();
        write(&mut bytes, value.text().as_bytes());
        Ok(bytes.into())
    }
}

impl<T: Text> Decode<T> for Netstring {
    fn decode(&self, bytes: &[u8]) -> Result<T, Error> {
        let refused = |line: &'static str| Error::invalid_argument(line).with_reason("netstring_malformed");
        let (text, rest) = read(bytes).ok_or_else(|| refused("this is no netstring"))?;
        if !rest.is_empty() {
            return Err(refused("something follows the netstring"));
        }
        match str::from_utf8(text) {
            Ok(text) => Ok(T::from_text(text.to_owned())),
            Err(_) => Err(refused("the netstring is not UTF-8")),
        }
    }
}

/// Appends a netstring.
pub(crate) fn write(into: &mut Vec<u8>, text: &[u8]) {
    into.extend_from_slice(text.len().to_string().as_bytes());
    into.push(b':');
    into.extend_from_slice(text);
    into.push(b',');
}

/// The netstring that the bytes begin with, and what follows it. A length is believed when as many bytes are there.
pub(crate) fn read(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = bytes.iter().take(LONGEST + 1).position(|&byte| byte == b':')?;
    let (digits, rest) = (&bytes[..colon], &bytes[colon + 1..]);
    // One way to write a number: no sign, no zero before others.
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || (digits.len() > 1 && digits[0] == b'0') {
        return None;
    }
    let length: usize = str::from_utf8(digits).ok()?.parse().ok()?;
    let (text, rest) = rest.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b",")?))
}

/// How many digits a length may have: more than memory has bytes.
const LONGEST: usize = 15;
