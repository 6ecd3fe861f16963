//! What a body asks for.

use std::borrow::Cow;

use kit_core::{Code, Error};
use serde::de::IgnoredAny;

use super::Config;
use crate::codec::{Decode as _, Json};
use crate::jsonrpc::Fault;
use crate::jsonrpc::message::{elements, is_id, is_version, members, string, trimmed};

/// What a body is: one request or several. Each is looked at when its turn comes.
pub(super) enum Message<'a> {
    One(Item<'a>),
    Batch(Vec<&'a str>),
}

/// One request, or what is there in its place.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Call(Call<'a>),
    Invalid(Invalid<'a>),
}

/// A request, as it was written.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) params: Option<&'a str>,
    /// None for a notification.
    pub(super) id: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct Invalid<'a> {
    /// Where it has one that can be given back.
    pub(super) id: Option<&'a str>,
    pub(super) error: Error,
}

/// Reads a body. What is wrong with all of it is one invalid item: a parse error, no batch, too long a batch.
pub(super) fn read<'a>(body: &'a [u8], config: &Config) -> Message<'a> {
    let text = match text(body) {
        Ok(text) => trimmed(text),
        Err(error) => return Message::One(Item::Invalid(Invalid { id: None, error })),
    };
    if !text.starts_with('[') {
        return Message::One(item(text, config));
    }
    let max_batch = config.max_batch;
    match elements(text, max_batch) {
        Some(batch) if batch.is_empty() => Message::One(invalid(None, "a batch has at least one request")),
        Some(batch) => Message::Batch(batch),
        None => Message::One(invalid(None, format!("a batch has at most {max_batch} requests"))),
    }
}

/// The request that an element of a batch is, or the whole body.
pub(super) fn item<'a>(text: &'a str, config: &Config) -> Item<'a> {
    let Some(found) = members(text, &["jsonrpc", "method", "params", "id"]) else {
        return invalid(None, "a request is an object");
    };
    let [version, method, params, id] = found.values;
    if found.repeated[3] || !id.is_none_or(is_id) {
        return invalid(None, "the id is one string, number or null");
    }
    if found.repeated.contains(&true) {
        return invalid(id, "a member stands twice");
    }
    let unversioned = config.unversioned && version.is_none_or(|version| version == "\"\"");
    if !(is_version(version) || unversioned) {
        return invalid(id, "jsonrpc must be \"2.0\"");
    }
    let Some(name) = method.and_then(string) else {
        return invalid(id, "the method must be a string");
    };
    if !params.is_none_or(|params| params.starts_with(['[', '{'])) {
        return invalid(id, "params must be an array or an object");
    }
    Item::Call(Call { name, params, id })
}

fn text(body: &[u8]) -> Result<&str, Error> {
    // Before all else: what is skipped is not looked at as closely as what is read.
    let text = std::str::from_utf8(body).map_err(|cause| {
        refused(Fault::Parse, "json_malformed", "the JSON is not UTF-8").with_field("valid_up_to", cause.valid_up_to())
    })?;
    let checked: Result<IgnoredAny, Error> = Json.decode(body);
    checked.map_err(|error| {
        let reason = error.reason().unwrap_or("json_malformed").to_owned();
        refused(Fault::Parse, reason, error.message().to_owned())
    })?;
    Ok(text)
}

fn invalid<'a>(id: Option<&'a str>, detail: impl Into<Cow<'static, str>>) -> Item<'a> {
    Item::Invalid(Invalid { id, error: refused(Fault::InvalidRequest, "invalid_request", detail) })
}

fn refused(fault: Fault, reason: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Error {
    Error::boundary(Code::InvalidArgument, fault).with_message(detail).with_reason(reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn small() -> Config {
        Config { max_batch: 3, ..Config::default() }
    }

    fn one(body: &str) -> Item<'_> {
        match read(body.as_bytes(), &small()) {
            Message::One(item) => item,
            Message::Batch(batch) => panic!("a batch of {}", batch.len()),
        }
    }

    #[track_caller]
    fn refused(body: &str) -> (Fault, Option<&str>) {
        match one(body) {
            Item::Invalid(invalid) => (*invalid.error.cause().expect("a fault"), invalid.id),
            Item::Call(call) => panic!("{call:?}"),
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let Item::Call(call) =
            one(" {\"id\": 1.0 ,\"params\" : [1, 2], \"m\":0, \"method\":\"a\\u0062\",\"jsonrpc\":\"2.0\"} ")
        else {
            panic!("a call");
        };
        assert_eq!((&*call.name, call.params, call.id), ("ab", Some("[1, 2]"), Some("1.0")));
        let Item::Call(call) = one(r#"{"jsonrpc":"2.0","method":""}"#) else { panic!("a call") };
        assert_eq!((&*call.name, call.params, call.id), ("", None, None));
    }

    #[test]
    fn what_is_no_request_is_refused_with_its_id_where_it_has_one() {
        for (body, id) in [
            ("1", None),
            ("\"text\"", None),
            ("null", None),
            ("{}", None),
            (r#"{"method":"a","id":1}"#, Some("1")),
            (r#"{"jsonrpc":2.0,"method":"a","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"1.0","method":"a","id":"x"}"#, Some("\"x\"")),
            (r#"{"JSONRPC":"2.0","method":"a","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":1,"id":null}"#, Some("null")),
            (r#"{"jsonrpc":"2.0","method":"\ud800","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"a","params":"bar","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"a","params":null,"id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"a","method":"b","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"a","id":true}"#, None),
            (r#"{"jsonrpc":"2.0","method":"a","id":[1]}"#, None),
            (r#"{"jsonrpc":"2.0","method":"a","id":{"a":1}}"#, None),
            (r#"{"jsonrpc":"2.0","method":"a","id":1,"id":1}"#, None),
        ] {
            assert_eq!(refused(body), (Fault::InvalidRequest, id), "{body}");
        }
    }

    #[test]
    fn a_version_that_is_missing_or_empty_is_read_where_that_is_asked_for_and_no_other() {
        let lenient = Config { unversioned: true, ..Config::default() };
        for (version, is_read) in [
            ("", true),
            (r#""jsonrpc":"","#, true),
            (r#""jsonrpc":"2.0","#, true),
            (r#""jsonrpc":"1.0","#, false),
            (r#""jsonrpc":null,"#, false),
            (r#""jsonrpc":2.0,"#, false),
            (r#""jsonrpc":"","jsonrpc":"","#, false),
        ] {
            let request = format!(r#"{{{version}"method":"a","id":1}}"#);
            assert_eq!(matches!(item(&request, &lenient), Item::Call(_)), is_read, "{request}");
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_a_parse_error() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for body in [
            "",
            " ",
            "{",
            "[",
            "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]",
            "1 1",
            &deep,
        ] {
            assert_eq!(refused(body), (Fault::Parse, None), "{body}");
        }
        let Message::One(Item::Invalid(invalid)) = read(b"{\"x\":\"\xff\"}", &small()) else { panic!("no UTF-8") };
        assert_eq!(invalid.error.cause(), Some(&Fault::Parse));
    }

    #[test]
    fn a_batch_has_at_least_one_request_and_at_most_as_many_as_it_may() {
        assert_eq!(refused("[]"), (Fault::InvalidRequest, None));
        assert_eq!(refused("[1,2,3,4]"), (Fault::InvalidRequest, None));
        assert!(matches!(read(b"[1,2,3]", &small()), Message::Batch(batch) if batch == ["1", "2", "3"]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Message::Batch(batch) = read(&bytes, &Config::default()) {
                batch.into_iter().for_each(|element| drop(item(element, &Config::default())));
            }
        }

        #[test]
        fn any_members_are_read_or_refused(
            body in r#"\{("(jsonrpc|method|params|id|x)": ?("2\.0"|"a"|1|null|\[1\]|\{\}|"\\ud8") ?,? ?){0,6}\}"#
        ) {
            if let Message::One(Item::Call(call)) = read(body.as_bytes(), &small()) {
                prop_assert!(["a", "2.0"].contains(&&*call.name));
            }
        }
    }
}
