use std::time::Duration;

use kit::client::slot;
use kit::discovery::{NoInstances, Stale};
use kit::{Code, Context, Endpoint, Error, Outcome, Retry};
use tokio::time::Instant;

use crate::net::{Answers, Ask, Listed, Net, READ, WRITE, client, log, plain, registry};

const SECOND: Duration = Duration::from_secs(1);

/// Nobody is called, no time passes, and why is in the chain of causes.
async fn nobody(read: &impl Endpoint<u32, Response = String>) -> NoInstances {
    let began = Instant::now();
    let error = read.call(&mut Context::new(), 0).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!((error.code(), error.outcome(), error.retry()), (Code::Unavailable, Outcome::Rejected, Retry::Never));
    assert_eq!(error.reason(), Some(NoInstances::REASON));
    error.cause::<NoInstances>().expect("says why").clone()
}

#[tokio::test(start_paused = true)]
async fn nobody_to_call_is_an_error_at_once_that_says_why() {
    let (listed, net, mut config) = (Listed::nobody_yet(), Net::of(&["a:1"]), plain());
    config.endpointer.policy.empty_grace = Duration::ZERO;
    config.endpointer.policy.stale = Stale::ServeFor(SECOND);
    let letters = client(&listed, &net, config).start(&log(), &registry()).unwrap();
    let read = letters.endpoint(&READ, Ask);
    assert!(matches!(nobody(&read).await, NoInstances::Pending { .. }));

    listed.set(&["nowhere:1"]);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(matches!(nobody(&read).await, NoInstances::NotConnected { instances: 1, .. }));

    listed.set(&["a:1"]);
    letters.ready().await.unwrap();
    assert_eq!(read.call(&mut Context::new(), 1).await.unwrap(), "a:1");

    listed.fail(Error::unavailable("the registry is down"));
    tokio::time::sleep(2 * SECOND).await;
    assert!(matches!(nobody(&read).await, NoInstances::Stale { .. }));

    listed.set(&[]);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(matches!(nobody(&read).await, NoInstances::Empty));

    letters.close().await;
    assert!(matches!(nobody(&read).await, NoInstances::Closed));
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_makes_an_instance_one_that_is_not_picked() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    net.set("a:1", Answers::Fails);
    let write = letters.endpoint(&WRITE, Ask);
    let mut failed = 0;
    for number in 0..20 {
        failed += u32::from(write.call(&mut Context::new(), number).await.is_err());
    }
    assert_eq!(failed, 5, "five in a row, and no call went there after them");
    assert_eq!(letters.breakers().get(&"a:1".into()).unwrap().stats().refused, 0, "it had nobody to refuse");

    net.set("b:1", Answers::Fails);
    while write.call(&mut Context::new(), 99).await.unwrap_err().cause::<NoInstances>().is_none() {}
    let why = nobody(&write).await;
    assert!(matches!(why, NoInstances::AllOut { ejected: 0, refused: 2, .. }), "{why}");

    // Within two seconds of the return of one it is found.
    net.set("a:1", Answers::Well);
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(letters.remove(slot::Log).endpoint(&READ, Ask).call(&mut Context::new(), 100).await.unwrap(), "a:1");
}

#[tokio::test(start_paused = true)]
async fn the_breaker_of_an_instance_goes_with_it() {
    let (listed, net) = (Listed::of(&["a:1", "b:1"]), Net::of(&["a:1", "b:1"]));
    let letters = client(&listed, &net, plain()).start(&log(), &registry()).unwrap();
    letters.ready().await.unwrap();
    let read = letters.endpoint(&READ, Ask);
    for number in 0..4 {
        read.call(&mut Context::new(), number).await.unwrap();
    }
    assert_eq!(letters.breakers().len(), 2);
    listed.set(&["b:1"]);
    tokio::time::sleep(SECOND).await;
    assert!(letters.breakers().get(&"a:1".into()).is_none());
    assert_eq!((letters.breakers().len(), net.closed()), (1, vec!["a:1".to_owned()]));
}
