use std::error::Error as StdError;

use kit_core::{Code, Error};
use serde::Deserialize;

use crate::answer::Answer;
use crate::malformed::{Malformed, Shown};
use crate::value::Entry;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Toml,
}

/// The whole of a file, its instances unread.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<T> {
    instances: Vec<T>,
}

/// The answer that a file gives; an error if it cannot be read as a whole.
pub(super) fn parse(format: Format, content: &[u8]) -> Result<Answer, Error> {
    let text = std::str::from_utf8(content).map_err(|error| bad(&error.to_string(), error))?;
    let items: Vec<Result<Entry, Malformed>> = match format {
        Format::Toml => {
            let file =
                toml::from_str::<File<toml::Value>>(text).map_err(|error| bad(error.message(), error.clone()))?;
            file.instances.into_iter().map(from_toml).collect()
        }
        Format::Json => {
            json(text).map_err(|error| bad(&error.to_string(), error))?.into_iter().map(from_json).collect()
        }
    };
    let mut answer = Answer::new([]);
    for (place, item) in items.into_iter().enumerate() {
        answer.add(&format!("instances[{place}]"), item.and_then(Entry::strict));
    }
    Ok(answer)
}

/// JSON may be the list alone.
fn json(text: &str) -> Result<Vec<serde_json::Value>, serde_json::Error> {
    match serde_json::from_str(text)? {
        serde_json::Value::Array(instances) => Ok(instances),
        whole => Ok(serde_json::from_value::<File<serde_json::Value>>(whole)?.instances),
    }
}

fn from_toml(value: toml::Value) -> Result<Entry, Malformed> {
    match value {
        toml::Value::String(address) => Ok(Entry { address: Some(address), ..Entry::default() }),
        value => Entry::deserialize(value).map_err(|error| Malformed::of("no entry:", error.message())),
    }
}

fn from_json(value: serde_json::Value) -> Result<Entry, Malformed> {
    match value {
        serde_json::Value::String(address) => Ok(Entry { address: Some(address), ..Entry::default() }),
        value => Entry::deserialize(value).map_err(|error| Malformed::of("no entry:", &error.to_string())),
    }
}

fn bad(reason: &str, cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(Code::DataLoss, format!("the file cannot be read: {}", Shown(reason)))
        .with_reason("malformed")
        .with_cause(cause)
}
