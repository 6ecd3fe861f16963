//! RFC 8259, rule by rule: what every reader must accept, what none may, and what we do where the RFC leaves it open. The
//! groups are those that Nicolas Seriot's JSONTestSuite has made usual.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

/// As a value, and as something that nobody reads.
fn is_read(text: &[u8]) -> (bool, bool) {
    let value = Decode::<Value>::decode(&Json, text);
    let ignored = Decode::<IgnoredAny>::decode(&Json, text);
    for error in value.as_ref().err().into_iter().chain(ignored.as_ref().err()) {
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().len() <= ECHO_LIMIT && error.reason().is_some(), "{error:?}");
    }
    (value.is_ok(), ignored.is_ok())
}

#[track_caller]
fn all_read(group: &str, texts: &[&[u8]]) {
    for text in texts {
        assert_eq!(is_read(text), (true, true), "{group}: {}", text.escape_ascii());
    }
}

#[track_caller]
fn none_read(group: &str, texts: &[&[u8]]) {
    for text in texts {
        assert_eq!(is_read(text), (false, false), "{group}: {}", text.escape_ascii());
    }
}

#[test]
fn structures() {
    all_read(
        "any value may stand alone, with white space round everything",
        &[
            b"null",
            b"true",
            b"false",
            b"0",
            b"\"\"",
            b"[]",
            b"{}",
            b" [ ] ",
            b"\t{\r\n} ",
            b"[null,1,\"1\",{}]",
            b" [1 ,\t2\n] ",
            b"{\"a\":[{\"b\":{}}]}",
            b"[[[[[[]]]]]]",
        ],
    );
    none_read(
        "nothing, too little, too much, the wrong brackets",
        &[
            b"",
            b" ",
            b"[",
            b"]",
            b"{",
            b"}",
            b"[1",
            b"[1,",
            b"{\"a\"",
            b"{\"a\":",
            b"{\"a\":1",
            b"{\"a\":1,",
            b"[1}",
            b"{\"a\":1]",
            b"[]]",
            b"{}}",
            b"[1]x",
            b"1 2",
            b"{}{}",
            b"[] \"\"",
            b"null,",
            b"<null>",
            b"[<null>]",
            b"*",
            b"[*]",
            b"#{}",
            b"\x00",
            b"[1]\x00",
            b"[\x00]",
            b"{\"a\":1}#",
            b"[1]\xe2\x81\xa0",
        ],
    );
    none_read(
        "white space of other alphabets",
        &[b"\x0b[]", b"\x0c[]", b"[]\x0c", b"\xc2\xa0[]", b"\xe2\x80\xa8[]", b"\xe3\x80\x80[]", b"\xc2\x85[]"],
    );
    none_read("comments", &[b"/**/[]", b"[1]//x", b"[1/**/]", b"{\"a\":/*x*/1}", b"# x\n[]"]);
}

#[test]
fn arrays_and_objects() {
    none_read(
        "commas of an array",
        &[
            b"[,]",
            b"[,1]",
            b"[1,]",
            b"[1,,2]",
            b"[1 2]",
            b"[1:2]",
            b"[\"a\":1]",
            b"[\"a\" \"b\"]",
            b"[1,\n1\n,1",
            b"[,",
            b"[[]",
        ],
    );
    none_read(
        "members of an object",
        &[
            b"{,}",
            b"{\"a\":1,}",
            b"{\"a\":1,,\"b\":2}",
            b"{\"a\" 1}",
            b"{\"a\",1}",
            b"{\"a\"}",
            b"{\"a\"::1}",
            b"{\"a\":}",
            b"{:1}",
            b"{1:1}",
            b"{null:1}",
            b"{a:1}",
            b"{'a':1}",
            b"{[]:1}",
            b"{\"a\":1 \"b\":2}",
            b"{\"a\":1;\"b\":2}",
            b"{\"a\":\"b\"}#",
            b"{\"a\":1}}",
            b"{\"a\": a}",
            b"{\xf0\x9f\x87\xa8}",
        ],
    );
    all_read(
        "any text is a name, and may be there twice",
        &[
            b"{\"\":0}",
            b"{\"\\u0000\":0}",
            b"{\"\xc3\xa9\":0}",
            b"{\"a\":1,\"a\":1}",
            b"{\"a\":1,\"a\":2}",
            b"{\"a\":1,\"\\u0061\":2}",
        ],
    );
    let last: Value = Json.decode(b"{\"a\":1,\"a\":2}").unwrap();
    assert_eq!(last["a"], 2, "in a map the last one wins");
}

#[test]
fn numbers() {
    all_read(
        "numbers",
        &[
            b"0",
            b"-0",
            b"-1",
            b"10",
            b"123456789",
            b"0.0",
            b"-0.1",
            b"1.5",
            b"0e0",
            b"0e+1",
            b"1E5",
            b"1e-05",
            b"1E+2",
            b"1.5e3",
            b"[-0.0]",
            b"20e1",
            b"-123.456e-7",
            b"18446744073709551615",
            b"-9223372036854775808",
            b"100000000000000000000000",
            b"0.000000000000000000000000000000000000000000000000000001",
            b"1e-400",
            b"-1e-400",
        ],
    );
    none_read(
        "no numbers",
        &[
            b"-",
            b"+1",
            b"--1",
            b"01",
            b"-01",
            b"00",
            b"-012",
            b"1.",
            b".5",
            b"-.5",
            b"1.e1",
            b"0.e1",
            b"1e",
            b"1e+",
            b"1E-",
            b"1eE2",
            b"1e1.5",
            b"1.5.5",
            b"1,5",
            b"0x1F",
            b"0b1",
            b"1_000",
            b"1 000",
            b"- 1",
            b"+Inf",
            b"Infinity",
            b"-Infinity",
            b"NaN",
            b"-NaN",
            b"nan",
            b"Inf",
            b"1a",
            b"1e1a",
            b"0.3e",
            b"0.3e+",
            b"1.0e",
            b"9.e+",
            b"[-2.]",
            b"[1+2]",
            b"\xef\xbc\x91",
            b"1/2",
            b"-x",
            b"1\x80",
        ],
    );
}

#[test]
fn literals() {
    none_read(
        "only three words, in lower case",
        &[
            b"nul",
            b"tru",
            b"fals",
            b"True",
            b"FALSE",
            b"Null",
            b"nill",
            b"undefined",
            b"truee",
            b"nullnull",
            b"[true false]",
            b"trueX",
            b"none",
        ],
    );
}

#[test]
fn strings() {
    all_read(
        "texts",
        &[
            b"\"a\"",
            b"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            b"\"\\u0041\\u00e9\\u20AC\"",
            b"\"\\uD834\\uDD1E\"",
            b"\"\\u0000\"",
            b"\"\\uFFFF\"",
            b"\"/\"",
            b"\"\x7f\"",
            b"\" \"",
            b"\"\xe2\x82\xac\"",
            b"\"\xf0\x9d\x84\x9e\"",
            b"\"\xf4\x8f\xbf\xbf\"",
            b"\"\xe2\x80\xa8\xe2\x80\xa9\"",
            b"\"\xef\xbb\xbf\"",
            b"\"\\\\u0000\"",
            b"\"/* no comment */\"",
            b"\"[[[[\"",
            b"\"\\uDBFF\\uDFFF\"",
            b"\"\xef\xbf\xbf\"",
        ],
    );
    none_read(
        "quotes",
        &[
            b"\"",
            b"\"a",
            b"a",
            b"'a'",
            b"a\"",
            b"\"a\"b",
            b"\"\"\"",
            b"\"\\\"",
            b"`a`",
            b"[\"]",
            b"[\"a]",
            b"\\u0022a\\u0022",
        ],
    );
    none_read(
        "escapes",
        &[
            b"\"\\",
            b"\"\\a\"",
            b"\"\\x41\"",
            b"\"\\'\"",
            b"\"\\0\"",
            b"\"\\u\"",
            b"\"\\u00\"",
            b"\"\\u00G0\"",
            b"\"\\u 041\"",
            b"\"\\U0041\"",
            b"\"\\u{41}\"",
            b"\"\\\n\"",
            b"\"\\\xc3\xa9\"",
            b"\"\\ud800\\u\"",
            b"\"\\ud800\\u1\"",
            b"\"\\ud800\\x\"",
            b"\"\\v\"",
        ],
    );
    none_read(
        "control characters that are not escaped",
        &[b"\"\x00\"", b"\"\x01\"", b"\"a\nb\"", b"\"a\tb\"", b"\"\r\"", b"\"\x1f\"", b"{\"\x00\":1}", b"[\"\x0b\"]"],
    );
}

#[test]
fn everything_is_utf8_also_where_nobody_reads() {
    none_read(
        "broken, overlong, surrogates, past the end, other encodings",
        &[
            b"\"\xff\"",
            b"\"\x80\"",
            b"\"\xc3\"",
            b"\"\xe2\x82\"",
            b"\"\xc0\xaf\"",
            b"\"\xe0\x80\xaf\"",
            b"\"\xed\xa0\x80\"",
            b"\"\xf4\x90\x80\x80\"",
            b"\"\xfc\x83\xbf\xbf\xbf\xbf\"",
            b"\"\xe9\"",
            b"{\"\xff\":1}",
            b"[\xff]",
            b"\xff\xfe[\x00]\x00",
            b"\x00[\x00]",
            b"[\x00]\x00",
            b"\"a\x00\"\x00",
        ],
    );
}

#[test]
fn what_the_rfc_leaves_open() {
    // A byte order mark may be passed over, or not.
    none_read("a byte order mark", &[b"\xef\xbb\xbf[]", b"\xef\xbb\xbf"]);
    // What a value cannot hold is refused where it is read. Nobody reads it: its grammar is right.
    for text in [
        &b"1e400"[..],
        b"-1e400",
        b"123123e100000",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\\ud800\\ud800\"",
        b"\"\\ud800a\"",
        b"[\"\\uDD1E\\uD834\"]",
    ] {
        assert!(!is_read(text).0, "{}", text.escape_ascii());
    }
    let largest: u64 = Json.decode(b"18446744073709551615").unwrap();
    assert_eq!(largest, u64::MAX, "a whole number is exact");
    assert!(Decode::<u64>::decode(&Json, b"18446744073709551616").is_err(), "and one that does not fit is refused");
    // Depth.
    let nested = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
    assert_eq!(is_read(&nested(Json::DEPTH)), (true, true));
    assert_eq!(is_read(&nested(Json::DEPTH + 1)), (false, false));
    assert_eq!(is_read(&vec![b'['; 100_000]), (false, false));
    assert_eq!(is_read(&b"{\"\":".repeat(100_000)), (false, false));
}
