use http::Version;
use kit_core::request_id::RequestIdLayer;
use kit_core::sources::CountingIds;
use kit_core::{Code, Context, Error, endpoint_fn, request_fn};
use kit_transport::http::Request;
use kit_transport::http::server::{Router, json};

use crate::support::{Text, post_json, request, send, uppercase};

/// A trace of the stages that ran.
async fn ran(refuse_at: &'static str) -> (u16, String) {
    #[derive(Clone)]
    struct Refuse(&'static str);
    fn step(cx: &mut Context, name: &'static str) -> Result<(), Error> {
        cx.outbound_mut().append("x-ran", name)?;
        match cx.extensions().get::<Refuse>() {
            Some(Refuse(at)) if *at == name => Err(Error::permission_denied("no")),
            _ => Ok(()),
        }
    }
    let echo = endpoint_fn(async |cx, text: Text| {
        step(cx, "call")?;
        Ok(text)
    });
    let binding = json(echo)
        .before(async |cx, request: &mut Request| {
            let at = request.uri().query().unwrap_or_default();
            cx.extensions_mut()
                .insert(Refuse(["one", "two", "call", "after"].into_iter().find(|s| *s == at).unwrap_or("")));
            step(cx, "one")
        })
        .before(async |cx, _request| step(cx, "two"))
        .after(async |cx, text: &mut Text| {
            text.s.push('!');
            step(cx, "after")
        });
    let service = Router::new().post("/", binding).build().unwrap();
    let answer = send(&service, post_json(Box::leak(format!("/?{refuse_at}").into_boxed_str()), r#"{"s":"a"}"#)).await;
    let ran = answer.headers.get_all("x-ran").iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>().join(" ");
    if answer.status == 200 {
        assert_eq!(answer.json()["s"], "a!");
    }
    (answer.status.as_u16(), ran)
}

#[tokio::test]
async fn stages_run_in_order_and_each_may_refuse_what_follows() {
    assert_eq!(ran("").await, (200, "one two call after".into()));
    assert_eq!(ran("one").await, (403, "one".into()));
    assert_eq!(ran("two").await, (403, "one two".into()));
    assert_eq!(ran("call").await, (403, "one two call".into()));
    assert_eq!(ran("after").await, (403, "one two call after".into()));
}

#[tokio::test]
async fn a_business_error_is_a_problem_with_its_code_and_reason() {
    let service = uppercase(Router::new()).build().unwrap();
    let answer = send(&service, post_json("/uppercase", r#"{"s":""}"#)).await;
    assert_eq!((answer.status.as_u16(), answer.problem()), (400, ("InvalidArgument".into(), "empty_string".into())));
}

#[tokio::test]
async fn bad_bodies_are_4xx_and_never_500() {
    let service = uppercase(Router::new()).build().unwrap();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [&b"{"[..], b"", b"[]", b"{\"s\":1}", b"{\"s\":\"\xff\"}", b"null", deep.as_bytes()] {
        let mut request = post_json("/uppercase", "");
        *request.body_mut() = bytes::Bytes::copy_from_slice(body).into();
        let answer = send(&service, request).await;
        assert_eq!(answer.status.as_u16(), 400, "{:?}", &body[..body.len().min(20)]);
        assert_eq!(answer.problem().0, "InvalidArgument");
        assert!(answer.body.len() < 600, "{:?}", answer.body);
    }
    let mut request = post_json("/uppercase", "");
    *request.body_mut() = vec![b' '; 2 * 1024 * 1024 + 1].into_iter().collect::<bytes::Bytes>().into();
    let answer = send(&service, request).await;
    assert_eq!((answer.status.as_u16(), answer.problem().1), (413, "body_too_large".into()));
}

#[tokio::test]
async fn a_type_or_coding_nobody_reads_is_415() {
    let service = uppercase(Router::new()).build().unwrap();
    for (name, value) in [("x", "y"), ("content-type", "text/plain"), ("content-type", "application/jsonx")] {
        let mut request = request("POST", "/uppercase", r#"{"s":"a"}"#);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(send(&service, request).await.status.as_u16(), 415, "{name}: {value}");
    }
    for coding in ["gzip", "br", "zstd", "x"] {
        let mut request = post_json("/uppercase", r#"{"s":"a"}"#);
        request.headers_mut().insert("content-encoding", coding.parse().unwrap());
        assert_eq!(send(&service, request).await.status.as_u16(), 415, "{coding}");
    }
    for good in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.kit+json"] {
        let mut request = request("POST", "/uppercase", r#"{"s":"a"}"#);
        request.headers_mut().insert("content-type", good.parse().unwrap());
        assert_eq!(send(&service, request).await.status.as_u16(), 200, "{good}");
    }
}

#[tokio::test]
async fn a_panic_is_500_with_the_fixed_line_and_other_calls_go_on() {
    let before = kit_core::error::bugs();
    let service = uppercase(Router::new())
        .post("/panic", json(request_fn(async |_: Text| -> Result<Text, Error> { panic!("secret") })))
        .build()
        .unwrap();
    let answer = send(&service, post_json("/panic", r#"{"s":"a"}"#)).await;
    assert_eq!((answer.status.as_u16(), answer.problem().0), (500, "Internal".into()));
    assert_eq!(answer.json()["detail"], "There was an unexpected issue; please report this as a bug.");
    assert!(!answer.body.windows(6).any(|w| w == b"secret"));
    assert!(kit_core::error::bugs() > before);
    assert_eq!(send(&service, post_json("/uppercase", r#"{"s":"a"}"#)).await.status, 200);
}

#[tokio::test]
async fn a_request_id_is_accepted_or_made_and_returned_with_errors_too() {
    let service = uppercase_with_ids().build().unwrap();
    for (given, returned) in
        [(Some("abc"), "abc"), (Some("a b"), &*format!("{:032x}", 0)), (None, &*format!("{:032x}", 1))]
    {
        let mut request = post_json("/nowhere", "");
        if let Some(given) = given {
            request.headers_mut().insert("x-request-id", given.parse().unwrap());
        }
        let answer = send(&service, request).await;
        assert_eq!((answer.status.as_u16(), &answer.headers["x-request-id"]), (404, &returned.parse().unwrap()));
    }
}

/// HTTP/1.1 has no table, and there it can be printed by `Debug`.
#[tokio::test]
async fn a_request_id_is_kept_out_of_the_table_of_http2() {
    let service = uppercase_with_ids().build().unwrap();
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let mut request = post_json("/uppercase", r#"{"s":"a"}"#);
        *request.version_mut() = version;
        let answer = send(&service, request).await;
        assert_eq!(answer.headers["x-request-id"].is_sensitive(), version == Version::HTTP_2);
        assert!(!answer.headers["content-type"].is_sensitive());
    }
}

fn uppercase_with_ids() -> Router<RequestIdLayer> {
    Router::with(RequestIdLayer::new(CountingIds::from(0)))
}

#[tokio::test]
async fn every_code_leaves_with_its_status() {
    let service = Router::new()
        .post(
            "/",
            json(request_fn(async |text: Text| -> Result<Text, Error> {
                Err(Error::from_code(text.s.parse().unwrap_or(Code::Unknown)))
            })),
        )
        .build()
        .unwrap();
    for code in Code::ALL {
        let body = Box::leak(format!("{{\"s\":\"{code}\"}}").into_boxed_str());
        let answer = send(&service, post_json("/", body)).await;
        assert_eq!(answer.status, kit_transport::http::status_of(code));
        assert_eq!(answer.problem().0, code.as_str());
    }
}
