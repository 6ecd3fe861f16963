//! The process's panic hook, which is one for all tests of a file: hence a file, and a test, of its own.

use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use kit_core::recover::{PanicReport, Panicked, RecoverLayer, set_panic_hook};
use kit_core::{Context, Endpoint as _, Error, request_fn};

#[derive(Clone, Copy, Debug)]
enum Panics {
    Here,
    There,
    /// One is swallowed, then one goes on that the hook never sees.
    Resumed,
}

async fn panics(how: Panics) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    match how {
        Panics::Here => panic!("here"),
        Panics::There => panic!("there"),
        Panics::Resumed => {
            let payload = catch_unwind(|| panic!("swallowed")).unwrap_err();
            drop(payload);
            resume_unwind(Box::new("resumed"))
        }
    }
}

#[tokio::test]
async fn what_is_caught_keeps_its_place_and_the_rest_is_reported() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let reports = Arc::clone(&reported);
    set_panic_hook(move |report: &PanicReport<'_>| {
        reports.lock().unwrap().push((report.message.to_owned(), report.place.clone()));
    });

    let endpoint = request_fn(panics).layer(RecoverLayer::new()).layer(RecoverLayer::new());
    let call = async |how| endpoint.call(&mut Context::new(), how).await.unwrap_err();
    let (here, again, there) = (call(Panics::Here).await, call(Panics::Here).await, call(Panics::There).await);
    let resumed = call(Panics::Resumed).await;
    let caught = reported.lock().unwrap().len();
    // Outside of every call nobody catches for an error.
    let _ = catch_unwind(|| panic!("outside"));
    let spawned = tokio::spawn(async { panic!("spawned") }).await;
    // A test that fails below should say so in the usual way.
    drop(std::panic::take_hook());

    let place = |error: &Error| error.cause::<Panicked>().expect("a panic").place().map(String::from);
    let its = place(&here).expect("the hook saw it");
    assert!(its.contains("panic_hook.rs:"), "{its}");
    assert!(here.report().to_string().contains(&its));
    assert_eq!(place(&again).as_ref(), Some(&its));
    assert!(place(&there).is_some_and(|place| place != its));
    // Panics of one place are one group in the log, panics of two places two.
    assert_eq!(here.trace_hash(), again.trace_hash());
    assert_ne!(here.trace_hash(), there.trace_hash());
    // No place is better than that of another panic.
    assert_eq!(resumed.cause::<Panicked>().expect("a panic").message(), "resumed");
    assert_eq!(place(&resumed), None);

    assert_eq!(caught, 0, "what is caught goes to its error alone");
    assert!(spawned.unwrap_err().is_panic());
    let reported = reported.lock().unwrap();
    assert_eq!(reported.iter().map(|(message, _)| message.as_str()).collect::<Vec<_>>(), ["outside", "spawned"]);
    assert!(reported.iter().all(|(_, place)| place.as_deref().is_some_and(|place| place.contains("panic_hook.rs:"))));
}
