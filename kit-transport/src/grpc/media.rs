//! What makes a call one of gRPC: its content type.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method as Verb, Version};

use crate::codec::Codec;

/// The media type of every gRPC call; what follows a plus says how its messages are written.
pub(crate) const CONTENT: &str = "application/grpc";

/// Whether who sent this reads gRPC, so that errors are answered as statuses of it.
pub(crate) fn is_call(version: Version, verb: &Verb, headers: &HeaderMap) -> bool {
    version == Version::HTTP_2
        && verb == Verb::POST
        && headers.get(CONTENT_TYPE).is_some_and(|value| format(value).is_some())
}

/// What a content type says of the messages: nothing, or the name of their format. `None` if it is not gRPC's, or that of gRPC-Web.
///
/// # Source
/// gRPC over HTTP/2, "Requests".
pub(crate) fn format(value: &HeaderValue) -> Option<&str> {
    if value == CONTENT {
        return Some("");
    }
    let value = value.to_str().ok()?;
    let essence = value.split_once(';').map_or(value, |(essence, _)| essence).trim_ascii();
    let (start, rest) = essence.split_at_checked(CONTENT.len())?;
    match (start.eq_ignore_ascii_case(CONTENT), rest.strip_prefix('+')) {
        (true, None) if rest.is_empty() => Some(""),
        (true, Some(format)) if !format.is_empty() => Some(format),
        _ => None,
    }
}

/// What gRPC calls the format of a codec: `proto`, and of any other what follows the slash in its media type.
pub(crate) fn name<C: Codec>(codec: &C) -> &'static str {
    match codec.content_type() {
        "application/protobuf" => "proto",
        other => other.split_once('/').map_or(other, |(_, name)| name),
    }
}

/// The content type of messages in this format.
pub(crate) fn content_type(name: &str) -> HeaderValue {
    match name {
        "" => HeaderValue::from_static(CONTENT),
        "proto" => HeaderValue::from_static("application/grpc+proto"),
        "json" => HeaderValue::from_static("application/grpc+json"),
        other => {
            HeaderValue::from_maybe_shared(format!("{CONTENT}+{other}")).unwrap_or(HeaderValue::from_static(CONTENT))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Json, Protobuf};

    #[test]
    fn a_content_type_names_the_format_of_the_messages() {
        for (value, format) in [
            ("application/grpc", Some("")),
            ("Application/gRPC", Some("")),
            ("application/grpc;charset=utf-8", Some("")),
            ("application/grpc+proto", Some("proto")),
            ("application/grpc+json ; x=y", Some("json")),
            ("application/grpc+", None),
            ("application/grpc-web", None),
            ("application/grpc-web+proto", None),
            ("application/grp", None),
            ("application/json", None),
            ("", None),
        ] {
            assert_eq!(super::format(&HeaderValue::from_static(value)), format, "{value:?}");
        }
    }

    #[test]
    fn a_call_of_grpc_is_a_post_over_http2() {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/grpc"))]);
        assert!(is_call(Version::HTTP_2, &Verb::POST, &headers));
        assert!(!is_call(Version::HTTP_11, &Verb::POST, &headers));
        assert!(!is_call(Version::HTTP_2, &Verb::GET, &headers));
        assert!(!is_call(Version::HTTP_2, &Verb::POST, &HeaderMap::new()));
    }

    #[test]
    fn codecs_have_names() {
        assert_eq!((name(&Protobuf), name(&Json)), ("proto", "json"));
        for name in ["proto", "json", "msgpack"] {
            assert_eq!(format(&content_type(name)), Some(name));
        }
        assert_eq!(format(&content_type("")), Some(""));
    }
}
