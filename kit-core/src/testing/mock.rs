//! An endpoint that a test plays by hand.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
//! use kit_core::{Context, Endpoint as _, testing::mock};
//!
//! let (endpoint, mut calls) = mock::endpoint();
//! calls.expect("first").reply("done");
//! assert_eq!(endpoint.call(&mut Context::new(), "first").await?, "done");
//! calls.assert_none();
//! # Ok(()) }
//! ```

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;

/// An endpoint and the hand that plays it. Without an expectation a call is refused and shows up as unexpected.
pub fn endpoint<Req, Res>() -> (Mock<Req, Res>, Calls<Req, Res>) {
    let script = Arc::new(Mutex::new(Script { expected: VecDeque::new(), unexpected: Vec::new(), finished: 0 }));
    (Mock(Arc::clone(&script)), Calls(script))
}

/// The endpoint. Clones play one script.
#[derive(Debug)]
pub struct Mock<Req, Res>(Arc<Mutex<Script<Req, Res>>>);

/// The test's side of a [`Mock`].
#[derive(Debug)]
pub struct Calls<Req, Res>(Arc<Mutex<Script<Req, Res>>>);

#[derive(Debug)]
struct Script<Req, Res> {
    expected: VecDeque<(Req, Answer<Res>)>,
    unexpected: Vec<Req>,
    finished: usize,
}

#[derive(Debug)]
enum Answer<Res> {
    Reply(Result<Res, Error>),
    Hang,
    Panic,
}

/// A call that is expected: say how it is answered.
#[derive(Debug)]
pub struct Expected<'a, Req, Res> {
    calls: &'a mut Calls<Req, Res>,
    request: Req,
}

impl<Req, Res> Calls<Req, Res> {
    /// The next call will be this one.
    pub fn expect(&mut self, request: Req) -> Expected<'_, Req, Res> {
        Expected { calls: self, request }
    }

    /// How many calls were answered.
    pub fn finished(&self) -> usize {
        lock(&self.0).finished
    }
}

impl<Req: Debug, Res> Calls<Req, Res> {
    /// # Panics
    /// If a call came that was not expected, or one that was expected did not come.
    #[track_caller]
    pub fn assert_none(&self) {
        let script = lock(&self.0);
        assert!(script.unexpected.is_empty(), "unexpected calls: {:?}", script.unexpected);
        assert!(script.expected.is_empty(), "{} expected calls never came", script.expected.len());
    }
}

impl<Req, Res> Expected<'_, Req, Res> {
    /// It succeeds.
    pub fn reply(self, response: Res) {
        self.answer(Answer::Reply(Ok(response)));
    }

    /// It fails.
    pub fn fail(self, error: Error) {
        self.answer(Answer::Reply(Err(error)));
    }

    /// It never ends.
    pub fn hang(self) {
        self.answer(Answer::Hang);
    }

    /// It panics.
    pub fn panic(self) {
        self.answer(Answer::Panic);
    }

    fn answer(self, answer: Answer<Res>) {
        lock(&self.calls.0).expected.push_back((self.request, answer));
    }
}

impl<Req, Res> Endpoint<Req> for Mock<Req, Res>
where
    Req: PartialEq + Send,
    Res: Send,
{
    type Response = Res;

    async fn call(&self, _cx: &mut Context, request: Req) -> Result<Res, Error> {
        let answer = {
            let mut script = lock(&self.0);
            match script.expected.front() {
                Some((expected, _)) if *expected == request => script.expected.pop_front().map(|(_, answer)| answer),
                _ => {
                    script.unexpected.push(request);
                    None
                }
            }
        };
        match answer {
            Some(Answer::Reply(result)) => {
                lock(&self.0).finished += 1;
                result
            }
            Some(Answer::Hang) => std::future::pending().await,
            Some(Answer::Panic) => panic!("the mock was told to panic"),
            None => Err(Error::unimplemented("the mock did not expect this call")),
        }
    }
}

impl<Req, Res> Clone for Mock<Req, Res> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn lock<Req, Res>(script: &Mutex<Script<Req, Res>>) -> MutexGuard<'_, Script<Req, Res>> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}
