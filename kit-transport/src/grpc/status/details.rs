//! `grpc-status-details-bin`: what a number and a line cannot say, as Google's services do.

use std::collections::HashMap;
use std::time::Duration;

use kit_core::failure::Details;
use kit_core::{Error, ErrorId, Retry};
use prost::Message;
use prost_types::Any;

/// Whose reasons they are.
const DOMAIN: &str = "kit";

/// The key of the error's id.
const ID: &str = "id";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: HashMap<String, String>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// `kit.Failure`: what a [failure](kit_core::failure) sends of itself.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Failure {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) reason: String,
    /// What it holds, as JSON.
    #[prost(string, optional, tag = "3")]
    pub(super) payload: Option<String>,
}

/// A detail of a type with that name.
pub(super) fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

/// The message of a detail, if it is of this type.
fn read<M: Message + Default>(detail: &Any, name: &str) -> Option<M> {
    let own = detail.type_url.rsplit_once('/').map_or(&*detail.type_url, |(_, name)| name);
    (own == name).then(|| M::decode(&*detail.value).ok()).flatten()
}

const ERROR_INFO: &str = "google.rpc.ErrorInfo";
const RETRY_INFO: &str = "google.rpc.RetryInfo";
pub(super) const FAILURE: &str = "kit.Failure";

impl Status {
    /// What is sent of an error, whose line is cut to `message`.
    pub(super) fn of(error: &Error, message: &str) -> Self {
        let info = ErrorInfo {
            reason: error.reason().unwrap_or_default().to_owned(),
            domain: DOMAIN.to_owned(),
            metadata: HashMap::from([(ID.to_owned(), error.id().to_string())]),
        };
        let mut details = vec![any(ERROR_INFO, &info)];
        if let Retry::After(pause) = error.retry() {
            let seconds = i64::try_from(pause.as_secs()).unwrap_or(i64::MAX);
            let delay =
                prost_types::Duration { seconds, nanos: i32::try_from(pause.subsec_nanos()).unwrap_or_default() };
            details.push(any(RETRY_INFO, &RetryInfo { retry_delay: Some(delay) }));
        }
        if let Some(sent) = Details::of(error) {
            let payload = sent.payload().map(str::to_owned);
            let failure = Failure { name: sent.name().to_owned(), reason: sent.reason().to_owned(), payload };
            details.push(any(FAILURE, &failure));
        }
        Self { code: i32::from(error.code().number()), message: message.to_owned(), details }
    }

    /// The reason and, if the error is one of ours, its id.
    pub(super) fn info(&self) -> (Option<String>, Option<ErrorId>) {
        let info: Option<ErrorInfo> = self.details.iter().find_map(|detail| read(detail, ERROR_INFO));
        let Some(info) = info else { return (None, None) };
        let id = info.metadata.get(ID).filter(|_| info.domain == DOMAIN).and_then(|id| id.parse().ok());
        (Some(info.reason).filter(|reason| !reason.is_empty()), id)
    }

    /// The pause that is asked for.
    pub(super) fn pause(&self) -> Option<Duration> {
        let info: RetryInfo = self.details.iter().find_map(|detail| read(detail, RETRY_INFO))?;
        let delay = info.retry_delay?;
        let seconds = u64::try_from(delay.seconds).ok()?;
        Duration::from_secs(seconds).checked_add(Duration::from_nanos(u64::try_from(delay.nanos).ok()?))
    }

    /// The failure that it was.
    pub(super) fn failure(&self) -> Option<Details> {
        let failure: Failure = self.details.iter().find_map(|detail| read(detail, FAILURE))?;
        Details::new(failure.name, failure.reason, failure.payload.map(String::into_boxed_str))
    }
}
