use axum::body::Body as AxumBody;
use http::Request;
use http_body_util::BodyExt as _;
use kit_transport::http::server::Router;
use tower::ServiceExt as _;

use crate::support::{request, send, uppercase};

#[tokio::test]
async fn the_routes_mount_in_axum() {
    let service = uppercase(Router::new()).build().unwrap();
    let app = ::axum::Router::new().route("/own", ::axum::routing::get(async || "own")).fallback_service(service);
    let request =
        Request::post("/uppercase").header("content-type", "application/json").body(AxumBody::from(r#"{"s":"a"}"#));
    let response = app.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), r#"{"s":"A"}"#);
}

#[tokio::test]
async fn an_axum_router_mounts_here() {
    let axum = ::axum::Router::new().route(
        "/own/{id}",
        ::axum::routing::get(async |::axum::extract::Path(id): ::axum::extract::Path<u32>| format!("own {id}")),
    );
    let service = uppercase(Router::new()).mount("/axum", axum).build().unwrap();
    assert_eq!(send(&service, request("GET", "/axum/own/7", "")).await.body, "own 7");
    assert_eq!(send(&service, request("GET", "/axum/none", "")).await.status, 404);
}
