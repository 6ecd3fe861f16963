use kit_core::{Context, Endpoint, Error, Metadata, RequestId, endpoint_fn};

use super::COUNT;
use crate::local::{Local, endpoint};

/// What a callee finds in its context.
#[derive(Debug, PartialEq)]
struct Found {
    method: Option<&'static str>,
    request_id: Option<RequestId>,
    tenant: Vec<String>,
    outbound: bool,
    extension: bool,
    repeat: bool,
}

fn service() -> impl Endpoint<(), Response = Found> {
    endpoint_fn(async |cx, ()| {
        let found = Found {
            method: cx.method().map(kit_core::Method::name),
            request_id: cx.request_id().cloned(),
            tenant: cx.inbound().get_all("tenant").map(str::to_owned).collect(),
            outbound: cx.outbound().is_some(),
            extension: cx.extensions().get::<u32>().is_some(),
            repeat: cx.is_repeat(),
        };
        cx.outbound_mut().insert("version", "7")?;
        cx.extensions_mut().insert("of the callee");
        Ok(found)
    })
}

#[tokio::test]
async fn the_callee_finds_what_a_wire_would_carry_and_nothing_else() {
    let mut cx = Context::new();
    cx.set_method(&COUNT);
    cx.set_request_id(RequestId::from_bits(9));
    cx.extensions_mut().insert(1_u32);
    let mut inbound = Metadata::default();
    inbound.insert("tenant", "of the caller's own caller").unwrap();
    cx.set_inbound(inbound);
    cx.outbound_mut().append("tenant", "a").unwrap();
    cx.outbound_mut().append("tenant", "b").unwrap();
    let found = Local::new(service()).call(&mut cx, ()).await.unwrap();
    let tenant = vec!["a".to_owned(), "b".to_owned()];
    let request_id = Some(RequestId::from_bits(9));
    assert_eq!(
        found,
        Found { method: Some("count"), request_id, tenant, outbound: false, extension: false, repeat: false }
    );
    // And back: its outbound is inbound here, what was outbound here stays for another try.
    assert_eq!((cx.inbound().get("version"), cx.inbound().get("tenant")), (Some("7"), None));
    assert_eq!(cx.outbound().map(Metadata::len), Some(2));
    assert!(cx.extensions().get::<&str>().is_none());
}

#[tokio::test]
async fn metadata_comes_back_with_an_error_too() {
    let service = endpoint_fn(async |cx, ()| {
        cx.outbound_mut().insert("why", "because")?;
        Err::<(), _>(Error::not_found("no such row"))
    });
    let mut cx = Context::new();
    Local::new(service).call(&mut cx, ()).await.unwrap_err();
    assert_eq!(cx.inbound().get("why"), Some("because"));
}

#[tokio::test]
async fn application_code_keeps_its_own_context() {
    let mut cx = Context::new();
    let found = endpoint(&COUNT, service()).call(&mut cx, ()).await.unwrap();
    assert_eq!((found.method, found.tenant.len()), (Some("count"), 0));
    assert!(cx.method().is_none() && cx.inbound().is_empty() && cx.outbound().is_none());
}

#[tokio::test]
async fn a_repeat_is_one_for_the_callee_too() {
    let mut cx = Context::new();
    cx.attempts_mut().set_number(1);
    assert!(endpoint(&COUNT, service()).call(&mut cx, ()).await.unwrap().repeat);
}
