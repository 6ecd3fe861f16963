use kit_core::{Code, Context, Endpoint as _, Error, Outcome, Retry};
use kit_transport::jsonrpc::client::{Answers, Batch, Batches, Ticket};
use proptest::prelude::*;

use crate::support::{Canned, FOOBAR, GET_DATA, SUBTRACT, SUM, Subtract, UPDATE, calculator, client};

/// Two calls, whose ids are 1 and 2.
fn two() -> (Batch, [Ticket<i64>; 2]) {
    let mut batch = Batch::new();
    let tickets = [batch.call(&SUM, &[1]).unwrap(), batch.call(&SUM, &[2]).unwrap()];
    batch.notify(&UPDATE, &[3]).unwrap();
    (batch, tickets)
}

async fn answers(body: &str) -> Result<(Answers, [Ticket<i64>; 2]), Error> {
    let (batch, tickets) = two();
    let answers = Canned::json(body).client().batches().call(&mut Context::new(), batch).await?;
    Ok((answers, tickets))
}

#[track_caller]
fn assert_malformed(error: &Error) {
    assert_eq!((error.code(), error.reason()), (Code::Internal, Some("malformed_answer")));
}

#[tokio::test]
async fn the_calls_of_a_batch_come_back_each_with_its_own_end() {
    let rpc = client(calculator().build().unwrap());
    let mut batch = Batch::new();
    let sum = batch.call::<i64>(&SUM, &[1, 2, 4]).unwrap();
    batch.notify(&UPDATE, &[1]).unwrap();
    let missing = batch.call::<()>(&FOOBAR, &()).unwrap();
    let data = batch.call::<(String, u8)>(&GET_DATA, &()).unwrap();
    let difference = batch.call::<i64>(&SUBTRACT, &Subtract { minuend: 42, subtrahend: 23 }).unwrap();
    let misfit = batch.call::<String>(&SUM, &[1]).unwrap();
    assert_eq!((batch.len(), batch.is_empty()), (6, false));
    let mut answers = rpc.batches().call(&mut Context::new(), batch).await.unwrap();
    assert_eq!(answers.take(difference).unwrap(), 19);
    assert_eq!(answers.take(sum).unwrap(), 7);
    assert_eq!(answers.take(missing).unwrap_err().code(), Code::Unimplemented);
    assert_eq!(answers.take(data).unwrap(), ("hello".to_owned(), 5));
    assert_malformed(&answers.take(misfit).unwrap_err());
}

#[tokio::test]
async fn a_batch_is_written_in_its_order_and_one_of_notifications_wants_no_answer() {
    let canned = Canned::new(204, "text/plain", "");
    let mut batch = Batch::new();
    batch.notify(&UPDATE, &[1]).unwrap();
    batch.notify(&UPDATE, &()).unwrap();
    canned.client().batches().call(&mut Context::new(), batch).await.unwrap();
    let (batch, _) = two();
    let error = canned.client().batches().call(&mut Context::new(), batch).await.unwrap_err();
    assert_malformed(&error);
    assert_eq!(
        canned.asked(),
        [
            r#"[{"jsonrpc":"2.0","method":"update","params":[1]},{"jsonrpc":"2.0","method":"update"}]"#,
            concat!(
                r#"[{"jsonrpc":"2.0","method":"sum","params":[1],"id":1},"#,
                r#"{"jsonrpc":"2.0","method":"sum","params":[2],"id":2},"#,
                r#"{"jsonrpc":"2.0","method":"update","params":[3]}]"#
            ),
        ]
    );
}

#[tokio::test]
async fn answers_are_matched_by_their_ids() {
    let body = r#"[{"jsonrpc":"2.0","result":20,"id":2},{"jsonrpc":"2.0","result":10,"id":1.0}]"#;
    let (mut answers, [first, second]) = answers(body).await.unwrap();
    assert_eq!((answers.take(first).unwrap(), answers.take(second).unwrap()), (10, 20));
}

#[tokio::test]
async fn a_call_without_an_answer_fails_alone_and_with_what_was_said_to_nobody() {
    let (mut missing, [first, second]) = answers(r#"[{"jsonrpc":"2.0","result":20,"id":2}]"#).await.unwrap();
    assert_eq!(missing.take(second).unwrap(), 20);
    assert_malformed(&missing.take(first).unwrap_err());
    let stray = r#"[{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null},{"jsonrpc":"2.0","result":20,"id":2}]"#;
    let (mut refused, [first, second]) = answers(stray).await.unwrap();
    assert_eq!(refused.take(second).unwrap(), 20);
    assert_eq!(refused.take(first).unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn an_answer_to_nothing_or_twice_to_one_spoils_the_batch() {
    for body in [
        "",
        "7",
        r#"[{"jsonrpc":"2.0","result":10,"id":1},{"jsonrpc":"2.0","result":20,"id":3}]"#,
        r#"[{"jsonrpc":"2.0","result":10,"id":1},{"jsonrpc":"2.0","result":10,"id":1}]"#,
        r#"[{"jsonrpc":"2.0","result":10,"id":1},{"jsonrpc":"2.0","result":20,"id":null}]"#,
        r#"[{"jsonrpc":"2.0","result":10,"id":1},7]"#,
        r#"{"jsonrpc":"2.0","result":10,"id":1}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"},"id":1}"#,
    ] {
        assert_malformed(&answers(body).await.unwrap_err());
    }
    let refused = r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"too long"},"id":null}"#;
    let error = answers(refused).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "too long"));
}

#[tokio::test]
async fn a_batch_that_is_refused_with_a_status_too_says_why_in_its_body() {
    let refused = r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"too long"},"id":null}"#;
    let ended = async |status, body| {
        let canned = Canned::new(status, "application/json", body);
        let error = canned.client().batches().call(&mut Context::new(), two().0).await.unwrap_err();
        (error.code(), error.message().to_owned())
    };
    assert_eq!(ended(500, refused).await, (Code::InvalidArgument, "too long".to_owned()));
    // A list beside a status that denies it is not believed.
    assert_eq!(ended(500, r#"[{"jsonrpc":"2.0","result":10,"id":1}]"#).await.0, Code::Internal);
    assert_eq!(ended(413, "").await.0, Code::ResourceExhausted);
}

#[tokio::test]
async fn a_batch_ends_as_the_first_call_that_failed() {
    for (code, outcome) in [(-32014, Outcome::BackendError), (-32004, Outcome::TimedOut), (-32005, Outcome::Success)] {
        let error = format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"m"}},"id":1}}"#);
        let canned = Canned::json(format!(r#"[{error},{{"jsonrpc":"2.0","result":20,"id":2}}]"#));
        let mut cx = Context::new();
        let result = Batches::new(&canned.client()).call(&mut cx, two().0).await;
        assert_eq!((result.is_ok(), cx.outcome_of(&result)), (true, outcome), "{code}");
    }
}

#[tokio::test]
async fn an_empty_batch_and_a_foreign_ticket_are_refused() {
    let canned = Canned::json("[]");
    let error = canned.client().batches().call(&mut Context::new(), Batch::new()).await.unwrap_err();
    assert_eq!((error.reason(), error.retry()), (Some("empty_batch"), Retry::Never));
    assert!(canned.asked().is_empty());
    assert_eq!(Batch::new().call::<()>(&SUM, &1).unwrap_err().reason(), Some("bad_params"));

    let mut longer = two().0;
    let foreign = longer.call::<i64>(&SUM, &[1]).unwrap();
    let body = r#"[{"jsonrpc":"2.0","result":20,"id":2},{"jsonrpc":"2.0","result":10,"id":1}]"#;
    let (mut own, _) = answers(body).await.unwrap();
    assert!(own.take(foreign).unwrap_err().is_bug());
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// What may stand in a list of answers.
const PARTS: [&str; 10] = [
    r#"{"jsonrpc":"2.0","result":7,"id":1}"#,
    r#"{"jsonrpc":"2.0","result":7,"id":2}"#,
    r#"{"jsonrpc":"2.0","result":"seven","id":2}"#,
    r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"},"id":1}"#,
    r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"m"},"id":null}"#,
    r#"{"jsonrpc":"2.0","result":7,"id":3}"#,
    r#"{"jsonrpc":"1.0","result":7,"id":1}"#,
    r#"{"jsonrpc":"2.0","id":1}"#,
    "[]",
    "7",
];

proptest! {
    #[test]
    fn a_list_gives_each_call_its_own_answer_or_an_error(parts in prop::collection::vec(0..PARTS.len(), 0..4)) {
        let body = format!("[{}]", parts.iter().map(|&part| PARTS[part]).collect::<Vec<_>>().join(","));
        match block_on(answers(&body)) {
            Ok((mut answers, [first, second])) => {
                // Whoever has a result of its own gets it.
                prop_assert_eq!(answers.take(first).is_ok(), parts.contains(&0));
                prop_assert_eq!(answers.take(second).is_ok(), parts.contains(&1));
            }
            Err(error) => {
                let spoilt = parts.iter().any(|&part| part > 4);
                let twice = |of: [usize; 2]| parts.iter().filter(|part| of.contains(part)).count() > 1;
                prop_assert!(spoilt || twice([0, 3]) || twice([1, 2]), "{}", body);
                assert_malformed(&error);
            }
        }
    }
}
