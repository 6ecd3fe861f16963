//! Where a chunked body ends. hyper reads the body; this only follows it, and is stricter: what hyper passes over and
//! another parser may not, breaks the body.

/// As far as a chunked body has come.
///
/// # Source
/// RFC 9112, 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// The size of a chunk, with the digits so far.
    Size {
        size: u64,
        digits: u8,
    },
    /// In white space after it, which only an extension may follow.
    Space {
        size: u64,
    },
    /// In an extension.
    Extension {
        size: u64,
    },
    /// Before the LF of the size's line.
    SizeEnd {
        size: u64,
    },
    /// In the bytes of a chunk.
    Data(u64),
    /// Before the CR after a chunk, and before its LF.
    DataCr,
    DataLf,
    /// At the start of a trailer's line, or of the last empty one.
    TrailerStart,
    /// In a trailer.
    Trailer,
    /// Before the LF of a trailer, and before the last of all.
    TrailerLf,
    LastLf,
}

/// What some bytes did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// All of them belong to the body, and it goes on.
    More,
    /// This many belong to the body, which has ended.
    End(usize),
    /// The byte at this place may not stand there.
    Bad(usize),
}

impl Chunked {
    pub(super) const START: Chunked = Chunked::Size { size: 0, digits: 0 };

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Chunked::Data(left) = self {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                *left -= here as u64;
                at += here;
                if *left == 0 {
                    *self = Chunked::DataCr;
                }
                continue;
            }
            at += 1;
            match self.step(byte) {
                Some(Chunked::START) if *self == Chunked::LastLf => return Fed::End(at),
                Some(next) => *self = next,
                None => return Fed::Bad(at - 1),
            }
        }
        Fed::More
    }

    fn step(self, byte: u8) -> Option<Chunked> {
        match (self, byte) {
            // Sixteen digits are a u64; more are another's zeros or an overflow.
            (Chunked::Size { size, digits: digits @ 0..16 }, byte) if byte.is_ascii_hexdigit() => {
                let digit = (byte as char).to_digit(16).map(u64::from)?;
                Some(Chunked::Size { size: size << 4 | digit, digits: digits + 1 })
            }
            (Chunked::Size { size, digits: 1.. }, b'\r') => Some(Chunked::SizeEnd { size }),
            (Chunked::Size { size, digits: 1.. }, b';') => Some(Chunked::Extension { size }),
            (Chunked::Size { size, digits: 1.. } | Chunked::Space { size }, b' ' | b'\t') => {
                Some(Chunked::Space { size })
            }
            (Chunked::Space { size }, b';') => Some(Chunked::Extension { size }),
            (Chunked::Extension { size }, b'\r') => Some(Chunked::SizeEnd { size }),
            (Chunked::Extension { .. }, b'\t' | b' '..=b'~' | 0x80..) => Some(self),
            (Chunked::SizeEnd { size: 0 }, b'\n') => Some(Chunked::TrailerStart),
            (Chunked::SizeEnd { size }, b'\n') => Some(Chunked::Data(size)),
            (Chunked::DataCr, b'\r') => Some(Chunked::DataLf),
            (Chunked::DataLf, b'\n') => Some(Chunked::START),
            (Chunked::TrailerStart, b'\r') => Some(Chunked::LastLf),
            (Chunked::Trailer, b'\r') => Some(Chunked::TrailerLf),
            (Chunked::TrailerStart | Chunked::Trailer, b'\t' | b' '..=b'~' | 0x80..) => Some(Chunked::Trailer),
            (Chunked::TrailerLf, b'\n') => Some(Chunked::TrailerStart),
            (Chunked::LastLf, b'\n') => Some(Chunked::START),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(bytes: &[u8]) -> Fed {
        let mut chunked = Chunked::START;
        chunked.feed(bytes)
    }

    #[test]
    fn a_body_ends_with_its_last_chunk_and_its_trailers() {
        for body in [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "5;name=\"a b\"\r\nhello\r\n00\r\n\r\n",
            "5 \t;name\r\nhello\r\n0\r\n\r\n",
            "A\r\n0123456789\r\na;x\r\n0123456789\r\n0;y\r\nx-sum: 1\r\ny: 2\r\n\r\n",
        ] {
            let then = format!("{body}GET / HTTP/1.1\r\n");
            assert_eq!(whole(then.as_bytes()), Fed::End(body.len()), "{body:?}");
            // Whatever the pieces are that it comes in.
            let mut chunked = Chunked::START;
            for (at, byte) in body.bytes().enumerate() {
                let expected = if at + 1 == body.len() { Fed::End(1) } else { Fed::More };
                assert_eq!(chunked.feed(&[byte]), expected, "{body:?} at {at}");
            }
        }
    }

    #[test]
    fn what_two_parsers_could_read_differently_breaks_it() {
        for (body, at) in [
            ("\r\n", 0),
            ("+5\r\nhello\r\n", 0),
            ("0x5\r\nhello\r\n", 1),
            ("5\nhello\r\n", 1),
            ("5 \r\nhello\r\n", 2),
            ("5 5\r\nhello\r\n", 2),
            ("5;x\nhello\r\n", 3),
            ("5;x\rhello\r\n", 4),
            ("5;x\0\r\nhello\r\n", 3),
            ("5\r\nhello0\r\n", 8),
            ("5\r\nhello\n0\r\n", 8),
            ("00000000000000005\r\n", 16),
            ("0\r\nx: 1\n\r\n", 7),
            ("0\r\n\n", 3),
            ("0\r\n\rx", 4),
        ] {
            assert_eq!(whole(body.as_bytes()), Fed::Bad(at), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn the_pieces_do_not_matter(body in prop::collection::vec(prop::sample::select(&b"05a;x \r\n"[..]), 0..40), cut in 0usize..40) {
            let cut = cut.min(body.len());
            let mut chunked = Chunked::START;
            let pieces = match chunked.feed(&body[..cut]) {
                Fed::More => match chunked.feed(&body[cut..]) {
                    Fed::More => Fed::More,
                    Fed::End(end) => Fed::End(cut + end),
                    Fed::Bad(at) => Fed::Bad(cut + at),
                },
                first => first,
            };
            prop_assert_eq!(pieces, whole(&body));
        }
    }
}
