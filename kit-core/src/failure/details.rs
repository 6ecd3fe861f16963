use std::borrow::Cow;

use crate::error::Error;

/// What a wire carries of a [`Failure`](super::Failure): the name of its type, its reason, and what it holds as JSON.
///
/// A binding of a server takes it from an error and writes it beside code and reason; one of a client puts it into the error that it
/// makes, where [`Error::recognize`] makes a failure of it, and `cause::<Details>()` finds it if that has not happened. A transport of
/// one's own does the same:
///
/// ```
/// use kit_core::failure::{Details, Failure as _};
/// use kit_core::{Code, Error};
/// # use kit_macros::Failure;
///
/// #[derive(Debug, Failure)]
/// # #[failure(crate = "kit_core")]
/// enum StoreError {
///     #[failure(code = "NotFound", message = "no row {id}")]
///     NoRow { id: u32 },
/// }
///
/// // There: beside the code, for whoever reads it.
/// let error = Error::from(StoreError::NoRow { id: 7 });
/// let sent = Details::of(&error).expect("it is a failure");
/// assert_eq!((sent.name(), sent.reason(), sent.payload()), ("StoreError", "no_row", Some(r#"{"id":7}"#)));
///
/// // Here: what was read is checked.
/// let read = Details::new("StoreError".to_owned(), "no_row".to_owned(), Some(r#"{"id":7}"#.into())).expect("within bounds");
/// let error = Error::new(Code::NotFound, "no row 7").with_details(read);
/// assert!(Details::of(&error).is_none(), "what was received is not sent on");
/// assert!(matches!(error.recognize::<StoreError>().cause(), Some(StoreError::NoRow { id: 7 })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct Details {
    name: Cow<'static, str>,
    reason: Cow<'static, str>,
    payload: Option<Box<str>>,
}

impl Details {
    /// How long a name and a reason may be, in bytes: 128.
    pub const MAX_NAME_BYTES: usize = 128;

    /// How long what a failure holds may be as JSON, in bytes: 4 KiB. In gRPC it is written in base64 among the trailers, of which many
    /// peers take 8 KiB.
    pub const MAX_PAYLOAD_BYTES: usize = 4 * 1024;

    /// These; `None` if one is too long, or name or reason is anything but visible ASCII. Whether the payload is JSON is seen by who
    /// reads it.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        payload: Option<Box<str>>,
    ) -> Option<Self> {
        let (name, reason) = (name.into(), reason.into());
        let fits = |text: &str| {
            (1..=Self::MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let short = payload.as_ref().is_none_or(|payload| payload.len() <= Self::MAX_PAYLOAD_BYTES);
        (fits(&name) && fits(&reason) && short).then_some(Self { name, reason, payload })
    }

    /// What leaves of the failure that this error is: none of an error that is no failure, or whose failure came from another process.
    /// One that is wrapped stays behind too.
    pub fn of(error: &Error) -> Option<Self> {
        error.details()
    }

    /// The name of the type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the variant.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What it holds, as JSON: none of a variant without fields.
    pub fn payload(&self) -> Option<&str> {
        self.payload.as_deref()
    }
}
