use std::time::Duration;

use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::Authority;
use kit_core::{Context, Error, request_id};

use super::error::{UnexpectedAnswer, unreadable};
use crate::codec::Codec;
use crate::http::deadline::{self, GRPC_TIMEOUT};
use crate::http::hpack::unindexed;

const REQUEST_ID: HeaderName = HeaderName::from_static(request_id::KEY);
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// What goes with every call: the metadata meant for the callee, the request's name, the time that is left.
pub(super) fn write(headers: &mut HeaderMap, cx: &Context, left: Duration, http2: bool) {
    let once = |value| if http2 { unindexed(value) } else { value };
    if let Some(outbound) = cx.outbound() {
        for name in outbound.headers().keys().filter(|name| !is_framing(name)) {
            headers.remove(name);
            for value in outbound.headers().get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
    if let Some(id) = cx.request_id() {
        let value = id.with_str(HeaderValue::from_str).expect("a request id is made of what a header may have");
        headers.insert(REQUEST_ID, once(value));
    }
    headers.insert(GRPC_TIMEOUT, once(deadline::write(left)));
}

/// Takes out what belongs to one connection and not to the message (RFC 9110, 7.6.1).
pub(super) fn strip_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.into_iter().chain(PER_CONNECTION) {
        headers.remove(name);
    }
}

const PER_CONNECTION: [HeaderName; 7] =
    [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// What says where a message goes and where it ends is the transport's to say: two opinions on it are how requests are
/// smuggled.
fn is_framing(name: &HeaderName) -> bool {
    *name == HOST || *name == CONTENT_LENGTH || PER_CONNECTION.contains(name)
}

/// Refuses an answer that `codec` does not read.
pub(super) fn check_content<C: Codec>(headers: &HeaderMap, codec: &C, target: &Authority) -> Result<(), Error> {
    if let Some(coding) = headers.get(CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let cause = UnexpectedAnswer::ContentCoding(shown(coding));
        return Err(unreadable(cause, "unexpected_content_coding", target));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(unreadable(unexpected(headers), UNEXPECTED, target));
    };
    let essence = value.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    // Nearly always the very text, which needs no copy.
    if essence == codec.accept_type().as_bytes() {
        return Ok(());
    }
    let essence = String::from_utf8_lossy(essence).to_ascii_lowercase();
    if codec.reads(&essence) {
        return Ok(());
    }
    Err(unreadable(unexpected(headers), UNEXPECTED, target))
}

pub(crate) const UNEXPECTED: &str = "unexpected_content_type";

/// What came in the place of what is read.
pub(crate) fn unexpected(headers: &HeaderMap) -> UnexpectedAnswer {
    match headers.get(CONTENT_TYPE) {
        Some(value) => UnexpectedAnswer::ContentType(shown(value)),
        None => UnexpectedAnswer::NoContentType,
    }
}

/// A stranger's header, for the log: it is escaped there.
pub(crate) fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use kit_core::RequestId;

    use super::*;
    use crate::codec::Json;

    fn written(with: impl FnOnce(&mut Context, &mut HeaderMap)) -> HeaderMap {
        let (mut cx, mut headers) = (Context::new(), HeaderMap::new());
        with(&mut cx, &mut headers);
        write(&mut headers, &cx, Duration::from_millis(1_500), false);
        headers
    }

    #[test]
    fn metadata_replaces_what_the_request_had_of_the_same_name() {
        let headers = written(|cx, headers| {
            headers.append("traceparent", HeaderValue::from_static("of the caller"));
            headers.append("other", HeaderValue::from_static("stays"));
            cx.outbound_mut().insert("traceparent", "of this hop").unwrap();
            cx.outbound_mut().append("twice", "a").unwrap();
            cx.outbound_mut().append("twice", "b").unwrap();
        });
        let all = |name: &str| headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(
            (all("traceparent"), all("other"), all("twice")),
            (vec!["of this hop"], vec!["stays"], vec!["a", "b"])
        );
    }

    #[test]
    fn metadata_cannot_say_where_a_message_ends_or_goes() {
        let framing =
            ["host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive"];
        let headers = written(|cx, _| {
            for name in framing {
                cx.outbound_mut().insert(name, "5").unwrap();
            }
        });
        assert_eq!(headers.keys().collect::<Vec<_>>(), [GRPC_TIMEOUT]);
    }

    #[test]
    fn identity_and_time_are_the_contexts_own() {
        let headers = written(|cx, headers| {
            cx.set_request_id(RequestId::from_bits(7));
            cx.outbound_mut().insert("grpc-timeout", "9H").unwrap();
            headers.insert("x-request-id", HeaderValue::from_static("another"));
        });
        assert_eq!(headers["x-request-id"], format!("{:032x}", 7));
        let left = deadline::read(&kit_core::Metadata::received(headers));
        assert_eq!(left, Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn what_differs_in_every_request_is_kept_out_of_the_table_of_http2() {
        let mut cx = Context::new();
        cx.set_request_id(RequestId::from_bits(7));
        cx.outbound_mut().insert("tenant", "acme").unwrap();
        for http2 in [false, true] {
            let mut headers = HeaderMap::new();
            write(&mut headers, &cx, Duration::from_secs(1), http2);
            let kept_out = ["x-request-id", "grpc-timeout", "tenant"].map(|name| headers[name].is_sensitive());
            assert_eq!(kept_out, [http2, http2, false]);
        }
    }

    #[test]
    fn a_header_that_belongs_to_the_connection_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-yours", "1"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip_connection(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-yours"]);
    }

    #[test]
    fn an_answer_of_another_kind_is_refused_with_its_kind() {
        let target = Authority::from_static("h");
        let check = |name: &str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value));
            check_content(&headers, &Json, &target)
        };
        for fine in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.kit+json"] {
            check("content-type", fine).unwrap();
        }
        check("content-encoding", "identity").unwrap();
        let error = check("content-type", "text/html").unwrap_err();
        assert_eq!(error.reason(), Some("unexpected_content_type"));
        assert_eq!(error.cause(), Some(&UnexpectedAnswer::ContentType("text/html".into())));
        assert_eq!(check("content-encoding", "gzip").unwrap_err().reason(), Some("unexpected_content_coding"));
        let error = check_content(&HeaderMap::new(), &Json, &target).unwrap_err();
        assert_eq!(error.cause(), Some(&UnexpectedAnswer::NoContentType));
    }
}
