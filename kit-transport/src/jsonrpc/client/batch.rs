use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use kit_core::{Context, Endpoint, Error, Method, Outcome, Retry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::id::Id;
use super::{Client, answer, request};
use crate::http::{Request, Response};
use crate::jsonrpc::message::elements;
use crate::jsonrpc::outcome_of;

/// The method that stands for a batch, for labels and logs.
pub mod methods {
    use kit_core::Method;

    /// A batch of calls. Marked as one that may not run twice, since it does not look at its calls.
    pub static BATCH: Method = Method::new("jsonrpc", "batch");
}

/// Calls that go out together: the request of [`Batches`]. Their parameters are written as they are added.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    calls: Vec<Planned>,
}

#[derive(Clone, Debug)]
struct Planned {
    name: &'static str,
    params: Option<Bytes>,
    notification: bool,
}

/// What takes an answer out of the [`Answers`] to the batch that gave it out.
pub struct Ticket<Res> {
    place: usize,
    types: PhantomData<fn() -> Res>,
}

/// How the calls of a batch ended, each for itself.
#[derive(Debug)]
pub struct Answers {
    /// `None` for a notification, and for what was taken.
    results: Vec<Option<Result<Bytes, Error>>>,
}

impl Batch {
    /// A batch without calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call.
    ///
    /// # Errors
    /// `InvalidArgument` with the reason `bad_params` for parameters that are no array and no object; nothing is added then.
    pub fn call<Res>(
        &mut self,
        method: &'static Method,
        params: &(impl Serialize + ?Sized),
    ) -> Result<Ticket<Res>, Error> {
        let params = request::params(params)?;
        self.calls.push(Planned { name: method.name(), params, notification: false });
        Ok(Ticket { place: self.calls.len() - 1, types: PhantomData })
    }

    /// Adds a call whose answer nobody wants.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn notify(&mut self, method: &'static Method, params: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let params = request::params(params)?;
        self.calls.push(Planned { name: method.name(), params, notification: true });
        Ok(())
    }

    /// How many calls there are, notifications among them.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there is none. A server would refuse it, and so it is not sent.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

impl Answers {
    /// The answer to the call that the ticket was given out for.
    ///
    /// # Errors
    /// That of the call; `Internal` with the reason `malformed_answer` if there is no answer to it, or one that does not fit. A
    /// ticket of another batch is a bug.
    pub fn take<Res: DeserializeOwned>(&mut self, ticket: Ticket<Res>) -> Result<Res, Error> {
        match self.results.get_mut(ticket.place).and_then(Option::take) {
            Some(Ok(json)) => answer::value(&json),
            Some(Err(error)) => Err(error),
            None => Err(Error::bug("the ticket is of another batch")),
        }
    }
}

/// Makes the calls of a batch in one request of HTTP; made by [`Client::batches`].
///
/// Answers are matched by their ids, in whatever order they come. An answer to no call, or the second to one, spoils them all; an
/// error without an id stands for the calls that have no answer.
///
/// # Errors
/// What stands for the whole batch; a call's own error comes out of [`Answers::take`].
///
/// # Cancel safety
/// That of the inner endpoint.
#[derive(Debug)]
pub struct Batches<E>(Client<E>);

impl<E> Batches<E> {
    /// Calls with the context that it is given, for the inside of a stack; application code takes [`Client::batches`].
    pub fn new(client: &Client<E>) -> Self {
        Self(client.clone())
    }
}

impl<E> Clone for Batches<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E> Endpoint<Batch> for Batches<E>
where
    E: Endpoint<Request, Response = Response>,
{
    type Response = Answers;

    async fn call(&self, cx: &mut Context, batch: Batch) -> Result<Answers, Error> {
        if batch.is_empty() {
            return Err(Error::invalid_argument("a batch has at least one call")
                .with_reason("empty_batch")
                .with_retry(Retry::Never));
        }
        let length = batch.len();
        let (body, places) = self.write(batch)?;
        let received = self.0.exchange(cx, body).await?;
        if let Some(failed) = received.failed {
            return Err(refusal(&received.body).unwrap_or(failed));
        }
        let results = read(&received.body, &places, length)?;
        let outcomes = results.iter().flatten().map(Outcome::of);
        cx.set_outcome(outcome_of(outcomes));
        Ok(Answers { results })
    }
}

impl<E> Batches<E> {
    /// The body, and the place of each call that has an id.
    fn write(&self, batch: Batch) -> Result<(Vec<u8>, HashMap<Id, usize>), Error> {
        let (mut body, mut places) = (Vec::new(), HashMap::new());
        for (place, call) in batch.calls.into_iter().enumerate() {
            body.push(if body.is_empty() { b'[' } else { b',' });
            let id = (!call.notification).then(|| self.0.next_id());
            if let Some(id) = id
                && places.insert(id, place).is_some()
            {
                return Err(Error::bug("a source of ids gave one out twice"));
            }
            request::write(call.name, call.params.as_ref(), id, &mut body);
        }
        body.push(b']');
        Ok((body, places))
    }
}

/// The error with which a whole batch was refused: one object where there should be a list, of no call.
fn refusal(body: &[u8]) -> Option<Error> {
    let answer = answer::text(body).and_then(answer::read).ok()?;
    if answer.id == "null" { answer.result.err() } else { None }
}

/// The results of a batch, each at the place of its call.
fn read(body: &Bytes, places: &HashMap<Id, usize>, length: usize) -> Result<Vec<Option<Result<Bytes, Error>>>, Error> {
    let mut results: Vec<_> = (0..length).map(|_| None).collect();
    // Nothing at all is what a batch of notifications gets.
    if places.is_empty() {
        return Ok(results);
    }
    if body.is_empty() {
        return Err(answer::malformed("there is no answer"));
    }
    let text = answer::text(body)?;
    let Some(answers) = elements(text, usize::MAX) else {
        return Err(refusal(body).unwrap_or_else(|| answer::malformed("it answers a batch, and is no array")));
    };
    let mut stray = None;
    for text in answers {
        let answer = answer::read(text)?;
        let place = Id::read(answer.id).and_then(|id| places.get(&id));
        match (place, answer.result) {
            (Some(&place), result) => {
                let result = result.map(|json| body.slice_ref(json.as_bytes()));
                if results[place].replace(result).is_some() {
                    return Err(answer::malformed("a call is answered twice"));
                }
            }
            (None, Err(error)) if answer.id == "null" => stray = stray.or(Some(error)),
            (None, _) => return Err(answer::malformed("it answers a call that was not made")),
        }
    }
    for &place in places.values() {
        let missing = || stray.clone().unwrap_or_else(|| answer::malformed("a call has no answer"));
        results[place].get_or_insert_with(|| Err(missing()));
    }
    Ok(results)
}

impl<Res> fmt::Debug for Ticket<Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.place)
    }
}
