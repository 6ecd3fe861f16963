//! What a caller wants its answer to be.
//!
//! # Source
//! RFC 9110, 12.4.2 (weights) and 12.5.1.

use std::cmp::Reverse;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};

use super::Codecs;
use crate::http::server::extract::media::{Elements, Parameters, is_token, is_utf8};

/// The codec that these headers want an answer by; `None` if they accept none.
pub(super) fn choose<K: Codecs>(codecs: &K, headers: &HeaderMap) -> Option<usize> {
    let own = own(codecs, headers);
    if ranges(headers).next().is_none() {
        return Some(own.unwrap_or(0));
    }
    let wishes = (0..K::COUNT).filter_map(|codec| {
        let (weight, precision) = wish(headers, codecs.content_type(codec), codecs.aliases(codec))?;
        // Of equals the first has the least.
        Some((Reverse((weight, precision, own == Some(codec))), codec))
    });
    wishes.min().map(|(_, codec)| codec)
}

/// The codec that the request itself is written in.
fn own<K: Codecs>(codecs: &K, headers: &HeaderMap) -> Option<usize> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?.trim_ascii().to_ascii_lowercase();
    (0..K::COUNT).find(|&codec| codecs.reads(codec, &essence))
}

/// How much a media type is wanted, and how precisely it was named. Of the ranges that it is in only the most precise
/// counts.
fn wish(headers: &HeaderMap, content_type: &str, aliases: &[&str]) -> Option<(u16, Precision)> {
    let named = ranges(headers).filter_map(|range| Some((range.holds(content_type, aliases)?, range.weight)));
    let (precision, weight) = named.max()?;
    (weight > 0).then_some((weight, precision))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Any,
    Family,
    Type,
}

/// One element of the header, such as `text/*;q=0.5`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Whether it has parameters that change what it means: nothing here has any.
    parametrized: bool,
    /// In thousandths.
    weight: u16,
}

impl Range<'_> {
    fn holds(&self, content_type: &str, aliases: &[&str]) -> Option<Precision> {
        let is = |name: &str| {
            let (kind, subtype) = name.split_once('/').unwrap_or((name, ""));
            self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
        };
        let family = || content_type.split_once('/').is_some_and(|(kind, _)| self.kind.eq_ignore_ascii_case(kind));
        match (self.kind, self.subtype) {
            _ if self.parametrized => None,
            ("*", "*") => Some(Precision::Any),
            (_, "*") => family().then_some(Precision::Family),
            _ => (is(content_type) || aliases.iter().any(|alias| is(alias))).then_some(Precision::Type),
        }
    }
}

/// All that is well formed. What is not is passed over, as if nobody had said it.
fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| Elements::new(value, b',')).filter_map(range)
}

fn range(element: &str) -> Option<Range<'_>> {
    let (essence, parameters) = element.split_once(';').unwrap_or((element, ""));
    let (kind, subtype) = essence.trim_ascii().split_once('/')?;
    if !is_token(kind) || !is_token(subtype) || (kind == "*" && subtype != "*") {
        return None;
    }
    let (mut weight, mut parametrized) = (1000, false);
    for (name, value) in Parameters::new(parameters) {
        if name.eq_ignore_ascii_case("q") {
            weight = thousandths(value)?;
            // What follows a weight is an extension, of which none was ever defined.
            break;
        }
        // Everything here is UTF-8 anyway.
        parametrized |= !(name.is_empty() || name.eq_ignore_ascii_case("charset") && is_utf8(value));
    }
    Some(Range { kind, subtype, parametrized, weight })
}

/// `0`, `1`, or such a number with up to three digits behind its point, from 0 to 1.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, digits) = weight.split_once('.').unwrap_or((weight, ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = format!("{digits:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Codec, Json};

    #[derive(Clone, Copy)]
    struct Other(&'static str, &'static [&'static str]);

    impl Codec for Other {
        fn content_type(&self) -> &'static str {
            self.0
        }

        fn aliases(&self) -> &'static [&'static str] {
            self.1
        }
    }

    const CODECS: (Json, Other, Other) =
        (Json, Other("application/cbor", &[]), Other("text/csv", &["text/comma-separated-values"]));

    /// By name, for the content type and each value of `Accept`.
    fn chosen(content_type: Option<&str>, accept: &[&str]) -> Option<&'static str> {
        let accept = accept.iter().map(|value| (ACCEPT, value.parse().unwrap()));
        let own = content_type.map(|value| (CONTENT_TYPE, value.parse().unwrap()));
        let headers: HeaderMap = accept.chain(own).collect();
        choose(&CODECS, &headers).map(|codec| ["json", "cbor", "csv"][codec])
    }

    #[test]
    fn without_a_wish_the_requests_own_codec_answers_or_the_first() {
        assert_eq!(chosen(None, &[]), Some("json"));
        assert_eq!(chosen(Some("Application/CBOR; x=y"), &[]), Some("cbor"));
        assert_eq!(chosen(Some("application/vnd.shop+json"), &[]), Some("json"));
        assert_eq!(chosen(Some("image/png"), &[]), Some("json"));
        // The same for what nobody can read.
        for accept in
            ["", ",", "json", "*", "*/json", "a b/c", "application/cbor;q=x", "text/csv;q=1.5", "text/csv;q=0.1234"]
        {
            assert_eq!(chosen(None, &[accept]), Some("json"), "{accept:?}");
        }
    }

    #[test]
    fn the_highest_weight_wins_and_the_most_precise_range_sets_it() {
        for (accept, name) in [
            ("application/cbor", "cbor"),
            ("APPLICATION/CBOR", "cbor"),
            ("application/json;q=0.2, application/cbor;q=0.8, text/csv;q=0.5", "cbor"),
            ("application/*;q=0.2, text/*;q=0.3", "csv"),
            ("*/*;q=0.9, application/json;q=0.1, application/cbor;q=0.2", "csv"),
            ("application/*, application/json;q=0", "cbor"),
            ("text/csv;q=0.001, application/json;q=0.0", "csv"),
            ("text/comma-separated-values", "csv"),
            ("text/html, application/json;charset=utf-8", "json"),
            ("application/cbor; q=0.5 ; ext=1, text/html", "cbor"),
            ("application/cbor;Q=1.000,application/json;q=0.999", "cbor"),
            ("text/html;level=\"a,b;q=1\", application/cbor", "cbor"),
            ("application/json;version=2, */*;q=0.1", "json"),
            ("application/json;version=2, application/cbor;q=0.1", "cbor"),
        ] {
            assert_eq!(chosen(None, &[accept]), Some(name), "{accept}");
        }
        assert_eq!(
            chosen(None, &["application/json;q=0.5", "text/html, text/csv"]),
            Some("csv"),
            "two headers are one list"
        );
    }

    #[test]
    fn of_equals_the_named_one_wins_then_the_requests_own_then_the_first() {
        assert_eq!(chosen(None, &["*/*"]), Some("json"));
        assert_eq!(chosen(Some("application/cbor"), &["*/*"]), Some("cbor"));
        assert_eq!(chosen(Some("application/cbor"), &["*/*, text/*"]), Some("csv"));
        assert_eq!(chosen(Some("text/csv"), &["application/cbor, */*"]), Some("cbor"));
        assert_eq!(chosen(Some("text/csv"), &["application/cbor, application/json"]), Some("json"));
    }

    #[test]
    fn nobody_answers_where_nothing_is_accepted() {
        for accept in [
            "text/html",
            "application/vnd.shop+json",
            "application/problem+json",
            "*/*;q=0",
            "application/json;q=0, application/cbor;q=0.000, text/*;q=0",
            "application/json;version=2",
            "image/*",
        ] {
            assert_eq!(chosen(Some("application/json"), &[accept]), None, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_chosen_by_or_refused(
            accept in proptest::collection::vec(
                "([\\x20-\\x7e]{0,60}|(application/json|text/\\*|\\*/\\*)?(;q=[01](\\.[0-9]{0,4})?)?[,; ]?){0,5}",
                0..3,
            ),
        ) {
            let accept: Vec<&str> = accept.iter().map(String::as_str).collect();
            let chosen = chosen(Some("text/csv"), &accept);
            if !accept.concat().contains('/') {
                prop_assert_eq!(chosen, Some("csv"));
            }
        }
    }
}
