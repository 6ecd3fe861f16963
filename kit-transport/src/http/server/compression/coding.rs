use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName};

/// A coding that these layers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// zlib's format, as RFC 9110 (8.4.1.2) has it.
    Deflate,
}

/// Both, as a header lists them.
pub(super) const ALL: &str = "gzip, deflate";

/// A coding that nobody here speaks, or several.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
        }
    }

    fn of(token: &[u8]) -> Option<Coding> {
        match token {
            _ if token.eq_ignore_ascii_case(b"gzip") || token.eq_ignore_ascii_case(b"x-gzip") => Some(Coding::Gzip),
            _ if token.eq_ignore_ascii_case(b"deflate") => Some(Coding::Deflate),
            _ => None,
        }
    }
}

/// The one coding of a body, if it has one.
pub(super) fn of_body(headers: &HeaderMap) -> Result<Option<Coding>, Unknown> {
    let mut found = None;
    for token in tokens(headers, &CONTENT_ENCODING) {
        if token.is_empty() || token.eq_ignore_ascii_case(b"identity") {
            continue;
        }
        // One on top of another multiplies what a few bytes can order.
        if found.is_some() {
            return Err(Unknown);
        }
        found = Some(Coding::of(token).ok_or(Unknown)?);
    }
    Ok(found)
}

/// The coding that the caller of these headers likes best, if it likes one at least as well as none.
///
/// # Source
/// RFC 9110, 12.5.3.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Coding> {
    let (mut gzip, mut deflate, mut identity, mut any) = (None, None, None, None);
    for token in tokens(headers, &ACCEPT_ENCODING) {
        let (name, weight) = weighed(token)?;
        let slot = match Coding::of(name) {
            Some(Coding::Gzip) => &mut gzip,
            Some(Coding::Deflate) => &mut deflate,
            None if name == b"*" => &mut any,
            None if name.eq_ignore_ascii_case(b"identity") => &mut identity,
            None => continue,
        };
        *slot = (*slot).max(Some(weight));
    }
    let any = any.unwrap_or(0);
    let (gzip, deflate) = (gzip.unwrap_or(any), deflate.unwrap_or(any));
    let best = gzip.max(deflate);
    match best {
        0 => None,
        _ if best < identity.unwrap_or(0) => None,
        _ if gzip >= deflate => Some(Coding::Gzip),
        _ => Some(Coding::Deflate),
    }
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let values = headers.get_all(name).into_iter();
    values.flat_map(|value| value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii))
}

/// A name and its weight in thousandths; `None` for what is no such pair.
fn weighed(token: &[u8]) -> Option<(&[u8], u32)> {
    let Some(semicolon) = token.iter().position(|&byte| byte == b';') else { return Some((token, 1000)) };
    let (name, parameter) = (token[..semicolon].trim_ascii(), token[semicolon + 1..].trim_ascii());
    let weight = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))?;
    let (whole, digits) = match weight {
        [whole @ (b'0' | b'1')] => (whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => {
            (whole, digits)
        }
        _ => return None,
    };
    let part = (0..3).fold(0, |part, at| part * 10 + digits.get(at).map_or(0, |digit| u32::from(digit - b'0')));
    Some((name, (u32::from(whole - b'0') * 1000 + part).min(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_body_has_one_known_coding_or_none() {
        for (values, coding) in [
            (&[][..], Ok(None)),
            (&["identity"], Ok(None)),
            (&[""], Ok(None)),
            (&["gzip"], Ok(Some(Coding::Gzip))),
            (&["X-GZip"], Ok(Some(Coding::Gzip))),
            (&["identity, deflate"], Ok(Some(Coding::Deflate))),
            (&["br"], Err(Unknown)),
            (&["gzip, gzip"], Err(Unknown)),
            (&["gzip", "deflate"], Err(Unknown)),
            (&["gzip;q=1"], Err(Unknown)),
        ] {
            assert_eq!(of_body(&headers(CONTENT_ENCODING, values)), coding, "{values:?}");
        }
    }

    #[test]
    fn the_caller_chooses_by_weight_and_gzip_wins_a_tie() {
        for (values, coding) in [
            (&[][..], None),
            (&[""], None),
            (&["gzip"], Some(Coding::Gzip)),
            (&["deflate, gzip"], Some(Coding::Gzip)),
            (&["deflate", "br"], Some(Coding::Deflate)),
            (&["br, zstd"], None),
            (&["gzip;q=0"], None),
            (&["gzip; q=0.5, deflate;q=0.8"], Some(Coding::Deflate)),
            (&["gzip;q=0.001"], Some(Coding::Gzip)),
            (&["*"], Some(Coding::Gzip)),
            (&["*;q=0"], None),
            (&["gzip;q=0, *"], Some(Coding::Deflate)),
            (&["identity, gzip;q=0.5"], None),
            (&["identity;q=0.5, gzip"], Some(Coding::Gzip)),
            (&["gzip;q=2"], None),
            (&["gzip;q=0.1234"], None),
            (&["gzip;level=1"], None),
        ] {
            assert_eq!(accepted(&headers(ACCEPT_ENCODING, values)), coding, "{values:?}");
        }
    }
}
