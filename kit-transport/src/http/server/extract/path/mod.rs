mod params;

use kit_core::{Code, Context, Error};
use serde::de::DeserializeOwned;

use super::FromRequest;
use crate::codec::shown;
use crate::codec::urlencoded::{Fault, Field, Fields, NAME, Plus, unescaped};
use crate::http::Request;

pub use params::PathParams;

/// The parameters of the path, read into `T`: by name into a struct, in their order into a tuple, one alone into a number, a
/// text, an enum of names, or whatever serde reads from a text.
///
/// ```
/// use kit_transport::http::server::extract::{Path, extract};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Address {
///     profile: u64,
///     kind: String,
/// }
///
/// let alone = extract(|Path(id): Path<u64>| Ok(id)); // /profiles/{id}
/// let ordered = extract(|Path((profile, kind)): Path<(u64, String)>| Ok(Address { profile, kind }));
/// let named = extract(|Path(address): Path<Address>| Ok(address)); // /profiles/{profile}/addresses/{kind}
/// ```
///
/// A value is one text, its percent escapes undone: `a%2Fb` is `a/b`, so a text is no path of files until somebody has checked it.
///
/// # Errors
/// 400 with a [`PathError`] for a value that does not fit. A bug (500) if the route has not the parameters that `T` needs: no
/// caller can mend that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// The path of a request does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A percent escape is broken, or what they spell is not UTF-8.
    #[error("the path parameter \"{name}\" is not UTF-8 in percent encoding")]
    Encoding {
        /// The parameter.
        name: String,
    },
    /// A value is not one of its type.
    #[error("the path parameter \"{name}\" does not fit: {complaint}")]
    Mismatch {
        /// The parameter.
        name: String,
        /// What its type said, shortened.
        complaint: String,
    },
    /// Every value is one of its type, and together they are refused.
    #[error("the path does not fit: {complaint}")]
    Refused {
        /// What the type said, shortened.
        complaint: String,
    },
    /// The route's parameters are not those of the type. No path can be right: a bug.
    #[error("the route does not fit the type of its parameters: {problem}")]
    Route {
        /// What is wrong.
        problem: String,
    },
}

impl PathError {
    fn into_error(self) -> Error {
        let reason = match self {
            PathError::Route { .. } => return Error::bug(self),
            PathError::Encoding { .. } => "path_encoding",
            PathError::Mismatch { .. } | PathError::Refused { .. } => "path_mismatch",
        };
        let message = self.to_string();
        Error::boundary(Code::InvalidArgument, self).with_message(message).with_reason(reason)
    }
}

impl From<Fault> for PathError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused { name: Some(name), complaint } => PathError::Mismatch { name, complaint },
            Fault::Refused { name: None, complaint } => PathError::Refused { complaint },
            fault => PathError::Route { problem: fault.to_string() },
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequest for Path<T> {
    async fn from_request(_cx: &mut Context, request: &mut Request) -> Result<Self, Error> {
        read(request.extensions().get()).map(Path).map_err(PathError::into_error)
    }
}

fn read<T: DeserializeOwned>(params: Option<&PathParams>) -> Result<T, PathError> {
    let fields = params.into_iter().flat_map(PathParams::iter).map(|(name, raw)| match unescaped(raw, Plus::Plus) {
        Some(text) => Ok(Field { name: name.into(), text }),
        None => Err(PathError::Encoding { name: shown(name, NAME) }),
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    T::deserialize(Fields::of_path(&fields)).map_err(|fault| match &*fields {
        // The only one is to blame, also for what its type says after reading it.
        [only] => fault.named(&only.name).into(),
        _ => fault.into(),
    })
}

#[cfg(test)]
mod tests;
