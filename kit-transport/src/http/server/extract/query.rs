use kit_core::{Code, Context, Error};
use serde::de::DeserializeOwned;

use super::FromRequest;
use crate::codec::urlencoded::{self, Fault};
use crate::http::Request;

/// The query of the URI, read into a struct or a map.
///
/// A field of one value is there once; a `Vec` takes a name that is there several times. An optional field is `None` when it is
/// absent and when it is empty, since a form sends what was left empty too. What a struct does not know is ignored, unless it says
/// `#[serde(deny_unknown_fields)]`.
///
/// ```
/// use kit_transport::http::server::extract::{Query, extract};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct List {
///     page: Option<u32>,
///     #[serde(default)]
///     tag: Vec<String>,
/// }
///
/// let list = extract(|Query(list): Query<List>| Ok(list)); // ?page=2&tag=new&tag=on+sale
/// ```
///
/// Inside `#[serde(flatten)]` and tagged enums every value is a text: serde does not say there what it wants.
///
/// # Errors
/// 400 with a [`QueryError`]. A bug (500) for a type that no query can become, such as a number or a struct within a struct.
///
/// # Source
/// WHATWG URL, `application/x-www-form-urlencoded` parsing; stricter in that bad encoding is refused and not replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// The query of a request does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A percent escape is broken, or what they spell is not UTF-8.
    #[error("the query is not UTF-8 in percent encoding")]
    Encoding,
    /// A parameter is missing.
    #[error("the query parameter \"{name}\" is missing")]
    Missing {
        /// The parameter.
        name: &'static str,
    },
    /// A parameter that the type forbids.
    #[error("the query parameter \"{name}\" is unknown")]
    Unknown {
        /// The parameter, shortened.
        name: String,
    },
    /// A value is not one of its type.
    #[error("the query parameter \"{name}\" does not fit: {complaint}")]
    Mismatch {
        /// The parameter, shortened.
        name: String,
        /// What its type said, shortened.
        complaint: String,
    },
    /// Every value is one of its type, and together they are refused.
    #[error("the query does not fit: {complaint}")]
    Refused {
        /// What the type said, shortened.
        complaint: String,
    },
    /// No query can become the type: a bug.
    #[error("no query can be read into the type: {problem}")]
    Type {
        /// What is wrong.
        problem: String,
    },
}

impl QueryError {
    fn into_error(self) -> Error {
        let reason = match self {
            QueryError::Type { .. } => return Error::bug(self),
            QueryError::Encoding => "query_encoding",
            _ => "query_mismatch",
        };
        let message = self.to_string();
        Error::boundary(Code::InvalidArgument, self).with_message(message).with_reason(reason)
    }
}

impl From<Fault> for QueryError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused { name: Some(name), complaint } => QueryError::Mismatch { name, complaint },
            Fault::Refused { name: None, complaint } => QueryError::Refused { complaint },
            Fault::Missing(name) => QueryError::Missing { name },
            Fault::Unknown(name) => QueryError::Unknown { name },
            fault @ Fault::Unfit(_) => QueryError::Type { problem: fault.to_string() },
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequest for Query<T> {
    async fn from_request(_cx: &mut Context, request: &mut Request) -> Result<Self, Error> {
        read(request.uri().query().unwrap_or_default()).map(Query).map_err(QueryError::into_error)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, QueryError> {
    Ok(urlencoded::read(query).ok_or(QueryError::Encoding)??)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::codec::ECHO_LIMIT;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct List {
        page: Option<u32>,
        q: Option<String>,
        tag: Vec<String>,
        range: Option<(u8, u8)>,
        deep: bool,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        page: u32,
    }

    fn mismatch(name: &str, complaint: &str) -> QueryError {
        QueryError::Mismatch { name: name.to_owned(), complaint: complaint.to_owned() }
    }

    #[test]
    fn reads_what_a_form_writes() {
        let list = List {
            page: Some(2),
            q: Some("a b&c=d é".into()),
            tag: vec!["new".into(), String::new(), "on+sale".into()],
            range: Some((1, 9)),
            deep: true,
        };
        let query = "tag=new&page=2&q=a+b%26c%3Dd+%c3%a9&x=1&tag=&range=1&deep=true&range=9&tag=on%2Bsale";
        assert_eq!(read(query), Ok(list));
        for query in ["", "&&", "page=", "page&q", "unknown=%20"] {
            assert_eq!(read(query), Ok(List::default()), "{query:?}");
        }
        assert_eq!(read("q=a=b"), Ok(List { q: Some("a=b".into()), ..List::default() }));
        assert_eq!(read("page=7"), Ok(Strict { page: 7 }));
        let map: BTreeMap<u8, Vec<char>> = read("2=b&1=a&2=c").unwrap();
        assert_eq!(map, BTreeMap::from([(1, vec!['a']), (2, vec!['b', 'c'])]));
    }

    #[test]
    fn what_does_not_fit_names_its_parameter() {
        assert_eq!(read::<List>("page=x"), Err(mismatch("page", "invalid digit found in string")));
        assert_eq!(read::<List>("page=1&page=1"), Err(mismatch("page", "it is there more than once")));
        assert_eq!(read::<List>("range=1"), Err(mismatch("range", "it is there 1 times, not 2")));
        assert_eq!(read::<List>("range=1&range=x"), Err(mismatch("range", "invalid digit found in string")));
        assert_eq!(read::<Strict>(""), Err(QueryError::Missing { name: "page" }));
        assert_eq!(read::<Strict>("page=1&pge=2"), Err(QueryError::Unknown { name: "pge".into() }));
        assert_eq!(read::<Strict>("page="), Err(mismatch("page", "cannot parse integer from empty string")));
    }

    #[test]
    fn bad_encoding_is_refused_and_not_replaced() {
        for query in ["q=%", "q=%ff", "%c3=1", "unread=100%", "q=%e2%82"] {
            assert_eq!(read::<List>(query), Err(QueryError::Encoding), "{query:?}");
        }
    }

    #[test]
    fn a_type_that_no_query_can_become_is_a_bug() {
        for error in [
            read::<u32>("1").unwrap_err(),
            read::<u32>("a=1").unwrap_err(),
            read::<Vec<String>>("a=1").unwrap_err(),
            read::<BTreeMap<String, Strict>>("a=1").unwrap_err(),
        ] {
            assert!(matches!(error, QueryError::Type { .. }), "{error}");
            assert!(error.into_error().is_bug());
        }
    }

    #[test]
    fn an_echo_is_short_however_its_characters_are_written() {
        #[derive(Debug, Deserialize)]
        enum Kind {}
        for c in ["\u{200b}", "\u{80}", "\"", "\\", "é"] {
            let error = read::<BTreeMap<String, Kind>>(&format!("{0}={0}", c.repeat(300))).unwrap_err().into_error();
            assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message());
        }
    }

    fn check(result: Result<(), QueryError>) -> Result<(), TestCaseError> {
        if let Err(error) = result.map_err(QueryError::into_error) {
            prop_assert_eq!(error.code(), Code::InvalidArgument, "{:?}", error);
            prop_assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message());
            prop_assert!(!error.message().chars().any(char::is_control));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_the_callers_mistake(
            query in "(?s)(page=|q=|tag=|range=|deep=|.{0,9}=)?.{0,200}|(page|q|tag|%[0-9a-f]{2}|[&=+%]){0,30}",
        ) {
            check(read::<List>(&query).map(drop))?;
            check(read::<Strict>(&query).map(drop))?;
            check(read::<BTreeMap<String, u8>>(&query).map(drop))?;
            check(read::<BTreeMap<u8, bool>>(&query).map(drop))?;
        }

        #[test]
        fn any_pairs_survive_the_query(pairs in proptest::collection::btree_map("(?s).{0,9}", "(?s).{0,9}", 0..9)) {
            let escape = |text: &String| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
            prop_assert_eq!(read::<BTreeMap<String, String>>(&query.join("&")), Ok(pairs));
        }
    }
}
