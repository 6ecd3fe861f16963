//! Errors on the wire: the error object of the specification.

use std::time::Duration;

use kit_core::failure::Details;
use kit_core::{Code, Error, Retry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::failure;
use crate::http::problem::clean;

/// What the protocol itself refuses, before a method is called: the cause of such an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// -32700: the body is no JSON.
    #[error("parse error")]
    Parse,
    /// -32600: it is JSON and no request.
    #[error("invalid request")]
    InvalidRequest,
    /// -32601: nobody has this name.
    #[error("method not found")]
    MethodNotFound,
}

impl Fault {
    /// Its number.
    pub const fn number(self) -> i64 {
        match self {
            Fault::Parse => -32700,
            Fault::InvalidRequest => -32600,
            Fault::MethodNotFound => -32601,
        }
    }

    /// As the specification writes it.
    const fn message(self) -> &'static str {
        match self {
            Fault::Parse => "Parse error",
            Fault::InvalidRequest => "Invalid Request",
            Fault::MethodNotFound => "Method not found",
        }
    }
}

/// A number of the application's own, by which callers of another make know an error: as its cause, it is what the error leaves
/// with. The code stays, for the layers and for callers of ours.
///
/// ```
/// use kit_core::Error;
/// use kit_transport::jsonrpc::Number;
///
/// static NO_FUNDS: Number = Number::new(1001).unwrap();
///
/// let error = Error::failed_precondition("the account is empty").with_reason("no_funds").with_cause(NO_FUNDS);
/// assert!(Number::new(-32050).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error {0} of the application")]
pub struct Number(i64);

impl Number {
    /// This number; `None` from -32768 to -32000, which the specification keeps for itself.
    pub const fn new(number: i64) -> Option<Self> {
        match number {
            -32768..=-32000 => None,
            own => Some(Self(own)),
        }
    }

    /// It.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// The error object that a server answered with: the cause of a client's error.
///
/// A server of another make has numbers of its own, and any `data`: they are read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("JSON-RPC error {number}: {message}")]
pub struct RemoteError {
    number: i64,
    message: String,
    data: Option<Box<str>>,
}

impl RemoteError {
    /// The number that the object has as its `code`.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// What was said, without control characters and at most 1 KiB of it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The `data`, as JSON.
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }
}

/// The number of an error of this code, where the protocol has none of its own: [the table](super#errors).
pub const fn number_of(code: Code) -> i64 {
    match code {
        Code::Unimplemented => -32601,
        Code::InvalidArgument => -32602,
        Code::Internal => -32603,
        code => -32000 - code.number() as i64,
    }
}

/// The code of an error object that says nothing but its number. Total: [the table](super#errors).
pub const fn code_of(number: i64) -> Code {
    match number {
        -32700 | -32600 | -32602 => Code::InvalidArgument,
        -32601 => Code::Unimplemented,
        -32603 => Code::Internal,
        -32016..=-32001 => match Code::from_number((-32000 - number) as u8) {
            Some(code) => code,
            None => Code::Unknown,
        },
        -32768..=-32000 => Code::Unknown,
        _ => Code::FailedPrecondition,
    }
}

#[derive(Serialize)]
struct Written<'a> {
    code: i64,
    message: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_pushback_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<failure::Written<'a>>,
}

#[derive(Deserialize)]
struct Read<'a> {
    code: i64,
    message: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// What is read of `data`. A foreign one may lack all of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ReadData {
    code: Option<String>,
    reason: Option<String>,
    id: Option<String>,
    detail: Option<String>,
    retry_pushback_ms: Option<i64>,
    failure: Option<Box<RawValue>>,
}

/// Writes the error object of `error`.
pub(super) fn write(error: &Error, into: &mut Vec<u8>) {
    let (fault, details) = (error.cause::<Fault>(), Details::of(error));
    let own = || error.cause::<Number>().map(|number| number.get());
    let number = fault.map(|fault| fault.number()).or_else(own).unwrap_or_else(|| number_of(error.code()));
    let written = Written {
        code: number,
        message: fault.map_or_else(|| error.message(), |fault| fault.message()),
        data: Data {
            code: error.code().as_str(),
            reason: error.reason(),
            id: error.id().to_string(),
            detail: fault.map(|_| error.message()),
            retry_pushback_ms: pushback(error),
            failure: details.as_ref().and_then(failure::Written::of),
        },
    };
    serde_json::to_writer(into, &written).expect("strings, numbers and JSON are JSON");
}

/// The hint, where the code does not imply it: the same two as on every wire.
fn pushback(error: &Error) -> Option<i64> {
    match error.retry() {
        // Rounded up: a caller that comes early is refused again.
        Retry::After(pause) => Some(i64::try_from(pause.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)),
        Retry::Never if Retry::of_code(error.code()) != Retry::Never => Some(-1),
        _ => None,
    }
}

/// The error that an error object stands for.
///
/// # Errors
/// If it is no error object.
pub(super) fn read(object: &RawValue) -> Result<Error, serde_json::Error> {
    let read: Read<'_> = serde_json::from_str(object.get())?;
    let data: ReadData = read.data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default();
    let said = data.code.as_deref().and_then(|code| code.parse::<Code>().ok());
    let cause =
        RemoteError { number: read.code, message: clean(read.message), data: read.data.map(|data| data.get().into()) };
    let code = said.unwrap_or_else(|| code_of(read.code));
    // A stranger's `data` is not ours, whatever its members are called.
    let data = if said.is_some() { data } else { ReadData::default() };
    let mut error = Error::new(code, data.detail.map_or_else(|| cause.message.clone(), clean)).with_cause(cause);
    if let Some(reason) = data.reason {
        error = error.with_reason(clean(reason));
    }
    if let Some(id) = data.id.and_then(|id| id.parse().ok()) {
        error = error.with_id(id);
    }
    let error = failure::attach(error, data.failure.as_deref());
    Ok(match data.retry_pushback_ms.map(u64::try_from) {
        None => error,
        Some(Ok(pause)) => error.with_retry(Retry::After(Duration::from_millis(pause))),
        Some(Err(_)) => error.with_retry(Retry::Never),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn written(error: &Error) -> Value {
        let mut bytes = Vec::new();
        write(error, &mut bytes);
        serde_json::from_slice(&bytes).unwrap()
    }

    fn back(object: &Value) -> Error {
        read(&serde_json::value::to_raw_value(object).unwrap()).unwrap()
    }

    #[test]
    fn an_error_comes_back_with_its_code_line_reason_and_id() {
        for code in Code::ALL {
            let error = Error::new(code, "a line").with_reason("why");
            let back = back(&written(&error));
            assert_eq!((back.code(), back.message(), back.reason()), (code, "a line", Some("why")));
            assert_eq!((back.id(), back.retry()), (error.id(), error.retry()));
        }
    }

    #[test]
    fn every_code_has_a_number_that_leads_back_to_it() {
        for code in Code::ALL {
            let number = number_of(code);
            assert!((-32099..=-32000).contains(&number) || (-32603..=-32601).contains(&number), "{code}: {number}");
            assert_eq!(code_of(number), code);
        }
    }

    #[test]
    fn a_stranger_speaks_by_its_number_and_what_it_said_is_the_cause() {
        for (number, code) in [
            (-32700, Code::InvalidArgument),
            (-32600, Code::InvalidArgument),
            (-32000, Code::Unknown),
            (-32017, Code::Unknown),
            (-32768, Code::Unknown),
            (-32769, Code::FailedPrecondition),
            (0, Code::FailedPrecondition),
            (1, Code::FailedPrecondition),
            (i64::MAX, Code::FailedPrecondition),
            (i64::MIN, Code::FailedPrecondition),
        ] {
            let error = back(&json!({ "code": number, "message": "no\n", "data": { "reason": "x", "id": "y" } }));
            assert_eq!((error.code(), error.message(), error.reason()), (code, "no ", None));
            let cause = error.cause::<RemoteError>().unwrap();
            assert_eq!((cause.number(), cause.data()), (number, Some(r#"{"id":"y","reason":"x"}"#)));
        }
        for data in [json!(7), json!("text"), json!([1]), json!({ "code": 7 }), Value::Null] {
            assert_eq!(back(&json!({ "code": -32005, "message": "m", "data": data })).code(), Code::NotFound);
        }
    }

    #[test]
    fn what_the_protocol_refuses_has_its_words_and_the_detail_beside_them() {
        let error = Error::boundary(Code::InvalidArgument, Fault::Parse).with_message("at line 1");
        let object = written(&error);
        assert_eq!((&object["code"], &object["message"]), (&json!(-32700), &json!("Parse error")));
        assert_eq!(object["data"]["detail"], "at line 1");
        assert_eq!(back(&object).message(), "at line 1");
    }

    #[test]
    fn a_number_of_the_applications_own_leaves_in_the_place_of_the_codes() {
        let error = Error::failed_precondition("the account is empty").with_cause(Number::new(1001).unwrap());
        let object = written(&error);
        assert_eq!((&object["code"], &object["message"]), (&json!(1001), &json!("the account is empty")));
        let back = back(&object);
        assert_eq!((back.code(), back.cause::<RemoteError>().unwrap().number()), (Code::FailedPrecondition, 1001));
        // What another server said is its number, and none of ours.
        assert_eq!(written(&back)["code"], number_of(Code::FailedPrecondition));
        for (number, fits) in [(-32769, true), (-32768, false), (-32000, false), (-31999, true), (0, true)] {
            assert_eq!(Number::new(number).is_some(), fits, "{number}");
        }
    }

    #[test]
    fn nothing_internal_leaves() {
        let error = Error::bug("password of db-7 is hunter2").with_field("host", "db-7");
        let text = written(&error).to_string();
        assert!(!text.contains("hunter2") && !text.contains("db-7") && !text.contains(".rs"), "{text}");
        assert!(text.contains(&error.id().to_string()));
    }

    #[test]
    fn a_pause_is_sent_rounded_up_and_a_never_where_the_code_does_not_say_it() {
        let sent = |retry| written(&Error::unavailable("down").with_retry(retry));
        let pause = sent(Retry::After(Duration::from_micros(1_200_001)));
        assert_eq!(pause["data"]["retry_pushback_ms"], 1_201);
        assert_eq!(back(&pause).retry(), Retry::After(Duration::from_millis(1_201)));
        assert_eq!(back(&sent(Retry::Never)).retry(), Retry::Never);
        assert!(sent(Retry::Safe)["data"].get("retry_pushback_ms").is_none());
        assert!(written(&Error::not_found("no"))["data"].get("retry_pushback_ms").is_none());
        let forever = sent(Retry::After(Duration::MAX));
        assert!(matches!(back(&forever).retry(), Retry::After(_)));
    }

    #[test]
    fn what_is_no_error_object_is_none() {
        for object in [
            json!(null),
            json!({}),
            json!({ "code": "1", "message": "m" }),
            json!({ "code": 1.5, "message": "m" }),
            json!({ "code": 1 }),
            json!({ "code": 1, "message": null }),
        ] {
            assert!(read(&serde_json::value::to_raw_value(&object).unwrap()).is_err(), "{object}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_fit_to_be_shown(message in "(?s).{0,2000}", code in any::<i64>()) {
            let error = back(&json!({ "code": code, "message": message }));
            prop_assert!(error.message().len() <= 1024);
            prop_assert!(!error.message().chars().any(char::is_control));
        }
    }
}
