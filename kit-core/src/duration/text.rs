use std::fmt;
use std::time::Duration;

/// A text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no duration such as \"250ms\" or \"1m 30s\": {why}")]
pub struct ParseDurationError {
    text: String,
    why: String,
}

/// Reads a duration such as `250ms`, `30s`, `1m 30s`, `2h`.
///
/// # Errors
/// [`ParseDurationError`] for a number without a unit (`0` alone needs none), a unit without a number, a sign, parts of a
/// nanosecond, and more than [`Duration::MAX`].
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// assert_eq!(kit_core::duration::parse("1m 30s")?, Duration::from_secs(90));
/// let error = kit_core::duration::parse("30").unwrap_err().to_string();
/// assert!(error.starts_with(r#""30" is no duration such as "250ms" or "1m 30s""#));
/// # Ok::<(), kit_core::duration::ParseDurationError>(())
/// ```
pub fn parse(text: &str) -> Result<Duration, ParseDurationError> {
    let refuse = |why: String| ParseDurationError { text: text.to_owned(), why };
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    // Term by term: humantime 2.4 panics on a sum that ends between the largest second and the next, and takes "1 30s" for 130 s.
    loop {
        let (term, next) = first_term(rest);
        if term.trim_end_matches(char::is_alphabetic).trim_end().contains(char::is_whitespace) {
            return Err(refuse("a number has no unit".into()));
        }
        let value = humantime::parse_duration(term).map_err(|error| refuse(error.to_string()))?;
        total = total.checked_add(value).ok_or_else(|| refuse("it is too long".into()))?;
        rest = next.trim_start();
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// Everything to the end of the first word, and what comes after it.
fn first_term(text: &str) -> (&str, &str) {
    let unit = text.find(char::is_alphabetic).unwrap_or(text.len());
    let end = text[unit..].find(|c: char| !c.is_alphabetic()).map_or(text.len(), |end| unit + end);
    text.split_at(end)
}

/// A duration as [`parse`] reads it, exactly: `1m 30s`.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// assert_eq!(kit_core::duration::display(Duration::from_millis(2_500)).to_string(), "2s 500ms");
/// ```
pub fn display(duration: Duration) -> impl fmt::Display {
    humantime::format_duration(duration)
}
