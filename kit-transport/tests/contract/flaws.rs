//! What breaks a rule is found, by that rule.

use bytes::Bytes;
use kit_core::Error;
use kit_transport::codec::{Codec, Decode, Encode, Json};
use kit_transport::testing::Message;
use kit_transport::testing::codec::{CodecRig, contract};

/// JSON with a flaw.
#[derive(Clone, Copy, PartialEq)]
enum Flawed {
    ReadsWhatFollows,
    TakesNothingForAValue,
    RepeatsAll,
    Forgets,
    BelievesClaims,
}

impl Codec for Flawed {
    fn content_type(&self) -> &'static str {
        "application/json"
    }
}

impl Encode<Message> for Flawed {
    fn encode(&self, message: &Message) -> Result<Bytes, Error> {
        match self {
            Flawed::Forgets => Json.encode(&Message::new(message.text.replace('"', ""))),
            _ => Json.encode(message),
        }
    }
}

impl Decode<Message> for Flawed {
    fn decode(&self, bytes: &[u8]) -> Result<Message, Error> {
        let end = bytes.iter().position(|byte| *byte == b'}').map_or(0, |at| at + 1);
        match self {
            Flawed::ReadsWhatFollows if end > 0 => Json.decode(&bytes[..end]),
            Flawed::BelievesClaims => {
                drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
                Json.decode(bytes)
            }
            Flawed::TakesNothingForAValue if bytes.is_empty() => Ok(Message::default()),
            Flawed::RepeatsAll => Json.decode(bytes).map_err(|error: Error| {
                let text: String =
                    String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(300).collect();
                error.with_message(format!("this is no JSON: {text}"))
            }),
            _ => Json.decode(bytes),
        }
    }
}

impl CodecRig for Flawed {
    type Codec = Self;
    type Value = Message;

    fn codec(&self) -> Self {
        *self
    }

    fn values(&self) -> Vec<Message> {
        vec![Message::default(), Message::new("a \"word\"")]
    }

    fn large(&self, bytes: usize) -> Message {
        Message::new("x".repeat(bytes))
    }

    fn claims(&self) -> Vec<Vec<u8>> {
        vec![b"{\"text\":\"a".to_vec()]
    }

    fn allocated(&self, run: &mut dyn FnMut()) -> Option<u64> {
        Some(allocation_counter::measure(run).bytes_max)
    }
}

#[test]
#[should_panic(expected = "rule \"refuses what follows a value\" is broken")]
fn a_codec_that_ignores_what_follows_is_found() {
    contract(&Flawed::ReadsWhatFollows);
}

#[test]
#[should_panic(expected = "rule \"refuses what is cut off\" is broken")]
fn a_codec_that_takes_a_part_for_a_value_is_found() {
    contract(&Flawed::TakesNothingForAValue);
}

#[test]
#[should_panic(expected = "rule \"repeats little of what it refuses\" is broken")]
fn a_codec_that_repeats_what_it_was_fed_is_found() {
    contract(&Flawed::RepeatsAll);
}

#[test]
#[should_panic(expected = "rule \"believes no length that is only claimed\" is broken")]
fn a_codec_that_sets_aside_what_is_only_claimed_is_found() {
    contract(&Flawed::BelievesClaims);
}

#[test]
#[should_panic(expected = "rule \"reads what it writes\" is broken")]
fn a_codec_that_loses_something_is_found() {
    contract(&Flawed::Forgets);
}

#[cfg(feature = "local")]
mod transports {
    use std::time::Duration;

    use futures_util::StreamExt as _;
    use kit_core::{Context, Endpoint, Metadata, Method, Streaming, endpoint_with};
    use kit_transport::local::{Local, LocalStream};
    use kit_transport::testing::transport::{self, Carried, ServerStream, TransportRig, Unary};
    use tokio::sync::mpsc;

    use super::*;

    /// Calls within the process with a flaw.
    #[derive(Clone, Copy, PartialEq)]
    enum Flaw {
        Repeats,
        LosesTheMetadataOfErrors,
        GivesMoreTime,
        GoesOnAlone,
        ShowsCauses,
        ForgetsFailures,
        RunsAhead,
        HidesErrors,
    }

    struct Rig(Flaw);

    async fn call(rig: &(Local<Unary>, Unary, Flaw), cx: &mut Context, message: Message) -> Result<Message, Error> {
        let (wire, service, flaw) = rig;
        match flaw {
            Flaw::Repeats => match wire.call(cx, message.clone()).await {
                Err(error) if error.retry().permits(true) => wire.call(cx, message).await,
                result => result,
            },
            Flaw::LosesTheMetadataOfErrors => {
                let result = wire.call(cx, message).await;
                if result.is_err() {
                    cx.set_inbound(Metadata::default());
                }
                result
            }
            Flaw::GivesMoreTime => {
                let later = cx.deadline().map(|deadline| deadline + Duration::from_secs(1));
                let mut own = cx.fork();
                own = own.with_deadline(later);
                let result = wire.call(&mut own, message).await;
                cx.merge(own);
                result
            }
            Flaw::GoesOnAlone => {
                let (wire, mut own) = (wire.clone(), cx.fork());
                let alone = tokio::spawn(async move { (wire.call(&mut own, message).await, own) });
                let (result, own) = alone.await.expect("no panic goes so far");
                cx.merge(own);
                result
            }
            Flaw::ShowsCauses => {
                let last = std::sync::Mutex::new(None);
                let kept = Keeping(service, &last);
                let result = Local::new(kept).call(cx, message).await;
                result.map_err(|error| last.into_inner().expect("no panic").unwrap_or(error))
            }
            Flaw::ForgetsFailures => wire.call(cx, message).await.map_err(|error| {
                let known = Error::new(error.code(), error.message().to_owned()).with_id(error.id());
                let known = error.reason().map_or(known.clone(), |reason| known.with_reason(reason.to_owned()));
                known.with_retry(error.retry())
            }),
            Flaw::RunsAhead | Flaw::HidesErrors => wire.call(cx, message).await,
        }
    }

    /// Keeps the error as the service made it.
    struct Keeping<'a>(&'a Unary, &'a std::sync::Mutex<Option<Error>>);

    impl Endpoint<Message> for Keeping<'_> {
        type Response = Message;

        async fn call(&self, cx: &mut Context, message: Message) -> Result<Message, Error> {
            let result = self.0.call(cx, message).await;
            *self.1.lock().expect("no panic") = result.as_ref().err().cloned();
            result
        }
    }

    async fn stream(
        rig: &(LocalStream<ServerStream>, Flaw),
        cx: &mut Context,
        message: Message,
    ) -> Result<Streaming<Message>, Error> {
        let mut items = rig.0.call(cx, message).await?;
        if rig.1 == Flaw::HidesErrors {
            return Ok(Streaming::new(cx, items.take_while(|item| std::future::ready(item.is_ok()))));
        }
        let (send, mut receive) = mpsc::channel(2_500);
        tokio::spawn(async move {
            loop {
                let item = tokio::select! {
                    item = items.next() => item,
                    () = send.closed() => None,
                };
                if item.is_none_or(|item| send.try_send(item).is_err()) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        });
        Ok(Streaming::new(cx, futures_util::stream::poll_fn(move |task| receive.poll_recv(task))))
    }

    impl TransportRig for Rig {
        async fn unary(&mut self, _method: &'static Method, service: Unary) -> Unary {
            endpoint_with((Local::new(service.clone()), service, self.0), call).boxed()
        }

        async fn server_stream(&mut self, _method: &'static Method, service: ServerStream) -> Option<ServerStream> {
            Some(endpoint_with((LocalStream::new(service), self.0), stream).boxed())
        }

        fn carries(&self, what: Carried) -> bool {
            what == Carried::Failures
        }
    }

    macro_rules! found {
        ($($(#[$meta:meta])* $name:ident: $flaw:ident)*) => {$(
            #[tokio::test(start_paused = true)]
            $(#[$meta])*
            async fn $name() {
                transport::contract(async || Rig(Flaw::$flaw)).await;
            }
        )*};
    }

    found! {
        #[should_panic(expected = "rule \"calls no endpoint twice\" is broken")]
        a_transport_that_repeats_is_found: Repeats
        #[should_panic(expected = "rule \"carries metadata with an error\" is broken")]
        a_transport_that_loses_the_metadata_of_an_error_is_found: LosesTheMetadataOfErrors
        #[should_panic(expected = "rule \"leaves less time on every hop\" is broken")]
        a_transport_that_gives_more_time_than_there_is_is_found: GivesMoreTime
        #[should_panic(expected = "rule \"tells the callee that its caller has left\" is broken")]
        a_transport_that_goes_on_without_its_caller_is_found: GoesOnAlone
        #[should_panic(expected = "rule \"brings each code back with its id, reason, line and hint\" is broken")]
        a_transport_that_shows_causes_is_found: ShowsCauses
        #[should_panic(expected = "what is told of a failure that is own is None")]
        a_transport_that_forgets_failures_is_found: ForgetsFailures
        #[should_panic(expected = "rule \"slows a source down to its reader\" is broken")]
        a_transport_that_runs_ahead_of_its_reader_is_found: RunsAhead
        #[should_panic(expected = "rule \"brings an error in a stream after the items before it\" is broken")]
        a_transport_whose_errors_look_like_an_end_is_found: HidesErrors
    }
}
