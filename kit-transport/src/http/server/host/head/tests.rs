use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { head: 256, headers: 4, uri: 32 };

/// What comes of these pieces: what passes to hyper, and why the scanner refused, with the number of the head.
#[derive(Debug, PartialEq)]
struct Scanned {
    passed: String,
    refused: Option<(u64, Refused)>,
    broken: bool,
    heads: u64,
    place: Place,
}

fn scan<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Scanned {
    let mut scanner = Scanner::new(LIMITS);
    let (mut passed, mut refused, mut broken) = (Vec::new(), None, false);
    for piece in pieces {
        match scanner.feed(piece) {
            None => passed.extend_from_slice(piece),
            Some(Cut::Head { keep, ending, refused: reason }) => {
                passed.extend_from_slice(&piece[..keep]);
                passed.extend_from_slice(ending);
                refused = Some((scanner.heads(), reason));
                break;
            }
            Some(Cut::Body { keep }) => {
                passed.extend_from_slice(&piece[..keep]);
                broken = true;
                break;
            }
        }
    }
    let (heads, place) = (scanner.heads(), scanner.place());
    Scanned { passed: String::from_utf8_lossy(&passed).into_owned(), refused, broken, heads, place }
}

fn whole(bytes: &str) -> Scanned {
    scan([bytes.as_bytes()])
}

fn refused(bytes: &str) -> Option<Refused> {
    whole(bytes).refused.map(|(_, refused)| refused)
}

#[test]
fn what_is_in_order_passes_untouched() {
    for (bytes, heads, place) in [
        ("", 0, Place::Between),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 1, Place::Between),
        ("\r\nGET / HTTP/1.1\r\nHost:a\r\n\r\n", 1, Place::Between),
        ("GET / HTTP/1.0\r\n\r\n", 1, Place::Between),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nHOST: b\r\n\r\nGET", 2, Place::Head),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nab\n", 1, Place::Between),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab\n", 1, Place::Fixed),
        ("POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\n\r\n", 1, Place::Head),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n", 1, Place::Chunked),
        // hyper refuses these.
        ("GET / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\n", 1, Place::Over),
        ("GET / HTTP/1.1\r\nhost: a\r\ncontent-length : 5\r\n\r\n", 1, Place::Between),
        ("GARBAGE\r\nhost: a\r\n\r\n", 1, Place::Between),
    ] {
        let passed = bytes.to_owned();
        assert_eq!(whole(bytes), Scanned { passed, refused: None, broken: false, heads, place }, "{bytes:?}");
    }
}

#[test]
fn what_is_refused_ends_there_as_a_whole_request() {
    let head = "GET / HTTP/1.1\r\nhost: a\r\n";
    let long = "a".repeat(300);
    for (bytes, reason, passed) in [
        ("\nGET / HTTP/1.1\r\n".to_owned(), Refused::BareLineFeed, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("GET /x HTTP/1.1\nhost: a\r\n\r\n".to_owned(), Refused::BareLineFeed, "GET /x HTTP/1.1\r\n\r\n".to_owned()),
        (format!("{head}x: y\n\r\n"), Refused::BareLineFeed, format!("{head}x: y\r\n\r\n")),
        (format!("{head}\n"), Refused::BareLineFeed, format!("{head}\r\n")),
        (format!("{head}HOST: a\r\n\r\nmore"), Refused::HostRepeated, format!("{head}HOST: a\r\n\r\n")),
        (format!("GET /{long} HTTP/1.1\r\n"), Refused::UriTooLong, format!("GET /{} HTTP/1.1\r\n\r\n", &long[..31])),
        (format!("GET /{long}"), Refused::UriTooLong, format!("GET /{} HTTP/1.1\r\n\r\n", &long[..31])),
        (long.clone(), Refused::HeadTooLarge, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        (format!("{head}x: {long}\r\n\r\n"), Refused::HeadTooLarge, format!("{head}\r\n")),
        (
            format!("{head}a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n"),
            Refused::TooManyHeaders,
            format!("{head}a: 1\r\nb: 2\r\nc: 3\r\n\r\n"),
        ),
    ] {
        let scanned = whole(&bytes);
        assert_eq!((scanned.refused, scanned.passed), (Some((1, reason)), passed), "{bytes:?}");
    }
}

#[test]
fn a_line_that_passed_in_part_is_made_a_line() {
    let long = "a".repeat(300);
    for (first, passed) in [
        ("POST".to_owned(), "POST / HTTP/1.1\r\n\r\n".to_owned()),
        ("POST /x".to_owned(), "POST /x HTTP/1.1\r\n\r\n".to_owned()),
        ("GET / HTTP/1.1\r\nname".to_owned(), "GET / HTTP/1.1\r\nname:\r\n\r\n".to_owned()),
        ("GET / HTTP/1.1\r\nname: val".to_owned(), "GET / HTTP/1.1\r\nname: val\r\n\r\n".to_owned()),
        ("GET / HTTP/1.1\r\nname: val\r".to_owned(), "GET / HTTP/1.1\r\nname: val\r\n\r\n".to_owned()),
    ] {
        let scanned = scan([first.as_bytes(), long.as_bytes()]);
        let reason = if first.ends_with("/x") { Refused::UriTooLong } else { Refused::HeadTooLarge };
        let passed = match reason {
            Refused::UriTooLong => format!("POST /x{} HTTP/1.1\r\n\r\n", &long[..30]),
            _ => passed,
        };
        assert_eq!((scanned.refused, scanned.passed), (Some((1, reason)), passed), "{first:?}");
    }
}

#[test]
fn heads_that_two_parsers_could_read_differently_are_refused() {
    let with = |headers: &str| refused(&format!("POST / HTTP/1.1\r\n{headers}\r\n"));
    for (headers, reason) in [
        ("", Refused::HostMissing),
        ("hosts: a\r\n", Refused::HostMissing),
        ("host: a\r\nHost: a\r\n", Refused::HostRepeated),
        ("host: a b\r\n", Refused::HostInvalid),
        ("host:\r\n", Refused::HostInvalid),
        ("host: a, a\r\n", Refused::HostInvalid),
        ("host: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n", Refused::LengthAndCoding),
        ("host: a\r\ntransfer-encoding: chunked\r\ncontent-length: 0\r\n", Refused::LengthAndCoding),
        ("host: a\r\ncontent-length: 1\r\ncontent-length: 1\r\n", Refused::LengthRepeated),
        ("host: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n", Refused::LengthRepeated),
        ("host: a\r\ntransfer-encoding: gzip, chunked\r\n", Refused::Coding),
        ("host: a\r\ntransfer-encoding: identity\r\n", Refused::Coding),
        ("host: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", Refused::Coding),
        ("host: a\r\ntransfer-encoding: \u{b}chunked\r\n", Refused::Coding),
        ("host: a\r\nauthorization: a\r\nAuthorization: b\r\n", Refused::AuthorizationRepeated),
    ] {
        assert_eq!(with(headers), Some(reason), "{headers:?}");
    }
    assert_eq!(refused("GET /#a HTTP/1.1\r\nhost: a\r\n\r\n"), Some(Refused::Target));
    // HTTP/1.0 needs no host, but if there is one it is one.
    assert_eq!(refused("GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n"), Some(Refused::HostRepeated));
}

#[test]
fn the_head_that_is_refused_is_told_by_its_number_and_nothing_passes_after_it() {
    let good = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx";
    let scanned = whole(&format!("{good}{good}GET / HTTP/1.1\r\n\r\n{good}"));
    assert_eq!(scanned.refused, Some((3, Refused::HostMissing)));
    assert_eq!(scanned.passed, format!("{good}{good}GET / HTTP/1.1\r\n\r\n"));
    assert_eq!(scanned.place, Place::Over);
}

#[test]
fn a_malformed_chunk_breaks_its_body() {
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let scanned = whole(&format!("{head}3\r\nabc\r\n3\nabc"));
    assert!(scanned.broken);
    assert_eq!(scanned.passed, format!("{head}3\r\nabc\r\n3"));
}

fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "GET / HTTP/1.1\r\n",
            "POST /abc HTTP/1.1\r\n",
            "GET / HTTP/1.0\r\n",
            "GET /#f HTTP/1.1\r\n",
            "host: a\r\n",
            "Host: b\r\n",
            "host: \r\n",
            "content-length: 7\r\n",
            "content-length: x\r\n",
            "transfer-encoding: chunked\r\n",
            "x: y\r\n",
            "x: y\n",
            "\r\n",
            "\r\n",
            "\r\n",
            "\n",
            "3\r\nabc\r\n",
            "0\r\n\r\n",
            "0123456",
            "authorization: x\r\n",
            "GET /0123456789012345678901234567890123456789",
        ][..],
    )
}

proptest! {
    #[test]
    fn the_pieces_that_a_connection_brings_do_not_matter(
        lines in prop::collection::vec(line(), 0..14),
        cuts in prop::collection::vec(0usize..200, 0..6),
    ) {
        let bytes = lines.concat();
        let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        places.sort_unstable();
        let pieces = places.windows(2).map(|pair| &bytes.as_bytes()[pair[0]..pair[1]]).filter(|piece| !piece.is_empty());
        let (cut, whole) = (scan(pieces), whole(&bytes));
        prop_assert_eq!((cut.refused, cut.broken, cut.heads), (whole.refused, whole.broken, whole.heads));
        if whole.refused.is_none() {
            prop_assert_eq!(cut, whole);
        }
    }

    #[test]
    fn whatever_comes_is_bounded_and_never_panics(bytes in prop::collection::vec(0u8..128, 0..600)) {
        let scanned = scan(bytes.chunks(7));
        prop_assert!(scanned.heads > 0 || scanned.passed.len() <= LIMITS.head + 32);
    }
}
