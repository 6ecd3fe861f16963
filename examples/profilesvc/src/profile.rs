//! What the service keeps. A value of these types is in order: what is too long or cannot be named is refused where it is read.

use std::fmt;
use std::str::FromStr;

use kit::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// The name of a profile, or of an address within its profile. It stands in paths: 1 to 64 bytes, no control characters, and neither
/// `.` nor `..`, which no path can name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Id(String);

/// What somebody wrote: at most 256 bytes. Together with the other bounds it bounds what the store takes of the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text(String);

/// Somebody, and where to find them: `{"id":"7","name":"Ann","addresses":[{"id":"home","location":"Bonn"}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Which one.
    pub id: Id,
    /// What they are called. Default empty.
    #[serde(default)]
    pub name: Text,
    /// Where they are found, each under an id of its own. Default nowhere.
    #[serde(default)]
    pub addresses: Vec<Address>,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Which one of its profile.
    pub id: Id,
    /// Where it is. Default empty.
    #[serde(default)]
    pub location: Text,
}

/// A change of a profile: what is absent stays, what is `null` is emptied, all else is replaced, a list as a whole.
///
/// # Source
/// RFC 7396, whose media type is read too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// Nothing can change it: it may be said, and has to be right then.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// The new name.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The new addresses.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<Address>>,
}

impl Patch {
    /// The profile with this change.
    #[must_use]
    pub fn apply(self, mut profile: Profile) -> Profile {
        profile.name = self.name.unwrap_or(profile.name);
        profile.addresses = self.addresses.unwrap_or(profile.addresses);
        profile
    }
}

impl Profile {
    /// One of its addresses.
    pub fn address(&self, id: &Id) -> Option<&Address> {
        self.addresses.iter().find(|address| address.id == *id)
    }
}

/// No `null`, which serde would take for an absence.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Id>, D::Error> {
    Id::deserialize(deserializer).map(Some)
}

fn null_is_empty<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Some(Option::<T>::deserialize(deserializer)?.unwrap_or_default()))
}

impl Id {
    /// The longest, in bytes.
    pub const MAX: usize = 64;

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Text {
    /// The longest, in bytes.
    pub const MAX: usize = 256;

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let problem = match text.len() {
            0 => "is empty",
            1..=Self::MAX if matches!(&*text, "." | "..") => "is made of dots",
            1..=Self::MAX if text.contains(char::is_control) => "has control characters",
            1..=Self::MAX => return Ok(Self(text)),
            _ => "is longer than 64 bytes",
        };
        Err(Error::invalid_argument(format!("the id {problem}")).with_reason("bad_id"))
    }
}

impl TryFrom<String> for Text {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        match text.len() <= Self::MAX {
            true => Ok(Self(text)),
            false => Err(Error::invalid_argument("the text is longer than 256 bytes").with_reason("bad_text")),
        }
    }
}

impl FromStr for Id {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.to_owned().try_into()
    }
}

impl FromStr for Text {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.to_owned().try_into()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In quotation marks.
impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Profile {
        let home = Address { id: "home".parse().unwrap(), location: "Bonn".parse().unwrap() };
        Profile { id: "7".parse().unwrap(), name: "Ann".parse().unwrap(), addresses: vec![home] }
    }

    fn patched(json: &str) -> Profile {
        serde_json::from_str::<Patch>(json).unwrap().apply(ann())
    }

    #[test]
    fn an_id_can_stand_in_a_path() {
        for text in ["7", "...", "Ann/Bö", "a b", &"x".repeat(64)] {
            assert_eq!(text.parse::<Id>().unwrap().as_str(), text);
        }
        for text in ["", ".", "..", "a\nb", "\u{7f}", &"x".repeat(65), &"ö".repeat(33)] {
            assert_eq!(text.parse::<Id>().unwrap_err().reason(), Some("bad_id"), "{text:?}");
            assert!(serde_json::from_value::<Id>(text.into()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_bounded() {
        assert_eq!("x".repeat(256).parse::<Text>().unwrap().as_str().len(), 256);
        assert_eq!("x".repeat(257).parse::<Text>().unwrap_err().reason(), Some("bad_text"));
    }

    #[test]
    fn what_is_absent_of_a_change_stays() {
        assert_eq!(patched("{}"), ann());
        assert_eq!(patched(r#"{"id":"7"}"#), ann());
        assert_eq!(patched(r#"{"name":"Bea"}"#), Profile { name: "Bea".parse().unwrap(), ..ann() });
        let moved = Address { id: "work".parse().unwrap(), location: Text::default() };
        assert_eq!(patched(r#"{"addresses":[{"id":"work"}]}"#), Profile { addresses: vec![moved], ..ann() });
    }

    #[test]
    fn what_is_null_of_a_change_is_emptied_and_an_id_cannot_be() {
        assert_eq!(patched(r#"{"name":null}"#), Profile { name: Text::default(), ..ann() });
        assert_eq!(patched(r#"{"addresses":null}"#), Profile { addresses: Vec::new(), ..ann() });
        assert!(serde_json::from_str::<Patch>(r#"{"id":null}"#).is_err());
    }

    #[test]
    fn what_a_change_leaves_alone_is_not_written() {
        let rename = Patch { name: Some(Text::default()), ..Patch::default() };
        assert_eq!(serde_json::to_string(&rename).unwrap(), r#"{"name":""}"#);
        assert_eq!(serde_json::from_str::<Patch>(r#"{"name":""}"#).unwrap(), rename);
    }
}
