use kit_transport::http::server::RouterService;
use proptest::prelude::*;

use crate::support::{Answer, ask, calculator, post, send, service};

async fn with_id(service: &RouterService, id: &str, method: &str) -> Answer {
    ask(service, format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":[3,1],"id": {id} }}"#)).await
}

#[tokio::test]
async fn an_id_is_given_back_byte_for_byte_with_a_result_and_with_an_error() {
    let service = service(calculator().build().unwrap());
    let long = "9".repeat(400);
    for id in [
        "0",
        "1",
        "-1",
        "1.0",
        "1e2",
        "1E+2",
        "-0",
        "-0.0",
        "0.1e-7",
        "9007199254740993",
        &long,
        "1e400",
        "\"\"",
        "\"a\"",
        "\"1\"",
        "null",
        r#""\u0061\/\n""#,
        r#""\ud800""#,
        "\"\u{e9}\u{1f600}\"",
    ] {
        let answer = with_id(&service, id, "sum").await;
        assert_eq!(answer.body, format!(r#"{{"jsonrpc":"2.0","result":4,"id":{id}}}"#));
        for method in ["foobar", "get_data"] {
            let answer = with_id(&service, id, method).await;
            assert!(answer.body.contains(r#""error":{"code":-3260"#), "{}", answer.body);
            assert!(answer.body.ends_with(&format!(r#","id":{id}}}"#)), "{}", answer.body);
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_id_is_given_back(
        id in r#"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,4})?|"([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,20}""#
    ) {
        let answer = block_on(async {
            with_id(&service(calculator().build().unwrap()), &id, "sum").await
        });
        prop_assert_eq!(answer.body, format!(r#"{{"jsonrpc":"2.0","result":4,"id":{id}}}"#));
    }

    #[test]
    fn any_bytes_get_an_answer_or_none_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let answer = block_on(async { send(&service(calculator().build().unwrap()), post(bytes::Bytes::from(bytes))).await });
        if answer.status != 204 {
            prop_assert_eq!(&answer.json()["jsonrpc"], "2.0");
        }
    }

    #[test]
    fn any_json_gets_an_answer_or_none_at_all(
        body in r#"\[?(\{("(jsonrpc|method|params|id)":("2\.0"|"sum"|"subtract"|\[1,2\]|\{\}|1|null|true),?){0,5}\},?){0,4}\]?"#
    ) {
        let answer = block_on(async { ask(&service(calculator().build().unwrap()), body).await });
        if answer.status != 204 {
            let json = answer.json();
            let all = json.as_array().cloned().unwrap_or_else(|| vec![json]);
            for one in all {
                prop_assert_eq!(&one["jsonrpc"], "2.0");
                prop_assert!(one.get("id").is_some());
                prop_assert!(one.get("result").is_some() != one.get("error").is_some());
            }
        }
    }
}
