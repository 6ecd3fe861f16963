use crate::support::start;

#[tokio::test]
async fn what_is_no_profile_is_refused_with_a_problem() {
    let service = start(&[]).await;
    let (long_id, long_name) = ("x".repeat(65), "x".repeat(257));
    for (body, reason) in [
        ("", "json_malformed"),
        ("{", "json_malformed"),
        ("[]", "json_mismatch"),
        (r#"{"name":"Ann"}"#, "json_mismatch"),
        (r#"{"id":7}"#, "json_mismatch"),
        (r#"{"id":""}"#, "json_mismatch"),
        (r#"{"id":".."}"#, "json_mismatch"),
        (r#"{"id":"a\nb"}"#, "json_mismatch"),
        (&format!(r#"{{"id":"{long_id}"}}"#), "json_mismatch"),
        (&format!(r#"{{"id":"7","name":"{long_name}"}}"#), "json_mismatch"),
        (r#"{"id":"7","addresses":[{"location":"Bonn"}]}"#, "json_mismatch"),
        (r#"{"id":"7","addresses":{}}"#, "json_mismatch"),
    ] {
        let refused = (400, "InvalidArgument".into(), reason.into());
        assert_eq!(service.post("/profiles/", body).await.problem(), refused, "{body}");
    }
    let empty = service.post("/profiles/", r#"{"id":""}"#).await;
    assert!(empty.json()["detail"].as_str().is_some_and(|line| line.contains("the id is empty")), "{}", empty.body);
    let large = format!(r#"{{"id":"7","name":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    assert_eq!(service.post("/profiles/", &large).await.status, 413);
    let text = service.send("POST", "/profiles/", &[("content-type", "text/plain")], br#"{"id":"7"}"#).await;
    assert_eq!(text.status, 415);
    assert_eq!(service.get("/profiles/7").await.status, 404, "none of them left anything");
}

#[tokio::test]
async fn what_is_no_id_is_refused_where_it_stands_in_a_path() {
    let service = start(&[]).await;
    let mismatch = (400, "InvalidArgument".into(), "path_mismatch".into());
    for id in ["%2E%2E", "a%0Ab", &"x".repeat(65)] {
        assert_eq!(service.get(&format!("/profiles/{id}")).await.problem(), mismatch, "{id}");
        assert_eq!(service.delete(&format!("/profiles/7/addresses/{id}")).await.problem(), mismatch, "{id}");
    }
    assert_eq!(service.get("/profiles/%FF").await.problem().2, "path_encoding");
}

#[tokio::test]
async fn wrong_paths_and_verbs_are_404_and_405() {
    let service = start(&[]).await;
    for path in ["/profiles", "/profiles/7/", "/profiles/7/addresses", "/profiles/7/addresses/home/more"] {
        assert_eq!(service.get(path).await.problem(), (404, "NotFound".into(), "no_route".into()), "{path}");
    }
    for (path, allow) in [
        ("/profiles/", "OPTIONS, POST"),
        ("/profiles/7", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("/profiles/7/addresses/", "GET, HEAD, OPTIONS, POST"),
        ("/profiles/7/addresses/home", "DELETE, GET, HEAD, OPTIONS"),
    ] {
        let answer = service.send("TRACE", path, &[], b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{path}");
    }
}
