use kit_core::{Context, Endpoint, Error, Layer, Method, endpoint_fn};
use kit_transport::http::server::{RouteError, Router};
use kit_transport::http::{Body, Request, Response};

use crate::support::{post_json, request, send, uppercase};

/// Answers with the path it sees.
fn path() -> impl Endpoint<Request, Response = Response> + 'static {
    endpoint_fn(async |_cx, request: Request| Ok(Response::new(Body::from(request.uri().to_string()))))
}

#[tokio::test]
async fn a_route_answers_and_the_name_of_the_request_comes_back() {
    let service = uppercase(Router::new()).build().unwrap();
    let answer = send(&service, post_json("/uppercase", r#"{"s":"hello"}"#)).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, serde_json::json!({ "s": "HELLO" })));
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn an_unknown_path_is_404_and_an_unknown_verb_405_with_allow() {
    let service = uppercase(Router::new()).get("/uppercase", path()).build().unwrap();
    let answer = send(&service, request("POST", "/nowhere", "")).await;
    assert_eq!((answer.status.as_u16(), answer.problem()), (404, ("NotFound".into(), "no_route".into())));
    let answer = send(&service, request("DELETE", "/uppercase", "")).await;
    assert_eq!((answer.status.as_u16(), answer.problem().1), (405, "method_not_allowed".into()));
    assert_eq!(answer.headers["allow"], "GET, HEAD, OPTIONS, POST");
}

#[tokio::test]
async fn options_lists_the_verbs_and_head_is_get_without_its_body() {
    let service = Router::new().get("/a", path()).build().unwrap();
    let answer = send(&service, request("OPTIONS", "/a", "")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["allow"], answer.body.len()),
        (204, &"GET, HEAD, OPTIONS".parse().unwrap(), 0)
    );
    let answer = send(&service, request("HEAD", "/a", "")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["content-length"], answer.body.len()),
        (200, &"2".parse().unwrap(), 0)
    );
    // An error has no body either.
    let answer = send(&service, request("HEAD", "/b", "")).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (404, 0));
}

#[tokio::test]
async fn a_nested_router_sees_the_path_without_its_prefix() {
    let inner = Router::new().get("/", path()).get("/x/{id}", path());
    let service = Router::new().nest("/api/{version}", inner).get("/api", path()).build().unwrap();
    for (uri, seen) in [("/api/v1", "/"), ("/api/v1/x/7?q=1", "/x/7?q=1"), ("/api", "/api")] {
        assert_eq!(send(&service, request("GET", uri, "")).await.body, seen, "{uri}");
    }
    let answer = send(&service, request("POST", "/api/v1/x/7", "")).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["allow"]), (405, &"GET, HEAD, OPTIONS".parse().unwrap()));
}

#[tokio::test]
async fn merged_routers_keep_their_paths_and_their_own_layers() {
    let service = Router::new().get("/a", path()).merge(Router::with(Named).get("/b", path())).build().unwrap();
    assert_eq!(send(&service, request("GET", "/a", "")).await.headers.get("x-method"), None);
    let answer = send(&service, request("GET", "/b?q", "")).await;
    assert_eq!((&answer.body[..], &answer.headers["x-method"]), (&b"/b?q"[..], &"GET /b".parse().unwrap()));
}

#[tokio::test]
async fn a_mounted_service_of_tower_sees_the_rest_of_the_path_and_its_headers() {
    let service = tower::service_fn(async |request: Request| {
        let text = format!("{} {} {:?}", request.method(), request.uri(), request.headers().get("x-in"));
        Ok::<_, std::convert::Infallible>(Response::new(Body::from(text)))
    });
    let service = Router::new().mount("/old", service).build().unwrap();
    for (uri, seen) in [("/old", "/"), ("/old/", "/"), ("/old/a/b?c", "/a/b?c")] {
        let mut request = request("PURGE", uri, "");
        request.headers_mut().insert("x-in", "1".parse().unwrap());
        assert_eq!(send(&service, request).await.body, format!("PURGE {seen} Some(\"1\")"), "{uri}");
    }
}

#[test]
fn what_was_registered_wrongly_is_said_when_the_router_is_built() {
    let built = |router: Router| router.build().unwrap_err();
    let twice = built(Router::new().get("/a", path()).get("/a", path()));
    assert!(matches!(twice.cause(), Some(RouteError::Twice { .. })), "{twice}");
    for bad in ["a", "", "/{", "/{a}{b}"] {
        let error = built(Router::new().get(bad, path()));
        assert!(matches!(error.cause(), Some(RouteError::Path { .. })), "{bad:?}: {error}");
    }
    let clash = built(Router::new().get("/{a}", path()).get("/{b}", path()));
    assert!(clash.message().contains("/{b}"), "{clash}");
}

/// Writes the name of the method into the answer.
#[derive(Clone, Debug)]
struct Named;

struct Naming<E>(E);

impl<E> Layer<E> for Named {
    type Service = Naming<E>;

    fn layer(&self, inner: E) -> Naming<E> {
        Naming(inner)
    }
}

impl<E: Endpoint<Request>> Endpoint<Request> for Naming<E> {
    type Response = E::Response;

    async fn call(&self, cx: &mut Context, request: Request) -> Result<E::Response, Error> {
        let name = cx.method().expect("a route has a method").name();
        cx.outbound_mut().insert("x-method", name)?;
        self.0.call(cx, request).await
    }
}

#[tokio::test]
async fn the_layers_stand_round_every_route_also_round_what_answers_404_and_405() {
    static GET: Method = Method::new("svc", "get").path("/get");
    let service = Router::with(Named).get(&GET, path()).build().unwrap();
    for (verb, uri, name) in [
        ("GET", "/get", "get"),
        ("GET", "/no", "no_route"),
        ("PUT", "/get", "method_not_allowed"),
        ("OPTIONS", "/get", "options"),
    ] {
        assert_eq!(send(&service, request(verb, uri, "")).await.headers["x-method"], name, "{verb} {uri}");
    }
}

#[tokio::test]
async fn a_caller_may_shorten_the_time_but_not_lengthen_it() {
    let remaining = endpoint_fn(async |cx, _: Request| {
        let left = cx.remaining().map(|left| left.as_millis().to_string());
        Ok(Response::new(Body::from(left.unwrap_or_else(|| "none".into()))))
    });
    let second = std::time::Duration::from_secs(1);
    let capped = Router::new().get("/", remaining).max_time(second).build().unwrap();
    let uncapped = Router::new().get("/", remaining).max_time(None).build().unwrap();
    for (service, header, left) in [
        (&capped, None, "1000"),
        (&capped, Some(("grpc-timeout", "250m")), "250"),
        (&capped, Some(("x-envoy-expected-rq-timeout-ms", "100")), "100"),
        (&capped, Some(("grpc-timeout", "1H")), "1000"),
        (&capped, Some(("grpc-timeout", "soon")), "1000"),
        (&uncapped, None, "none"),
        (&uncapped, Some(("grpc-timeout", "1H")), "3600000"),
    ] {
        let mut request = request("GET", "/", "");
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(send(service, request).await.body, left, "{header:?}");
    }
}
