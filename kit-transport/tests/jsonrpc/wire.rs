//! Our client and our server.

use std::time::Duration;

use kit_core::error::BUG_LINE;
use kit_core::sources::CountingIds;
use kit_core::{Code, Context, Endpoint as _, Error, Method, Outcome, Retry, endpoint_fn, request_fn};
use kit_transport::jsonrpc::RemoteError;
use kit_transport::jsonrpc::client::{Binding, Client};
use kit_transport::jsonrpc::server::Methods;
use serde_json::Value;

use crate::support::{Canned, FAIL, FOOBAR, GET_DATA, SUBTRACT, SUM, Subtract, UPDATE, calculator, client};

#[tokio::test]
async fn a_call_comes_back_by_name_by_position_and_without_parameters() {
    let rpc = client(calculator().build().unwrap());
    let mut cx = Context::new();
    let by_name = rpc.endpoint::<Subtract, i64>(&SUBTRACT);
    assert_eq!(by_name.call(&mut cx, Subtract { minuend: 42, subtrahend: 23 }).await.unwrap(), 19);
    let by_position = rpc.endpoint::<(i64, i64), i64>(&SUBTRACT);
    assert_eq!(by_position.call(&mut cx, (23, 42)).await.unwrap(), -19);
    let none = rpc.endpoint::<(), (String, u8)>(&GET_DATA);
    assert_eq!(none.call(&mut cx, ()).await.unwrap(), ("hello".to_owned(), 5));
    rpc.notification::<Vec<u8>>(&UPDATE).call(&mut cx, vec![1, 2]).await.unwrap();
    rpc.notification::<Vec<u8>>(&FOOBAR).call(&mut cx, vec![]).await.unwrap();
    assert!(cx.outbound().is_none() && cx.inbound().is_empty(), "each call has a context of its own");
}

#[tokio::test]
async fn every_code_comes_back_with_its_line_reason_id_and_hint() {
    let fail = request_fn(async |(code,): (u8,)| {
        let error = Error::new(Code::from_number(code).unwrap(), "a line").with_reason("why");
        Err::<(), _>(error.with_retry(Retry::After(Duration::from_millis(1_500))).with_cause("not for you"))
    });
    let rpc = client(Methods::new().method(&FAIL, fail).build().unwrap());
    let fail = rpc.endpoint::<(u8,), ()>(&FAIL);
    for code in Code::ALL {
        let error = fail.call(&mut Context::new(), (code.number(),)).await.unwrap_err();
        assert_eq!((error.code(), error.message(), error.reason()), (code, "a line", Some("why")));
        assert_eq!(error.retry(), Retry::After(Duration::from_millis(1_500)));
        let remote = error.cause::<RemoteError>().unwrap();
        assert!(remote.data().unwrap().contains(&error.id().to_string()), "the id under which the server logged it");
        assert!(!remote.data().unwrap().contains("not for you"));
    }
}

#[tokio::test]
async fn a_panic_and_a_missing_method_come_back_as_what_they_are() {
    let rpc = client(Methods::new().method(&FAIL, request_fn(async |(n,): (u32,)| Ok(10 / n))).build().unwrap());
    let error = rpc.endpoint::<(u32,), u32>(&FAIL).call(&mut Context::new(), (0,)).await.unwrap_err();
    assert_eq!((error.code(), error.message(), error.outcome()), (Code::Internal, BUG_LINE, Outcome::BackendError));
    let error = rpc.endpoint::<(), ()>(&FOOBAR).call(&mut Context::new(), ()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::Unimplemented, Some("method_not_found")));
    assert_eq!(error.message(), "there is no such method");
    let error = rpc.endpoint::<(), u32>(&FAIL).call(&mut Context::new(), ()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("json_mismatch")));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_shrinks_and_metadata_goes_both_ways() {
    static SHOW: Method = Method::new("calculator", "show");
    let show = endpoint_fn(async |cx, (): ()| {
        cx.outbound_mut().insert("version", "7")?;
        Ok((cx.inbound().get("tenant").map(str::to_owned), cx.remaining().map(|left| left.as_millis() as u64)))
    });
    let rpc = client(Methods::new().method(&SHOW, show).build().unwrap());
    let show = Binding::<_, (), (Option<String>, Option<u64>)>::new(&rpc, "show");
    let mut cx = Context::new();
    let deadline = cx.now() + Duration::from_secs(2);
    cx = cx.with_deadline(Some(deadline));
    cx.outbound_mut().insert("tenant", "acme").unwrap();
    tokio::time::advance(Duration::from_millis(500)).await;
    cx.stamp();
    assert_eq!(show.call(&mut cx, ()).await.unwrap(), (Some("acme".to_owned()), Some(1_500)));
    assert_eq!(cx.inbound().get("version"), Some("7"));
}

#[tokio::test]
async fn ids_come_from_their_source_and_a_notification_has_none() {
    let canned = Canned::new(204, "text/plain", "");
    let rpc = canned.client().ids(CountingIds::from((1 << 53) - 1));
    let mut cx = Context::new();
    for _ in 0..2 {
        rpc.endpoint::<(u8,), Value>(&SUM).call(&mut cx, (1,)).await.unwrap_err();
    }
    rpc.endpoint::<(), Value>(&SUM).call(&mut cx, ()).await.unwrap_err();
    rpc.notification::<(u8,)>(&SUM).call(&mut cx, (1,)).await.unwrap();
    let large = |id: u64| format!("\"{id:032x}\"");
    assert_eq!(
        canned.asked(),
        [
            r#"{"jsonrpc":"2.0","method":"sum","params":[1],"id":9007199254740991}"#.to_owned(),
            format!(r#"{{"jsonrpc":"2.0","method":"sum","params":[1],"id":{}}}"#, large(1 << 53)),
            format!(r#"{{"jsonrpc":"2.0","method":"sum","id":{}}}"#, large((1 << 53) + 1)),
            r#"{"jsonrpc":"2.0","method":"sum","params":[1]}"#.to_owned(),
        ]
    );
}

#[tokio::test]
async fn what_is_no_parameters_is_not_sent() {
    let canned = Canned::json("{}");
    let rpc = canned.client();
    let error = rpc.endpoint::<u8, Value>(&SUM).call(&mut Context::new(), 1).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason(), error.retry()),
        (Code::InvalidArgument, Some("bad_params"), Retry::Never)
    );
    let error = rpc.notification::<&str>(&SUM).call(&mut Context::new(), "x").await.unwrap_err();
    assert_eq!(error.reason(), Some("bad_params"));
    assert!(canned.asked().is_empty());
    for path in ["", "rpc", "http://h/rpc", "/r pc"] {
        assert_eq!(Client::new(canned.clone(), path).unwrap_err().reason(), Some("bad_path"), "{path:?}");
    }
}
