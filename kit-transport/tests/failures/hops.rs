use kit_core::failure::{Details, RecognizeLayer};
use kit_core::{Code, Endpoint as _, Error, endpoint_with};
use kit_macros::Failure;

use crate::support::{Caller, Failing, failed, recognized, wires};

#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(crate = "kit_core")]
enum LedgerError {
    #[failure(code = "FailedPrecondition", message = "the ledger of {0} is closed")]
    Closed(u16),
}

/// What the service in the middle does with what its callee fails with.
type Pass = fn(Error) -> Error;

fn as_it_came(error: Error) -> Error {
    error
}

fn as_its_own(error: Error) -> Error {
    error.cause::<LedgerError>().cloned().map_or(error, Error::from)
}

/// A service that calls another over the same kind of wire.
fn middle(callee: Caller, pass: Pass) -> Caller {
    let callee = callee.layer(RecognizeLayer::<LedgerError>::new());
    let middle = endpoint_with((callee, pass), async |(callee, pass), cx, ()| callee.call(cx, ()).await.map_err(pass));
    middle.boxed()
}

#[tokio::test]
async fn what_a_callee_of_the_callee_failed_with_is_passed_on_only_by_who_makes_it_its_own() {
    let ledger = Failing::new();
    ledger.next(LedgerError::Closed(1999));
    for (wire, callee) in wires(&ledger.endpoint()).await {
        for (pass, passed_on) in [(as_it_came as Pass, false), (as_its_own, true)] {
            let middle = middle(callee.clone(), pass);
            for (outer, caller) in wires(&middle).await {
                let error = recognized::<LedgerError>(&caller).await;
                assert_eq!(
                    (error.code(), error.reason()),
                    (Code::FailedPrecondition, Some("closed")),
                    "{wire}, {outer}"
                );
                assert_eq!(
                    error.cause().is_some_and(|&LedgerError::Closed(year)| year == 1999),
                    passed_on,
                    "{wire}, {outer}"
                );
                assert!(passed_on || failed(&caller).await.cause::<Details>().is_none(), "{wire}, {outer}");
            }
        }
    }
}
