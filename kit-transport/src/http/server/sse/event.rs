use std::time::Duration;

use kit_core::Error;
use serde::Serialize;

/// One event of a stream, or a comment. Without data no browser tells anybody of it, but its id and its pause count.
///
/// ```
/// use kit_transport::http::server::sse::Event;
///
/// let event = Event::data("first\nsecond").name("note").id("7");
/// assert_eq!(event.to_text()?, "event: note\nid: 7\ndata: first\ndata: second\n\n");
/// # Ok::<(), kit_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    comment: Option<String>,
    name: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
    data: Option<String>,
}

/// An event that the format cannot express: a bug of the service that wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A name with a line break.
    #[error("the name of an event has a line break")]
    Name,
    /// An id with a line break or a NUL, which no browser keeps.
    #[error("the id of an event has a line break or a NUL")]
    Id,
}

impl Event {
    /// An event of this text. A line break of any kind becomes a line feed.
    pub fn data(text: impl Into<String>) -> Self {
        Self { data: Some(text.into()), ..Self::default() }
    }

    /// An event of this value as JSON.
    ///
    /// # Errors
    /// A bug: JSON cannot express it.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        serde_json::to_string(value).map(Self::data).map_err(Error::bug)
    }

    /// A comment: nobody is told of it.
    pub fn comment(text: impl Into<String>) -> Self {
        Self { comment: Some(text.into()), ..Self::default() }
    }

    /// Its name, which its listeners are registered for; `message` if it has none. `error` is that of a stream that failed.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What a reader that connects again says it saw last: [`LastEventId`](super::LastEventId).
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How long the reader is to wait before it connects again, from now on. In whole milliseconds.
    #[must_use]
    pub fn retry(mut self, pause: Duration) -> Self {
        self.retry = Some(pause);
        self
    }

    /// As it is sent.
    ///
    /// # Errors
    /// A bug with the cause [`EventError`].
    pub fn to_text(&self) -> Result<String, Error> {
        let mut text = String::new();
        self.write(&mut text)?;
        Ok(text)
    }

    pub(super) fn write(&self, into: &mut String) -> Result<(), Error> {
        if self.name.as_ref().is_some_and(|name| name.contains(['\r', '\n'])) {
            return Err(Error::bug(EventError::Name));
        }
        if self.id.as_ref().is_some_and(|id| id.contains(['\r', '\n', '\0'])) {
            return Err(Error::bug(EventError::Id));
        }
        if let Some(comment) = &self.comment {
            lines(comment).for_each(|line| field(into, "", line));
        }
        if let Some(name) = &self.name {
            field(into, "event", name);
        }
        if let Some(id) = &self.id {
            field(into, "id", id);
        }
        if let Some(pause) = self.retry {
            field(into, "retry", &pause.as_millis().to_string());
        }
        if let Some(data) = &self.data {
            lines(data).for_each(|line| field(into, "data", line));
        }
        into.push('\n');
        Ok(())
    }
}

/// The space is taken off again by the reader, and keeps one that the value begins with.
fn field(into: &mut String, name: &str, value: &str) {
    into.push_str(name);
    into.push_str(": ");
    into.push_str(value);
    into.push('\n');
}

/// At least one; broken by any of the three ends of a line that readers know.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        rest = Some(after.strip_prefix("\r\n").unwrap_or(&after[1..]));
        Some(line)
    })
}
