use std::fmt;
use std::marker::PhantomData;

use kit_core::function::Handler;
use kit_core::{Context, Error};

use super::{DecodeRequest, FromRequest};
use crate::http::Request;

/// A decoder from a function of up to six [extractors](FromRequest), which run in order until one fails.
///
/// It is told nothing of HTTP but what it asks for, and it may refuse too:
///
/// ```
/// use kit_core::Error;
/// use kit_transport::http::server::extract::{Path, extract};
///
/// let even = extract(|Path(number): Path<u64>| match number % 2 {
///     0 => Ok(number),
///     _ => Err(Error::invalid_argument("the number is odd")),
/// });
/// let nothing = extract(|| Ok(()));
/// ```
pub fn extract<F, Args>(f: F) -> Extract<F, Args>
where
    F: Extractor<Args>,
{
    Extract(f, PhantomData)
}

/// A decoder from an `async fn(&mut Context, Request)` or an async closure without captures.
///
/// ```
/// use kit_core::{Context, Error};
/// use kit_transport::http::Request;
/// use kit_transport::http::server::extract::decode_fn;
///
/// async fn method(_cx: &mut Context, request: Request) -> Result<String, Error> {
///     Ok(request.method().to_string())
/// }
///
/// let from_item = decode_fn(method);
/// let from_closure = decode_fn(async |_cx, request| Ok(request.uri().path().len()));
/// ```
pub fn decode_fn<F, Req>(f: F) -> DecodeFn<F>
where
    F: AsyncFn(&mut Context, Request) -> Result<Req, Error> + for<'a> Handler<'a, Request, Res = Req>,
{
    DecodeFn(f)
}

/// The decoder of [`extract`].
pub struct Extract<F, Args>(F, PhantomData<fn(Args)>);

/// The decoder of [`decode_fn`].
#[derive(Clone, Copy)]
pub struct DecodeFn<F>(F);

impl<F, Args, Req> DecodeRequest<Req> for Extract<F, Args>
where
    F: Extractor<Args, Req = Req>,
    Args: 'static,
{
    fn decode(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Req, Error>> + Send {
        self.0.run(cx, request)
    }
}

impl<F, Req> DecodeRequest<Req> for DecodeFn<F>
where
    F: for<'a> Handler<'a, Request, Res = Req> + 'static,
    Req: Send,
{
    fn decode(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Req, Error>> + Send {
        self.0.run(cx, request)
    }
}

/// A function that [`extract`] takes. Implemented for every one that fits; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "this function cannot be fed from a request",
    note = "it must be an `Fn(A, B, ..) -> Result<Req, kit_core::Error>` of at most six arguments, each of a type that implements `FromRequest`",
    note = "an argument's type is written out: `|Path(id): Path<u64>| Ok(id)`"
)]
pub trait Extractor<Args>: Send + Sync + 'static {
    /// What it makes: the endpoint's request.
    type Req;

    /// Runs the extractors and calls it.
    fn run(&self, cx: &mut Context, request: Request) -> impl Future<Output = Result<Self::Req, Error>> + Send;
}

impl<F, Req> Extractor<()> for F
where
    F: Fn() -> Result<Req, Error> + Send + Sync + 'static,
{
    type Req = Req;

    async fn run(&self, _cx: &mut Context, _request: Request) -> Result<Req, Error> {
        self()
    }
}

macro_rules! extractors {
    ($(($($arg:ident)+))*) => {
        $(impl<F, Req, $($arg),+> Extractor<($($arg,)+)> for F
        where
            F: Fn($($arg),+) -> Result<Req, Error> + Send + Sync + 'static,
            $($arg: FromRequest,)+
        {
            type Req = Req;

            // No `async fn`: its future would hold the request twice, as its argument and as a variable.
            #[allow(non_snake_case, reason = "a value is named like its type")]
            fn run(&self, cx: &mut Context, mut request: Request) -> impl Future<Output = Result<Req, Error>> + Send {
                async move {
                    $(let $arg = $arg::from_request(cx, &mut request).await?;)+
                    self($($arg),+)
                }
            }
        })*
    };
}

extractors! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E G) }

impl<F: Clone, Args> Clone for Extract<F, Args> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<F, Args> fmt::Debug for Extract<F, Args> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extract")
    }
}

impl<F> fmt::Debug for DecodeFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecodeFn")
    }
}
