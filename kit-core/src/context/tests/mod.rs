//! The rules of the context, by subject. Time stands still until a test moves it.

mod attempt;
mod cancel;
mod fork;
mod scope;
mod time;

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::*;

static OUTER: Method = Method::new("tests", "outer");
static INNER: Method = Method::new("tests", "inner");

const LIMIT: Duration = Duration::from_secs(1);

/// A context with everything set, within `deadline`.
fn full() -> Context {
    let mut cx = Context::new();
    cx.deadline = Some(cx.now() + LIMIT);
    cx.set_method(&OUTER);
    cx.set_request_id(RequestId::from_bits(7));
    let mut inbound = Metadata::default();
    inbound.insert("from", "caller").unwrap();
    cx.set_inbound(inbound);
    cx.outbound_mut().insert("to", "caller").unwrap();
    cx.extensions_mut().insert("left by a layer");
    let peer: SocketAddr = "127.0.0.1:9".parse().unwrap();
    cx.set_connection(Arc::new(Connection::new(Some(peer), None)));
    cx.attempts_mut().share();
    cx.set_outcome(Outcome::BackendError);
    cx.sizes_mut().add_received(5);
    cx
}

/// How a call is to end.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Reply,
    Fail,
    Hang,
    Panic,
}

/// What an inner call saw: filled in by [`inner`].
#[derive(Clone, Default)]
struct Seen(Arc<OnceLock<(Option<Instant>, &'static Method, Cancel)>>);

impl Seen {
    fn deadline(&self) -> Option<Instant> {
        self.0.get().expect("the inner call began").0
    }

    fn method(&self) -> &'static Method {
        self.0.get().expect("the inner call began").1
    }

    fn token(&self) -> &Cancel {
        &self.0.get().expect("the inner call began").2
    }
}

/// Takes a token for what it would spawn, then ends as it is told.
async fn inner(cx: &mut Context, ending: Ending, seen: &Seen) -> Result<&'static str, Error> {
    let entry = (cx.deadline(), cx.method().expect("a method"), cx.cancel_token());
    seen.0.set(entry).expect("one call");
    match ending {
        Ending::Reply => Ok("done"),
        Ending::Fail => Err(Error::unavailable("down")),
        Ending::Hang => std::future::pending().await,
        Ending::Panic => panic!("the inner call was told to panic"),
    }
}

/// What a layer with a limit does.
async fn layer(cx: &mut Context, ending: Ending, seen: &Seen) -> Result<&'static str, Error> {
    let mut scope = cx.scope_after(LIMIT);
    scope.set_method(&INNER);
    let deadline = scope.deadline().expect("a limit");
    match timeout_at(deadline, inner(&mut scope, ending, seen)).await {
        Ok(result) => {
            scope.finish();
            result
        }
        Err(elapsed) => Err(Error::boundary(crate::Code::DeadlineExceeded, elapsed)),
    }
}

fn same(one: Option<&'static Method>, other: &'static Method) -> bool {
    one.is_some_and(|one| std::ptr::eq(one, other))
}

#[test]
fn a_context_has_at_most_256_bytes() {
    assert!(size_of::<Context>() <= 256, "{} bytes", size_of::<Context>());
}

#[test]
fn a_context_and_its_token_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<Context>();
    anywhere::<Cancel>();
}
